"""Count, mean and comoment of vectors, exactly mergeable.

References
----------
Chan, Golub & LeVeque (1979), Updating formulae and a pairwise algorithm for computing sample
variances. Stanford technical report STAN-CS-79-773. Generalised to any number of parts: the
deviation of each part's mean from the common mean enters with the part's number of vectors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.kernels.sums import add_comoment

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """First and second moments of `count` vectors of N components.

    Attributes
    ----------
    count
        Number of vectors.
    mean
        (N,) float64; zeros for no vectors.
    comoment
        (N, N) float64, the sum of outer products of deviations from the mean.
    """

    count: int
    mean: Floats
    comoment: Floats

    @classmethod
    def empty(cls, components: int) -> Moments:
        """Moments of no vectors."""
        return cls(0, np.zeros(components), np.zeros((components, components)))

    @classmethod
    def from_vectors(cls, x: NDArray[np.floating], mean: Floats) -> Moments:
        """Moments of the rows of x (n, N), C-contiguous and finite, with the known mean (N,)."""
        comoment = np.zeros((x.shape[1], x.shape[1]))
        add_comoment(x, mean, comoment)
        return cls(len(x), mean, comoment)

    def merge(self, *others: Moments) -> Moments:
        """Moments of the union of disjoint sets of vectors."""
        parts = [part for part in (self, *others) if part.count]
        if len(parts) < 2:
            return parts[0] if parts else self
        counts = np.array([part.count for part in parts])
        means = np.stack([part.mean for part in parts])
        mean = means[0] + counts @ (means - means[0]) / counts.sum()
        between = np.sqrt(counts)[:, None] * (means - mean)
        comoment = np.dot(between.T, between)
        for part in parts:
            comoment += part.comoment
        return Moments(int(counts.sum()), mean, comoment)

    def covariance(self) -> Floats:
        """(N, N) covariance with ddof = 1; NaN for fewer than two vectors."""
        if self.count < 2:
            return np.full_like(self.comoment, np.nan)
        return self.comoment / (self.count - 1)

    def basis(self) -> Basis:
        """All N principal components."""
        with single_threaded_blas():
            return Basis.from_covariance(self.mean, self.covariance())

    def variance(self) -> Floats:
        """(N,) variance with ddof = 1; NaN for fewer than two vectors."""
        return np.diagonal(self.covariance()).copy()

    def correlation(self) -> Floats:
        """(N, N) Pearson correlation; NaN where a component is constant."""
        deviation = np.sqrt(np.diagonal(self.comoment))
        with np.errstate(divide="ignore", invalid="ignore"):
            correlation = self.comoment / deviation[:, None] / deviation
        varying = deviation > 0
        correlation = np.clip(correlation, -1.0, 1.0)
        correlation[varying, varying] = 1.0
        return correlation
