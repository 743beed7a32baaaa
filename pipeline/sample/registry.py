"""The generators by name."""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field

from pipeline.sample.ellipse import Ellipse
from pipeline.sample.gaussian import Gaussian
from pipeline.sample.generator import Generator
from pipeline.sample.multivariate_normal import MultivariateNormal
from pipeline.sample.uniform import Uniform

# A new generator joins here: the configuration and `draw` then know it.
_Generators = Uniform | Gaussian | MultivariateNormal | Ellipse

Parameters = Annotated[_Generators, Field(discriminator="generator")]
"""Parameters of any generator, told apart by the field `generator`."""

GENERATORS: Mapping[str, type[Generator]] = {
    kind.model_fields["generator"].default: kind for kind in get_args(_Generators)
}
"""For each name, the model of the generator's parameters."""
