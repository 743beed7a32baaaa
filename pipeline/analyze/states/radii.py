"""Mergeable distribution of vector lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi

from zpoints.pipeline.analyze.states.dyadic_grid import CELLS, Distribution, DyadicGrid
from zpoints.pipeline.analyze.states.moments import Moments


@dataclass(frozen=True)
class Radii:
    """Moments and grid of the lengths of vectors, each with one column."""

    moments: Moments
    grid: DyadicGrid

    @classmethod
    def empty(cls) -> Radii:
        """Radii of no vectors."""
        return cls(Moments.empty(1), DyadicGrid.empty(1))

    @classmethod
    def from_values(cls, radii: NDArray[np.float64]) -> Radii:
        """Radii of the lengths (n,); n is at least 1."""
        low, high, mean = radii.min(), radii.max(), radii.mean()
        column = radii[:, None]
        return cls(
            Moments.from_vectors(column, np.array([low if low == high else mean])),
            DyadicGrid.from_values(column, np.array([low]), np.array([high])),
        )

    def merge(self, *others: Radii) -> Radii:
        """Radii of the union of disjoint sets of vectors."""
        return Radii(
            self.moments.merge(*(other.moments for other in others)),
            self.grid.merge(*(other.grid for other in others)),
        )

    @property
    def mean(self) -> float:
        """Mean length."""
        return float(self.moments.mean[0])

    @property
    def std(self) -> float:
        """Standard deviation of the length, ddof = 1; NaN for a single vector."""
        return float(np.sqrt(self.moments.variance()[0]))

    def distance_to_chi(self, components: int) -> float:
        """Kolmogorov-Smirnov distance to the chi distribution of `components` degrees of freedom.

        The distribution functions are compared at the borders of the grid's cells. NaN for 0
        components.
        """
        if not components:
            return float("nan")
        numbers = self.grid.origin[0] + np.arange(CELLS + 1)
        borders = np.ldexp(numbers.astype(np.float64), self.grid.exponent[0])
        below = np.concatenate([[0], np.cumsum(self.grid.counts[0])]) / self.moments.count
        return float(np.max(np.abs(below - chi.cdf(borders, components))))

    def distribution(self, *, bins: int) -> Distribution:
        """Number distribution of the lengths."""
        deviation = np.nan_to_num(np.array([self.std]))
        return self.grid.distribution(self.moments.mean, deviation, bins=bins)
