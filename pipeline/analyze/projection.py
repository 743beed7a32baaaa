"""The second pass: the same vectors in coordinates of their principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.analyze import kernels
from pipeline.analyze.blas import single_threaded_blas
from pipeline.analyze.grid import Grid
from pipeline.analyze.moments import Moments
from pipeline.analyze.pairs import PairCounts, PairIntervals
from pipeline.analyze.pca import principal_components, varying_components
from pipeline.analyze.radii import Radii
from pipeline.analyze.state import as_floats

Floats = NDArray[np.float64]

# Rows projected at a time, so that their float64 coordinates stay in the cache.
_ROWS = 1024


@dataclass(frozen=True)
class Basis:
    """The principal components of a set of vectors.

    Attributes
    ----------
    mean
        (N,) origin of the coordinates.
    loadings
        (N, N): row k is the unit vector of principal component k.
    explained_variance
        (N,) descending; NaN for a single vector.
    """

    mean: Floats
    loadings: Floats
    explained_variance: Floats

    @classmethod
    def from_moments(cls, moments: Moments) -> Basis:
        """Principal components of the covariance."""
        with single_threaded_blas():
            return cls(moments.mean, *principal_components(moments.covariance()))

    @property
    def varying(self) -> NDArray[np.bool_]:
        """(N,) whether each principal component varies by more than rounding error."""
        return varying_components(self.explained_variance)

    @property
    def deviation(self) -> Floats:
        """(N,) standard deviation along each principal component, 0 where it does not vary."""
        return np.sqrt(np.where(self.varying, self.explained_variance, 0.0))


@dataclass(frozen=True)
class Projection:
    """Mergeable state of vectors in coordinates v = (z - mean) @ loadings.T.

    Components that do not vary have the coordinate 0.

    Attributes
    ----------
    powers
        (4, N): sums of the powers 1 to 4 of v / deviation.
    grid
        Number distributions of v.
    radii
        Distribution of the Mahalanobis radius over the components that vary.
    pairs, pc_pairs
        Counts of pairs of components of z, and of v.
    """

    powers: Floats
    grid: Grid
    radii: Radii
    pairs: PairCounts
    pc_pairs: PairCounts

    @classmethod
    def from_vectors(
        cls,
        z: NDArray[np.number],
        basis: Basis,
        intervals: PairIntervals,
        pc_intervals: PairIntervals,
    ) -> Projection:
        """Projection of the finite rows of z (n, N), and its pairs' counts; n may be 0."""
        x = as_floats(z)
        finite = np.isfinite(x).all(axis=1)
        x = x if finite.all() else x[finite]
        components = x.shape[1]
        powers = np.zeros((4, components))
        if len(x) == 0:
            none = PairCounts.empty(intervals), PairCounts.empty(pc_intervals)
            return cls(powers, Grid.empty(components), Radii.empty(), *none)
        axes = (basis.loadings * basis.varying[:, None]).T
        scale = np.divide(1.0, basis.deviation, out=np.zeros(components), where=basis.varying)
        v = np.empty(x.shape)
        squares = np.empty(len(x))
        centred = np.empty((min(_ROWS, len(x)), components))
        with single_threaded_blas():
            for start in range(0, len(x), _ROWS):
                rows = slice(start, start + _ROWS)
                count = len(x[rows])
                kernels.centre(x[rows], basis.mean, centred[:count])
                np.matmul(centred[:count], axes, out=v[rows])
                kernels.add_powers(v[rows], scale, powers, squares[rows])
            grid = Grid.from_values(v, v.min(axis=0), v.max(axis=0))
            return cls(
                powers,
                grid,
                Radii.from_values(np.sqrt(squares)),
                PairCounts.from_values(x, intervals),
                PairCounts.from_values(v, pc_intervals),
            )

    def merge(self, other: Projection) -> Projection:
        """Projection of the union of two disjoint sets of vectors on the same basis."""
        return Projection(
            self.powers + other.powers,
            self.grid.merge(other.grid),
            self.radii.merge(other.radii),
            self.pairs.merge(other.pairs),
            self.pc_pairs.merge(other.pc_pairs),
        )

    def skewness(self) -> Floats:
        """(N,) skewness, as `scipy.stats.skew`; NaN where a component does not vary."""
        first, second, third, _ = self.powers / self.radii.moments.count
        with np.errstate(divide="ignore", invalid="ignore"):
            central = third - 3 * first * second + 2 * first**3
            return central / (second - first**2) ** 1.5

    def kurtosis(self) -> Floats:
        """(N,) excess kurtosis, as `scipy.stats.kurtosis`; NaN where a component is constant."""
        first, second, third, fourth = self.powers / self.radii.moments.count
        with np.errstate(divide="ignore", invalid="ignore"):
            central = fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4
            return central / (second - first**2) ** 2 - 3
