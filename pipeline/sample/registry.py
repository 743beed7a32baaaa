"""The generators by name."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from zpoints.pipeline.sample.generator import Generator
from zpoints.pipeline.sample.laws.conditional import Conditional
from zpoints.pipeline.sample.laws.ellipse import Ellipse
from zpoints.pipeline.sample.laws.ellipse_original import EllipseOriginal
from zpoints.pipeline.sample.laws.ellipsoid import Ellipsoid
from zpoints.pipeline.sample.laws.elliptical import Elliptical
from zpoints.pipeline.sample.laws.gaussian import Gaussian
from zpoints.pipeline.sample.laws.gaussian_mixture import GaussianMixture
from zpoints.pipeline.sample.laws.grid import Grid
from zpoints.pipeline.sample.laws.multivariate_normal import MultivariateNormal
from zpoints.pipeline.sample.laws.path import Path
from zpoints.pipeline.sample.laws.uniform import Uniform

# A new generator joins here: the configuration and `draw` then know it.
_Laws = (
    Uniform
    | Gaussian
    | MultivariateNormal
    | Ellipse
    | EllipseOriginal
    | Ellipsoid
    | Elliptical
    | GaussianMixture
    | Grid
    | Path
)


def _names(laws: Any) -> tuple[str, ...]:
    return tuple(kind.model_fields["generator"].default for kind in get_args(laws))


def _naming_one_of(known: Sequence[str]) -> BeforeValidator:
    """A check that parameters say whose they are, in other words than pydantic's."""

    def check(value: Any) -> Any:
        if isinstance(value, Generator):
            return value
        if not isinstance(value, Mapping):
            example = "{generator: ellipse, K: 50}"
            raise ValueError(f"expected a generator with parameters, e.g. {example}, not {value!r}")
        if value.get("generator") not in known:
            came = f"it is {value['generator']}" if "generator" in value else "it is not set"
            raise ValueError(f"generator has to be one of {', '.join(known)}; {came}")
        return value

    return BeforeValidator(check)


Law = Annotated[_Laws, Field(discriminator="generator"), _naming_one_of(_names(_Laws))]
"""Parameters of any generator that `conditional` can fit to a selection."""

Conditional.model_rebuild(_types_namespace={"Law": Law})

Parameters = Annotated[
    _Laws | Conditional,
    Field(discriminator="generator"),
    _naming_one_of(_names(_Laws | Conditional)),
]
"""Parameters of any generator, told apart by the field `generator`."""

GENERATORS: Mapping[str, type[Generator]] = {
    kind.model_fields["generator"].default: kind for kind in (*get_args(_Laws), Conditional)
}
"""For each name, the model of the generator's parameters."""
