"""Principal components from a covariance matrix."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# A principal component counts as constant from this share of the largest variance down:
# its computed variance is then rounding error of the covariance.
NEGLIGIBLE = 1e-12


def principal_components(covariance: Floats) -> tuple[Floats, Floats]:
    """Eigen-decomposition of a covariance matrix, in descending order of variance.

    Parameters
    ----------
    covariance
        (N, N) symmetric float64; one that holds NaN (a single vector has none) yields the
        coordinate axes and NaN variances.

    Returns
    -------
    loadings
        (N, N): row k is the unit vector of principal component k, signed by `with_signs`.
    explained_variance
        (N,) descending, not negative.
    """
    if np.isnan(covariance).any():
        return np.eye(len(covariance)), np.full(len(covariance), np.nan)
    variance, axes = np.linalg.eigh(covariance)
    loadings = np.ascontiguousarray(axes[:, ::-1].T)
    return with_signs(loadings), np.maximum(variance[::-1], 0.0)


def with_signs(loadings: Floats) -> Floats:
    """Loadings (pc, N) with the sign that makes each row's largest absolute entry positive.

    Of entries equal to nine digits the first counts.
    """
    size = np.abs(loadings)
    leading = np.argmax(size >= size.max(axis=1, keepdims=True) * (1 - 1e-9), axis=1)
    signs = np.sign(loadings[np.arange(len(loadings)), leading])
    return loadings * signs[:, None]


def varying_components(explained_variance: Floats) -> NDArray[np.bool_]:
    """(N,) whether each principal component varies by more than rounding error."""
    largest = np.max(explained_variance, initial=0.0)
    return (explained_variance > NEGLIGIBLE * largest) & (explained_variance > 0)


def angles(loadings: Floats, others: Floats) -> Floats:
    """(pc,) angles in degrees, 0 to 90, between the axes of equal rank of two (pc, N) loadings.

    References
    ----------
    Kahan (2006), How futile are mindless assessments of roundoff in floating-point computation?,
    section 12: accurate for small angles too, where the arc cosine is not.

    Examples
    --------
    >>> angles(np.array([[1.0, 0.0]]), np.array([[-1.0, 1e-12]]))
    array([5.7...e-11])
    """
    apart = np.linalg.norm(loadings - others, axis=1)
    together = np.linalg.norm(loadings + others, axis=1)
    return np.degrees(2 * np.arctan2(np.minimum(apart, together), np.maximum(apart, together)))
