"""Every setting with its meaning, range, default and value in each preset, from the models."""

import types
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MultipleOf
from markdown_table import code, table
from pydantic.fields import FieldInfo

from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.config.plain_yaml import plain_values
from zpoints.pipeline.config.run import RunConfig, preset_names
from zpoints.pipeline.settings import Settings

SIGNS = {Ge: ("≥", "ge"), Gt: (">", "gt"), Le: ("≤", "le"), Lt: ("<", "lt")}
HEADING = ("setting", "meaning", "values", "default")


def markdown() -> str:
    """A section for each section of the configuration."""
    config, single, sections = RunConfig(), [], []
    for name, field in RunConfig.model_fields.items():
        value = getattr(config, name)
        if isinstance(value, Settings):
            rows = table(HEADING, _rows(name, value))
            sections.append(f"## {name}\n\n{_sentence(field)}\n\n{rows}")
        else:
            single.append(_row(name, field, config))
    return "\n\n".join(["## At the top\n\n" + table(HEADING, single), *sections])


def presets() -> str:
    """The file of each preset."""
    folder = files("zpoints.pipeline.config").joinpath("presets")
    parts = []
    for name in preset_names():
        text = folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8")
        parts.append(f"### Preset {name}\n\n```yaml\n{text.strip()}\n```")
    return "\n\n".join(parts)


def preset_values() -> dict[str, dict[str, Any]]:
    """Plain values of each preset, by its name."""
    folder = files("zpoints.pipeline.config").joinpath("presets")
    texts = {n: folder.joinpath(f"{n}.yaml").read_text(encoding="utf-8") for n in preset_names()}
    return {name: plain_values(text, name) or {} for name, text in texts.items()}


def field_range(field: FieldInfo) -> str:
    """The values that a field takes, as text.

    Parameters
    ----------
    field
        A field of a model of pydantic.
    """
    bounds = [
        f"{SIGNS[type(b)][0]} {getattr(b, SIGNS[type(b)][1])}"
        for b in field.metadata
        if type(b) in SIGNS
    ]
    bounds += [
        f"a multiple of {b.multiple_of}" for b in field.metadata if isinstance(b, MultipleOf)
    ]
    kind = _kind(field.annotation)
    return ", ".join([kind, *bounds] if kind else bounds)


def _rows(prefix: str, settings: Settings) -> Iterator[tuple[str, ...]]:
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, Settings):
            yield from _rows(f"{prefix}.{name}", value)
        else:
            yield _row(f"{prefix}.{name}", field, settings)


def _row(key: str, field: FieldInfo, settings: Settings) -> tuple[str, ...]:
    value = settings.model_dump(mode="json")[key.rpartition(".")[2]]
    default = ", ".join(value) if isinstance(value, dict) else as_yaml(value)
    return code(key), _sentence(field), field_range(field), code(default or "{}")


def _sentence(field: FieldInfo) -> str:
    text = str(field.description or "").strip().rstrip(".")
    return text[:1].upper() + text[1:].replace("*", "\\*").replace("<", "\\<") + "."


def _kind(annotation: Any) -> str:
    """A type as a reader of YAML knows it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(code(str(a)) for a in arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(filter(None, map(_kind, arguments))))
    if origin is None and annotation in _KINDS:
        return _KINDS[annotation]
    if origin in (tuple, list):
        return "list"
    if origin is not None and origin.__name__ in ("dict", "Mapping"):
        return "settings by name"
    return _kind(arguments[0]) if arguments else ""


_KINDS = {
    int: "whole number",
    float: "number",
    bool: "`true`, `false`",
    str: "text",
    type(None): "`null`",
}
