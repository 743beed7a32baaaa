"""The generators by name."""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field

from pipeline.sample.conditional import Conditional
from pipeline.sample.ellipse import Ellipse
from pipeline.sample.ellipse_original import EllipseOriginal
from pipeline.sample.ellipsoid import Ellipsoid
from pipeline.sample.elliptical import Elliptical
from pipeline.sample.gaussian import Gaussian
from pipeline.sample.gaussian_mixture import GaussianMixture
from pipeline.sample.generator import Generator
from pipeline.sample.grid import Grid
from pipeline.sample.multivariate_normal import MultivariateNormal
from pipeline.sample.path import Path
from pipeline.sample.uniform import Uniform

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

Law = Annotated[_Laws, Field(discriminator="generator")]
"""Parameters of any generator that `conditional` can fit to a selection."""

Conditional.model_rebuild(_types_namespace={"Law": Law})

Parameters = Annotated[_Laws | Conditional, Field(discriminator="generator")]
"""Parameters of any generator, told apart by the field `generator`."""

GENERATORS: Mapping[str, type[Generator]] = {
    kind.model_fields["generator"].default: kind for kind in (*get_args(_Laws), Conditional)
}
"""For each name, the model of the generator's parameters."""
