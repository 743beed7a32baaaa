"""Names of settings, and what a mistyped one may have meant."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from zpoints.storage.errors import nearest
from zpoints.storage.text import some_of

MOST_LISTED = 12
"""Settings of a section that a message lists."""


def setting_names(settings: type[BaseModel], section: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Settings and sections as ``section.key``, with their fields, in order.

    Parameters
    ----------
    settings
        The model of the whole configuration, or of a section.
    section
        Beginning of the names, empty or ending in a dot.
    """
    for name, field in settings.model_fields.items():
        yield section + name, field
        if (inner := _section(field)) is not None:
            yield from setting_names(inner, f"{section}{name}.")


def instead_of(path: Sequence[str], settings: type[BaseModel]) -> str:
    """What an unknown setting may have meant, for the end of a message; empty if unclear.

    The nearest name of the same section comes first, then the same name in another section.

    Parameters
    ----------
    path
        Names that lead to the unknown setting.
    settings
        The model of the whole configuration.
    """
    *sections, wrong = path
    inner: type[BaseModel] | None = settings
    for name in sections:
        field = inner.model_fields.get(name) if inner is not None else None
        inner = _section(field) if field is not None else None
    if inner is None:
        return ""
    beginning = "".join(f"{name}." for name in sections)
    if alike := nearest(wrong, inner.model_fields):
        return f"; did you mean {beginning}{alike[0]}?"
    elsewhere = [name for name, _ in setting_names(settings) if name.rpartition(".")[2] == wrong]
    if elsewhere:
        return f"; did you mean {elsewhere[0]}?"
    of = sections[-1] if sections else "a configuration"
    return f"; {of} has {some_of(inner.model_fields, MOST_LISTED, rest='zpoints config')}"


def _section(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a section; None for a single setting."""
    kinds: tuple[Any, ...] = (field.annotation, *get_args(field.annotation))
    models = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel))
    return next(models, None)
