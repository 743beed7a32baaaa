"""The normal distribution with the full covariance of the latent vectors."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.law import Law


class MultivariateNormal(Law):
    """Normal with the mean and covariance of the latent vectors.

    The covariance may be singular: principal components whose variance is rounding error (below
    1e-12 of the largest) keep the coordinate 0, so drawn vectors stay in the subspace of the data.
    """

    generator: Literal["multivariate_normal"] = "multivariate_normal"

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "MultivariateNormalSampler":
        """Take the variances along the principal components from the statistics."""
        require_spread(statistics, self.generator)
        return MultivariateNormalSampler(deviation=Basis.from_statistics(statistics).deviations)


@dataclass(frozen=True)
class MultivariateNormalSampler:
    """v_k independent normal with standard deviation (N,) along principal component k."""

    deviation: Floats
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The law."""
        return "z normal with the mean and covariance of the latent vectors"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N) of PCA coordinates."""
        v = rng.standard_normal((len(samples), len(self.deviation)))
        v *= self.deviation
        return v
