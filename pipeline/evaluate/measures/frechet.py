"""Frechet distance between two sets of vectors, each taken for a normal distribution."""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.measures.estimate import UNKNOWN, Estimate, jackknife


def frechet(reference: NDArray, judged: NDArray) -> Estimate:
    """The Frechet distance with its jackknife error.

    Parameters
    ----------
    reference, judged
        Float (sample, component), finite.
    """
    if min(len(reference), len(judged)) < 2:
        return UNKNOWN
    return jackknife(frechet_distance, reference, judged)


def frechet_distance(x: NDArray, y: NDArray) -> float:
    """|m_x - m_y|^2 + Tr(C_x + C_y - 2 (C_x C_y)^(1/2)), squared units of the vectors.

    With C_x = A^T A and C_y = B^T B the trace of the root is the sum of the singular values of
    A B^T. A is the triangular factor of the centred vectors, so no matrix is larger than the
    smaller of the numbers of vectors and components, and none is inverted: fewer vectors than
    components are no problem. Small samples bias it upwards: compare equal counts.

    Parameters
    ----------
    x, y
        Float (sample, component), at least 2 vectors each.

    References
    ----------
    Dowson & Landau (1982), The Frechet distance between multivariate normal distributions.
    """
    (mean_x, a), (mean_y, b) = _normal(x), _normal(y)
    root_trace = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    apart = np.sum((mean_x - mean_y) ** 2)
    return float(apart + np.sum(a * a) + np.sum(b * b) - 2 * root_trace)


def _normal(x: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean, and a factor A of the covariance A^T A (ddof = 1)."""
    x = x.astype(np.float64)
    mean = x.mean(axis=0)
    return mean, np.asarray(np.linalg.qr((x - mean) / np.sqrt(len(x) - 1), mode="r"))
