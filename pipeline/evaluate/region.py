"""Is a vector in the region of the z-points? Mahalanobis radius and pair ellipses."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.analyze.blas import single_threaded_blas
from pipeline.analyze.pca import varying_components

Floats = NDArray[np.float64]


def whitened(z: NDArray, statistics: xr.Dataset) -> Floats:
    """PCA coordinates (sample, pc) in units of their standard deviations.

    Components that do not vary are left out.

    Parameters
    ----------
    z
        Float (sample, component).
    statistics
        Dataset with `mean`, `loadings` and `explained_variance`.
    """
    variance = statistics["explained_variance"].values
    varying = varying_components(variance)
    axes = statistics["loadings"].values[varying] / np.sqrt(variance[varying])[:, None]
    with single_threaded_blas():
        return (z - statistics["mean"].values) @ axes.T


def mahalanobis_radius(w: Floats) -> NDArray[np.float32]:
    """float32 (sample): length of whitened vectors (sample, pc)."""
    return np.linalg.norm(w, axis=1).astype(np.float32)


def violated_pairs(w: Floats, level: float) -> NDArray[np.float32]:
    """In which share of the pairs of principal components a vector is outside their ellipse.

    Pair (i, j) is violated if w_i^2 + w_j^2 > level^2. With the squares sorted, the partners that
    violate with one of them are the largest, so each is found by bisection instead of trying all
    N(N-1)/2 pairs.

    Parameters
    ----------
    w
        Whitened vectors (sample, pc).
    level
        Of the ellipses; 3 encloses 98.9 % of a normal distribution in each pair.

    Returns
    -------
    numpy.ndarray
        float32 (sample), 0 to 1; NaN if there are no pairs.

    Examples
    --------
    >>> violated_pairs(np.array([[4.0, 0.0, 0.0], [2.9, 0.5, 1.0]]), 3.0)
    array([0.6666667 , 0.33333334], dtype=float32)
    """
    squares = np.sort(w * w, axis=1)
    counts = np.empty(len(w), dtype=np.int64)
    for sample, row in enumerate(squares):
        partners = len(row) - np.searchsorted(row, level**2 - row, side="right")
        with_itself = np.count_nonzero(2 * row > level**2)
        counts[sample] = (partners.sum() - with_itself) // 2
    pairs = w.shape[1] * (w.shape[1] - 1) // 2
    return (counts / (pairs or np.nan)).astype(np.float32)
