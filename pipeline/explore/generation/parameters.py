"""The parameters of a generator, as a form asks for them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample.registry import GENERATORS
from zpoints.storage.errors import instead

Kind = Literal["flag", "choice", "whole", "real", "list", "text"]
LEFT_OUT = ("generator", "base", "limit")
"""Fields that a form leaves out: the name, settings inside settings, bounds of size."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a generator.

    Attributes
    ----------
    name, meaning
        Its name, and what it is.
    kind
        Of its values.
    default
        Its default; None also where it has to be set.
    optional
        Whether it may be None.
    choices
        The values of a choice.
    least, most
        Bounds of a number, if it has any.
    """

    name: str
    meaning: str
    kind: Kind
    default: Any
    optional: bool = False
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None


def parameters_of(generator: str) -> tuple[Parameter, ...]:
    """The parameters of a generator, from its model.

    Parameters
    ----------
    generator
        One of `GENERATORS`.

    Examples
    --------
    >>> [(p.name, p.kind) for p in parameters_of("gaussian")]
    [...]
    """
    if generator not in GENERATORS:
        raise SampleError(f"Unknown generator {generator!r}; {instead(generator, GENERATORS)}.")
    fields = GENERATORS[generator].model_fields
    return tuple(_parameter(n, field) for n, field in fields.items() if n not in LEFT_OUT)


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON and Python write them alike: tuples as lists."""
    found: dict[str, Any] = json.loads(json.dumps(dict(values)))
    return found


def _parameter(name: str, field: FieldInfo) -> Parameter:
    options = [kind for kind in get_args(field.annotation) if kind is not NoneType]
    optional = NoneType in get_args(field.annotation)
    annotation = options[0] if optional and options else field.annotation
    choices = get_args(annotation) if get_origin(annotation) is Literal else ()
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    bounds: dict[str, Any] = {}
    for bound in field.metadata:
        if isinstance(bound, Ge | Gt):
            bounds["least"] = float(bound.ge if isinstance(bound, Ge) else bound.gt)  # type: ignore[arg-type]
        if isinstance(bound, Le | Lt):
            bounds["most"] = float(bound.le if isinstance(bound, Le) else bound.lt)  # type: ignore[arg-type]
    return Parameter(
        name,
        field.description or "",
        "choice" if choices else _kind(annotation),
        default,
        optional,
        tuple(map(str, choices)),
        **bounds,
    )


def _kind(annotation: Any) -> Kind:
    kinds: dict[Any, Kind] = {bool: "flag", int: "whole", float: "real", str: "text"}
    return kinds.get(annotation, "list")
