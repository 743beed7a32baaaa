"""Count, mean and comoment of vectors, mergeable exactly.

References
----------
Chan, Golub & LeVeque (1979), Updating formulae and a pairwise algorithm for computing sample
variances. Stanford technical report STAN-CS-79-773.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analyze import kernels

Floats = NDArray[np.float64]

# Rows converted to float64 at a time: what the second-level cache of one core holds.
_ROWS = 1024


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
        (N, N) float64: the sum of outer products of deviations from the mean.
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
        """Moments of the rows of x (n, N), C-contiguous and finite, whose mean (N,) is known."""
        count, components = x.shape
        comoment = np.zeros((components, components))
        buffer = np.empty((min(_ROWS, count), components))
        product = np.empty_like(comoment)
        for start in range(0, count, _ROWS):
            rows = x[start : start + _ROWS]
            deviations = buffer[: len(rows)]
            kernels.centre(rows, mean, deviations)
            # NumPy takes BLAS's syrk for it, without the interpreter lock; SciPy's holds the lock.
            comoment += np.dot(deviations.T, deviations, out=product)
        return cls(count, mean, comoment)

    def merge(self, other: Moments) -> Moments:
        """Moments of the union of two disjoint sets of vectors."""
        if other.count == 0:
            return self
        if self.count == 0:
            return other
        count = self.count + other.count
        delta = other.mean - self.mean
        weight = other.count / count
        comoment = self.comoment + other.comoment
        comoment += np.outer(delta, delta) * (self.count * weight)
        return Moments(count, self.mean + delta * weight, comoment)

    def covariance(self) -> Floats:
        """(N, N) covariance with ddof = 1; NaN for fewer than two vectors."""
        if self.count < 2:
            return np.full_like(self.comoment, np.nan)
        return self.comoment / (self.count - 1)

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
