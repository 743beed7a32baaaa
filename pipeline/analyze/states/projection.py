"""The mergeable state of the second pass: the vectors in PCA coordinates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.kernels.sums import project_rows
from zpoints.pipeline.analyze.states.dyadic_grid import DyadicGrid
from zpoints.pipeline.analyze.states.pair_counts import PairCounts, PairIntervals
from zpoints.pipeline.analyze.states.radii import Radii
from zpoints.pipeline.analyze.states.state import as_floats, finite_rows

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Coordinates:
    """Mergeable state of the PCA coordinates of a set of vectors.

    Attributes
    ----------
    count
        Number of vectors.
    powers
        (4, N) sums of the powers 1 to 4 of v / deviation.
    grid
        Number distributions of v.
    """

    count: int
    powers: Floats
    grid: DyadicGrid

    def merge(self, *others: Coordinates) -> Coordinates:
        """Coordinates of the union of disjoint sets of vectors."""
        return Coordinates(
            sum((other.count for other in others), self.count),
            sum((other.powers for other in others), self.powers),
            self.grid.merge(*(other.grid for other in others)),
        )

    def mean(self, deviation: Floats) -> Floats:
        """(N,) mean of v, given the deviation (N,) that scaled the powers; NaN for no vectors."""
        with np.errstate(invalid="ignore"):
            return self.powers[0] / self.count * deviation

    def std(self, deviation: Floats) -> Floats:
        """(N,) standard deviation of v, ddof = 1; NaN for fewer than two vectors."""
        first, second = self.powers[:2]
        with np.errstate(invalid="ignore", divide="ignore"):
            central = np.maximum(second - first**2 / self.count, 0.0)
            return np.sqrt(central / max(self.count - 1, 0)) * deviation

    def skewness(self) -> Floats:
        """(N,) skewness, as `scipy.stats.skew`; NaN where a component does not vary."""
        first, second, third, _ = self.powers / self.count
        with np.errstate(divide="ignore", invalid="ignore"):
            central = third - 3 * first * second + 2 * first**3
            return central / (second - first**2) ** 1.5

    def kurtosis(self) -> Floats:
        """(N,) excess kurtosis, as `scipy.stats.kurtosis`; NaN where a component is constant."""
        first, second, third, fourth = self.powers / self.count
        with np.errstate(divide="ignore", invalid="ignore"):
            central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
            return central / (second - first**2) ** 2 - 3


@dataclass(frozen=True)
class Projection:
    """Mergeable state of vectors in PCA coordinates v = (z - mean) @ loadings.T.

    Components that do not vary have the coordinate 0.

    Attributes
    ----------
    core, tail
        Coordinates of the vectors within the Mahalanobis radius of the core, and of all others.
    radii
        Distribution of the Mahalanobis radius over the components that vary.
    pairs, pc_pairs
        Counts of pairs of components of z, and of v.
    """

    core: Coordinates
    tail: Coordinates
    radii: Radii
    pairs: PairCounts
    pc_pairs: PairCounts

    @classmethod
    def from_vectors(
        cls,
        z: NDArray[np.number],
        basis: Basis,
        core_radius: float,
        intervals: PairIntervals,
        pc_intervals: PairIntervals,
    ) -> Projection:
        """State of the finite rows of a block of vectors.

        Parameters
        ----------
        z
            (n, N) real; n may be 0.
        basis
            All N principal components.
        core_radius
            Mahalanobis radius of the core.
        intervals, pc_intervals
            Pairs of components of z and of v that are counted, and their intervals.
        """
        x = finite_rows(as_floats(z))
        axes = np.ascontiguousarray((basis.loadings * basis.varying[:, None]).T)
        v, squares = np.empty(x.shape), np.empty(len(x))
        powers = np.zeros((2, 4, x.shape[1]))
        least, most = (np.full((2, x.shape[1]), limit) for limit in (np.inf, -np.inf))
        with single_threaded_blas():
            inner = project_rows(
                x,
                basis.mean,
                axes,
                basis.inverse_deviations,
                core_radius**2,
                v,
                squares,
                powers,
                least,
                most,
            )
            core, tail = (
                Coordinates(
                    len(rows), powers[side], DyadicGrid.from_values(rows, least[side], most[side])
                )
                for side, rows in enumerate((v[:inner], v[inner:]))
            )
            return cls(
                core,
                tail,
                Radii.from_values(np.sqrt(squares)) if len(x) else Radii.empty(),
                PairCounts.from_values(x, intervals),
                PairCounts.from_values(v, pc_intervals),
            )

    @property
    def all(self) -> Coordinates:
        """Coordinates of all vectors."""
        return self.core.merge(self.tail)

    def merge(self, *others: Projection) -> Projection:
        """Projection of the union of disjoint sets of vectors on the same basis."""
        return Projection(
            self.core.merge(*(other.core for other in others)),
            self.tail.merge(*(other.tail for other in others)),
            self.radii.merge(*(other.radii for other in others)),
            self.pairs.merge(*(other.pairs for other in others)),
            self.pc_pairs.merge(*(other.pc_pairs for other in others)),
        )
