"""Independent uniform components, which miss the region."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from zpoints.pipeline.parts.generator import Floats, Generator


class Uniform(Generator):
    """Components uniform in [-b, b]."""

    generator: Literal["uniform"] = "uniform"
    b: float = Field(
        default=3.0,
        gt=0,
        allow_inf_nan=False,
        description="Half the side of the cube (latent units, above 0).",
    )

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> "UniformSampler":
        """Take the number of components from the statistics."""
        return UniformSampler(b=self.b, components=statistics.sizes["component"])


@dataclass(frozen=True)
class UniformSampler:
    """z_i uniform in [-b, b]."""

    b: float
    components: int
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """The cube."""
        return f"|z_i| <= {self.b:g} for every component"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N)."""
        z = rng.random((len(samples), self.components))
        z -= 0.5
        z *= 2 * self.b
        return z
