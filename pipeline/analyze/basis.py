"""The principal components of a set of vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.float64]

NEGLIGIBLE = 1e-12
"""Share of the largest variance up to which a computed variance is rounding error of the covariance
matrix: such a principal component counts as constant."""


@dataclass(frozen=True)
class Basis:
    """The K leading principal components of vectors z with N components.

    The coordinates of z are v = (z - mean) @ loadings.T.

    Attributes
    ----------
    mean
        (N,) float64, origin of the coordinates.
    loadings
        (K, N) float64, K <= N: row k is the unit vector of principal component k.
    explained_variance
        (K,) float64, descending and not negative; NaN for a single vector.
    """

    mean: Floats
    loadings: Floats
    explained_variance: Floats

    @classmethod
    def from_covariance(cls, mean: Floats, covariance: Floats) -> Basis:
        """Eigendecomposition of a covariance matrix.

        Parameters
        ----------
        mean
            (N,) float64.
        covariance
            (N, N) symmetric float64. One with NaN (that of a single vector) yields the coordinate
            axes and NaN variances.
        """
        if np.isnan(covariance).any():
            return cls(mean, np.eye(len(covariance)), np.full(len(covariance), np.nan))
        variance, axes = np.linalg.eigh(covariance)
        loadings = np.ascontiguousarray(axes[:, ::-1].T)
        return cls(mean, with_signs(loadings), np.maximum(variance[::-1], 0.0))

    @classmethod
    def from_statistics(cls, statistics: xr.Dataset) -> Basis:
        """The stored basis: `mean`, `loadings` and `explained_variance` of a `statistics` group."""
        return cls(
            statistics["mean"].values,
            statistics["loadings"].values,
            statistics["explained_variance"].values,
        )

    def leading(self, count: int) -> Basis:
        """Basis of the first `count` principal components, or of all if there are fewer."""
        return Basis(self.mean, self.loadings[:count], self.explained_variance[:count])

    @property
    def varying(self) -> NDArray[np.bool_]:
        """(K,) whether each principal component varies by more than rounding error."""
        largest = np.max(self.explained_variance, initial=0.0)
        variance = self.explained_variance
        return (variance > NEGLIGIBLE * largest) & (variance > 0)

    @property
    def rank(self) -> int:
        """Number of principal components that vary: the numerical rank of the covariance."""
        return int(np.count_nonzero(self.varying))

    @property
    def varying_part(self) -> Basis:
        """Basis of the principal components that vary."""
        varying = self.varying
        return Basis(self.mean, self.loadings[varying], self.explained_variance[varying])

    @property
    def deviations(self) -> Floats:
        """(K,) standard deviation along each principal component, 0 where it does not vary."""
        return np.sqrt(np.where(self.varying, self.explained_variance, 0.0))

    @property
    def inverse_deviations(self) -> Floats:
        """(K,) reciprocals of the standard deviations, 0 where a component does not vary."""
        deviations = self.deviations
        return np.divide(1.0, deviations, out=np.zeros_like(deviations), where=deviations > 0)

    @property
    def explained_variance_ratio(self) -> Floats:
        """(K,) shares of the total variance; NaN where that is 0 or NaN."""
        with np.errstate(invalid="ignore"):
            return self.explained_variance / self.explained_variance.sum()

    def project(self, z: Floats) -> Floats:
        """PCA coordinates (vector, K) of vectors (vector, N)."""
        return (z - self.mean) @ self.loadings.T

    def back(self, v: Floats) -> Floats:
        """Vectors (vector, N) of PCA coordinates (vector, L), L <= K; further ones are 0."""
        return v @ self.loadings[: v.shape[1]] + self.mean

    def whiten(self, z: Floats) -> Floats:
        """Coordinates (vector, rank) in standard deviations, of the components that vary."""
        varying = self.varying
        return self.project(z)[:, varying] / self.deviations[varying]

    @property
    def whitening(self) -> Floats:
        """(N, K) matrix that takes deviations from the mean to coordinates of variance 1.

        Coordinates of components that do not vary become 0.
        """
        return self.loadings.T * self.inverse_deviations

    @property
    def colouring(self) -> Floats:
        """(K, N) matrix that takes whitened coordinates to deviations from the mean."""
        return self.loadings * self.deviations[:, None]

    def steps(self, components: list[int]) -> Floats:
        """One standard deviation along each of these components, as vectors (component, N)."""
        deviations = np.sqrt(self.explained_variance[components])
        return deviations[:, None] * self.loadings[components]

    def angles(self, other: Basis) -> Floats:
        """(K,) angles in degrees, 0 to 90, to the axes of equal rank of another basis.

        References
        ----------
        Kahan (2006), How futile are mindless assessments of roundoff in floating-point
        computation?, section 12: accurate for small angles too, where the arc cosine is not.

        Examples
        --------
        >>> one = Basis(np.zeros(2), np.array([[1.0, 0.0]]), np.ones(1))
        >>> one.angles(Basis(np.zeros(2), np.array([[-1.0, 1e-12]]), np.ones(1)))
        array([5.7...e-11])
        """
        apart = np.linalg.norm(self.loadings - other.loadings, axis=1)
        together = np.linalg.norm(self.loadings + other.loadings, axis=1)
        return np.degrees(2 * np.arctan2(np.minimum(apart, together), np.maximum(apart, together)))


def with_signs(loadings: Floats) -> Floats:
    """Loadings (K, N) with the sign that makes each row's largest absolute entry positive.

    Of entries equal to nine digits the first counts.
    """
    size = np.abs(loadings)
    leading = np.argmax(size >= size.max(axis=1, keepdims=True) * (1 - 1e-9), axis=1)
    signs = np.sign(loadings[np.arange(len(loadings)), leading])
    return loadings * signs[:, None]
