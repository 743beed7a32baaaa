"""The generators by name."""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field

from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.sample.laws.all_laws import PACKAGES, Laws, generator_names, names_one_of
from zpoints.pipeline.sample.laws.conditional import Conditional

Parameters = Annotated[
    Laws | Conditional,
    Field(discriminator="generator"),
    names_one_of(generator_names(Laws | Conditional)),
]
"""Parameters of any generator, distinguished by the field `generator`."""

GENERATORS: Mapping[str, type[Generator]] = {
    kind.model_fields["generator"].default: kind for kind in get_args(Laws | Conditional)
}
"""Model of the parameters of each generator, by its name."""


def parameter_names(name: str) -> tuple[str, ...]:
    """Names of the parameters of a generator: its own first, then inherited ones."""
    kinds = [getattr(kind, "model_fields", {}) for kind in GENERATORS[name].__mro__]
    fields = [field for field in kinds[0] if field != "generator"]
    return tuple(sorted(fields, key=lambda field: sum(field in kind for kind in kinds)))


def package_of(parameters: Generator) -> str:
    """Name and version of the installed package that a generator is from; empty for zpoints."""
    law = parameters.base if isinstance(parameters, Conditional) else parameters
    return PACKAGES.get(law.generator, "")
