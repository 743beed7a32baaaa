"""The laws that `conditional` can fit to a selection, with those of installed packages."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import BeforeValidator, Field

from zpoints.pipeline.parts import installed
from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.sample.laws.ellipses.ellipse import Ellipse
from zpoints.pipeline.sample.laws.ellipses.ellipse_original import EllipseOriginal
from zpoints.pipeline.sample.laws.ellipsoid import Ellipsoid
from zpoints.pipeline.sample.laws.elliptical import Elliptical
from zpoints.pipeline.sample.laws.fitted.flow import Flow
from zpoints.pipeline.sample.laws.fitted.gaussian_mixture import GaussianMixture
from zpoints.pipeline.sample.laws.fitted.neighbours import Neighbours
from zpoints.pipeline.sample.laws.fitted.radial_mixture import RadialMixture
from zpoints.pipeline.sample.laws.gaussian import Gaussian
from zpoints.pipeline.sample.laws.grid import Grid
from zpoints.pipeline.sample.laws.multivariate_normal import MultivariateNormal
from zpoints.pipeline.sample.laws.path import Path
from zpoints.pipeline.sample.laws.uniform import Uniform
from zpoints.storage.errors import did_you_mean

# A new generator of zpoints joins here: the configuration and `draw` then know it.
OwnLaws = (
    Uniform
    | Gaussian
    | MultivariateNormal
    | Ellipse
    | EllipseOriginal
    | Ellipsoid
    | Elliptical
    | GaussianMixture
    | RadialMixture
    | Flow
    | Neighbours
    | Grid
    | Path
)
CONDITIONAL = "conditional"
"""Name of the generator that fits another one to a selection."""


def _accepted(name: str, value: Any) -> type[Generator]:
    """A generator of a package; it has to be told apart by its field `generator`."""
    if not (isinstance(value, type) and issubclass(value, Generator)):
        raise TypeError(
            f"expected a subclass of zpoints.pipeline.parts.generator.Generator, got {value}"
        )
    field = value.model_fields["generator"]
    if get_origin(field.annotation) is not Literal or get_args(field.annotation) != (name,):
        raise TypeError(f'expected a field generator: Literal["{name}"] = "{name}"')
    if field.default != name:
        raise TypeError(f"expected {name!r} as the default of its field generator")
    return value


def generator_names(laws: Any) -> tuple[str, ...]:
    """Names of the generators in a union."""
    return tuple(kind.model_fields["generator"].default for kind in get_args(laws))


def names_one_of(known: Sequence[str]) -> BeforeValidator:
    """Validator that requires a known generator, with a clearer message than pydantic's."""

    def check(value: Any) -> Any:
        if isinstance(value, Generator):
            return value
        if not isinstance(value, Mapping):
            example = "{generator: ellipse, K: 50}"
            raise ValueError(f"expected a generator with parameters, e.g. {example}, not {value!r}")
        if (name := value.get("generator")) not in known:
            found = f"it is {name}" if "generator" in value else "it is not set"
            question = did_you_mean(str(name), known)
            listed = ", ".join(known)
            message = f"generator has to be one of {listed}; {found}"
            raise ValueError(f"{message}.{question}" if question else message)
        return value

    return BeforeValidator(check)


_INSTALLED = installed.installed_parts(
    installed.GENERATORS, _accepted, taken={*generator_names(OwnLaws), CONDITIONAL}
)
PACKAGES: Mapping[str, str] = {part.name: part.package for part in _INSTALLED}
"""Package and version of each generator that is not zpoints' own, by its name."""

if TYPE_CHECKING:
    Laws = OwnLaws
else:
    Laws = reduce(or_, (part.value for part in _INSTALLED), OwnLaws)

AnyLaw = Annotated[Laws, Field(discriminator="generator"), names_one_of(generator_names(Laws))]
"""Parameters of any law, distinguished by the field `generator`."""
