"""The measured distribution of Mahalanobis radii, with uniform directions."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.ellipsoid import directions
from zpoints.pipeline.sample.laws.law import Law


class Elliptical(Law):
    """Uniform directions in whitened PCA coordinates, with radii as measured.

    The vectors have the heavy tails of the latents. Radii are drawn from the stored histogram,
    uniform within an interval; the few outside its intervals (beyond 5 standard deviations of the
    radius) are not drawn. Principal components whose variance is rounding error (below 1e-12 of
    the largest) keep the coordinate 0.
    """

    generator: Literal["elliptical"] = "elliptical"

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "EllipticalSampler":
        """Take variances and the distribution of the Mahalanobis radius from the statistics."""
        require_spread(statistics, self.generator)
        return EllipticalSampler(
            deviation=Basis.from_statistics(statistics).varying_part.deviations,
            edges=np.maximum(statistics["mahalanobis_edges"].values, 0.0),
            reached=np.cumsum(statistics["mahalanobis_histogram"].values.astype(np.float64)),
        )


@dataclass(frozen=True)
class EllipticalSampler:
    """v = r s w with a uniform direction w, standard deviations s (D,), and r from a histogram.

    Attributes
    ----------
    deviation
        (D,) of the principal components that vary.
    edges, reached
        (bins + 1,) edges of the intervals of r, and (bins,) counts up to the end of each.
    """

    deviation: Floats
    edges: Floats
    reached: Floats
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The law."""
        return "Mahalanobis radius distributed as measured, directions uniform"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), D) of PCA coordinates."""
        v = directions(rng, len(samples), len(self.deviation))
        interval = np.searchsorted(
            self.reached, rng.random(len(samples)) * self.reached[-1], side="right"
        )
        low, high = self.edges[interval], self.edges[interval + 1]
        v *= (low + (high - low) * rng.random(len(samples)))[:, None]
        v *= self.deviation
        return v
