"""Writes a configuration as YAML with a comment for every key."""

import math
import textwrap
from collections.abc import Iterator
from typing import Any

import yaml
from annotated_types import BaseMetadata, Ge, Gt, Le, Lt, MultipleOf
from pydantic.fields import FieldInfo

from zpoints.pipeline.settings import Settings

WIDTH = 100
SIGNS: dict[type[BaseMetadata], str] = {Ge: ">=", Gt: ">", Le: "<=", Lt: "<"}
BOUNDS = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt"}


def commented_yaml(settings: Settings) -> str:
    """The settings as YAML, with a comment above every key that gives its meaning and range.

    ``zpoints.pipeline.config.run.load_config`` reads the text back.
    """
    return "\n".join(_lines(settings, indent="")) + "\n"


def as_yaml(value: Any) -> str:
    """A value as YAML on one line.

    Examples
    --------
    >>> as_yaml(None), as_yaml([1, 2]), as_yaml("pca")
    ('null', '[1, 2]', 'pca')
    """
    text: str = yaml.safe_dump(value, default_flow_style=True, width=math.inf)
    return text.removesuffix("...\n").strip()


def _lines(settings: Settings, indent: str) -> Iterator[str]:
    values = settings.model_dump(mode="json")
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, Settings):
            yield f"\n{indent}{name}:  # {field.description}"
            yield from _lines(value, indent + "  ")
            continue
        comment = f"{field.description}{_range(field)}"
        yield from textwrap.wrap(
            comment, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
        )
        yield from _entry(name, values[name], indent)


def _entry(name: str, value: Any, indent: str) -> Iterator[str]:
    flow = None if isinstance(value, dict) else True  # a line per entry, or all in one line
    text = yaml.safe_dump(value, sort_keys=False, default_flow_style=flow, width=WIDTH)
    text = text.removesuffix("...\n").rstrip()
    if isinstance(value, dict):
        yield f"{indent}{name}:"
        yield textwrap.indent(text, indent + "  ")
    else:
        yield f"{indent}{name}: {text}"


def _range(field: FieldInfo) -> str:
    parts = [
        f"{SIGNS[type(bound)]} {getattr(bound, BOUNDS[type(bound)])}"
        for bound in field.metadata
        if type(bound) in SIGNS
    ]
    parts += [
        f"a multiple of {bound.multiple_of}"
        for bound in field.metadata
        if isinstance(bound, MultipleOf)
    ]
    return f" ({', '.join(parts)})" if parts else ""
