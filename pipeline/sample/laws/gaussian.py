"""Independent normal components, without the correlations of the data."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.law import Law


class Gaussian(Law):
    """Independent normals with each component's mean and standard deviation."""

    generator: Literal["gaussian"] = "gaussian"

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "GaussianSampler":
        """Take means and standard deviations from the statistics."""
        require_spread(statistics, self.generator)
        return GaussianSampler(
            mean=statistics["mean"].values, deviation=np.sqrt(statistics["variance"].values)
        )


@dataclass(frozen=True)
class GaussianSampler:
    """z_i normal with mean (N,) and standard deviation (N,)."""

    mean: Floats
    deviation: Floats
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """The law."""
        return "z_i independent, normal with the mean and standard deviation of component i"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N)."""
        z = rng.standard_normal((len(samples), len(self.mean)))
        z *= self.deviation
        z += self.mean
        return z
