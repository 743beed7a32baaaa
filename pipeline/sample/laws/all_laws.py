"""The union of the laws that `conditional` can fit to a selection; it is not a member itself."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field

from zpoints.pipeline.sample.generator import Generator
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
Laws = (
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
        if value.get("generator") not in known:
            found = f"it is {value['generator']}" if "generator" in value else "it is not set"
            raise ValueError(f"generator has to be one of {', '.join(known)}; {found}")
        return value

    return BeforeValidator(check)


Law = Annotated[Laws, Field(discriminator="generator"), names_one_of(generator_names(Laws))]
"""Parameters of any law, distinguished by the field `generator`."""
