"""Distributions of vector lengths: the measured one, mergeable, and what uniform vectors have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi, chi2

from zpoints.pipeline.analyze.shape.ellipses import coverage
from zpoints.pipeline.analyze.states.grid import CELLS, Distribution, Grid
from zpoints.pipeline.analyze.states.moments import Moments


@dataclass(frozen=True)
class Radii:
    """Moments and grid of the lengths of vectors: one column each."""

    moments: Moments
    grid: Grid

    @classmethod
    def empty(cls) -> Radii:
        """Radii of no vectors."""
        return cls(Moments.empty(1), Grid.empty(1))

    @classmethod
    def from_values(cls, radii: NDArray[np.float64]) -> Radii:
        """Radii from lengths (n,), at least one."""
        low, high, mean = radii.min(), radii.max(), radii.mean()
        column = radii[:, None]
        return cls(
            Moments.from_vectors(column, np.array([low if low == high else mean])),
            Grid.from_values(column, np.array([low]), np.array([high])),
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
        """Largest difference between their distribution function and chi's of `components`.

        As in the test of Kolmogorov and Smirnov, at the borders of the grid's cells; NaN for no
        component.
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


def core_radius(level: float, components: int) -> float:
    """Mahalanobis radius of the ellipsoid that holds as much as an ellipse of this level.

    In `components` dimensions it encloses the share 1 - exp(-level**2 / 2) of a normal
    distribution, which an ellipse of this level encloses in two: the squared Mahalanobis radius
    follows the chi-squared distribution. 0 for no component.

    That law is the limit of many vectors. Mean and covariance are taken from the n vectors
    themselves, so that n / (n - 1)^2 of the squared radius follows Beta(p / 2, (n - p - 1) / 2) in
    p components: with fewer than about 20 p vectors the core holds more than the share, with few
    more than p all of them.

    Examples
    --------
    >>> round(core_radius(3.0, 2), 12), round(core_radius(3.0, 256), 2)
    (3.0, 17.62)
    """
    return float(np.sqrt(chi2.ppf(coverage(level), components))) if components else 0.0


def uniform_radius(b: float, components: int) -> tuple[float, float]:
    """Mean and standard deviation of the length of vectors uniform in [-b, b]^components.

    The squared length has mean N b^2 / 3 and variance 4 N b^4 / 45; the square root, expanded to
    second order, has mean b sqrt(N/3 - 1/15) and standard deviation b / sqrt(15). The spread
    does not grow with N, unlike what the printed source of the method states.

    Parameters
    ----------
    b
        Half the side of the cube, in latent units.
    components
        Number N of components; the approximation holds from about 10 on.

    Examples
    --------
    >>> mean, std = uniform_radius(1.0, 256)
    >>> round(mean, 3), round(std, 3)
    (9.234, 0.258)
    """
    return float(b * np.sqrt(components / 3 - 1 / 15)), float(b / np.sqrt(15))
