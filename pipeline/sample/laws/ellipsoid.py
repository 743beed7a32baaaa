"""Vectors inside one confidence ellipsoid of all principal components."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from scipy.special import gammainc, gammaincinv

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.parts.generator import ROUNDING_MARGIN, Floats, require_spread
from zpoints.pipeline.sample.laws.law import Law

# Below this share the inverse of the chi-squared distribution underflows.
_LEAST_SHARE = 1e-250


class Ellipsoid(Law):
    """Vectors of Mahalanobis radius at most `level`.

    Principal components whose variance is rounding error (below 1e-12 of the largest) keep the
    coordinate 0.
    """

    generator: Literal["ellipsoid"] = "ellipsoid"
    level: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Mahalanobis radius of the ellipsoid, above 0; null: the square root of the "
        "number of components, which is the root mean square radius of any data.",
    )
    law: Literal["uniform", "normal"] = Field(
        default="uniform",
        description="uniform: on the ellipsoid; normal: with the covariance of the latent "
        "vectors, truncated to it.",
    )

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "EllipsoidSampler":
        """Take the variances along the principal components from the statistics."""
        require_spread(statistics, self.generator)
        deviation = Basis.from_statistics(statistics).varying_part.deviations
        level = np.sqrt(len(deviation)) if self.level is None else self.level
        if self.law == "normal" and gammainc(len(deviation) / 2, level**2 / 2) < _LEAST_SHARE:
            raise SampleError(
                f"The generator 'ellipsoid' cannot truncate a normal distribution of "
                f"{len(deviation)} components at level = {level:g}, which encloses less than "
                f"{_LEAST_SHARE:g} of it: raise level, or set law to uniform, which differs little "
                "there."
            )
        return EllipsoidSampler(deviation=deviation, level=float(level), law=self.law)


@dataclass(frozen=True)
class EllipsoidSampler:
    """v = r s w with a uniform direction w, the standard deviations s (D,) and a radius r."""

    deviation: Floats
    level: float
    law: Literal["uniform", "normal"]
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The largest radius."""
        return f"Mahalanobis radius <= {self.level:g}"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), D) of PCA coordinates.

        The radius comes from the inverse of its distribution function: r^D, or the chi-squared
        distribution of r^2, up to the level.
        """
        direction = directions(rng, len(samples), len(self.deviation))
        below, half = rng.random(len(samples)), len(self.deviation) / 2
        if self.law == "uniform":
            radius = self.level * below ** (0.5 / half)
        else:
            share = gammainc(half, self.level**2 / 2)
            radius = np.minimum(np.sqrt(2 * gammaincinv(half, below * share)), self.level)
        return direction * (radius * ROUNDING_MARGIN)[:, None] * self.deviation


def directions(rng: np.random.Generator, n: int, components: int) -> Floats:
    """Draw unit vectors, uniform on the sphere: normal vectors divided by their lengths.

    Parameters
    ----------
    rng
        Source of the random numbers.
    n
        Number of vectors.
    components
        Number D of components.

    Returns
    -------
    numpy.ndarray
        (n, D) float64.
    """
    vectors = rng.standard_normal((n, components))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors
