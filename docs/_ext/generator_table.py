"""The generators with their parameters, from their models."""

import inspect

from configuration import field_range
from markdown_table import code, table

from zpoints.pipeline.config.commented_yaml import as_yaml
from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.sample.laws.law import Law
from zpoints.pipeline.sample.registry import GENERATORS

SHARED = tuple(Law.model_fields)
"""Parameters that every law of the region takes."""


def markdown() -> str:
    """A section for each generator."""
    return "\n\n".join(_section(name, kind) for name, kind in GENERATORS.items())


def _section(name: str, kind: type[Generator]) -> str:
    text = inspect.getdoc(kind) or ""
    fields = {n: f for n, f in kind.model_fields.items() if n != "generator"}
    own = [n for n in fields if n not in SHARED]
    rows = []
    for parameter in own:
        field = fields[parameter]
        default = (
            "required"
            if field.is_required()
            else _default(field.get_default(call_default_factory=True))
        )
        meaning = str(field.description or "").replace("*", "\\*").replace("<", "\\<")
        rows.append((code(parameter), meaning, field_range(field), default))
    parts = [f"## {code(name)}", text.partition("\n\nAttributes\n")[0].partition("\n\nRef")[0]]
    if rows:
        parts.append(table(["parameter", "meaning", "values", "default"], rows))
    if set(SHARED[1:]) <= set(fields):
        parts.append("Also takes [temperature and radius](#typical-or-diverse).")
    return "\n\n".join(parts)


def _default(value: object) -> str:
    plain = value.model_dump(mode="json") if isinstance(value, Generator) else value
    return code(as_yaml(list(plain) if isinstance(plain, tuple) else plain))
