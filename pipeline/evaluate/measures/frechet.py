"""Frechet distance between two sets of vectors, each treated as a normal distribution."""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import UNKNOWN, Estimate, jackknife
from zpoints.pipeline.evaluate.inputs import Comparison


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`frechet`: distance between the latents of photographs and of re-encoded images."""
    with single_threaded_blas():
        return {"frechet": frechet(*comparison.latents())}


def frechet(reference: NDArray, judged: NDArray) -> Estimate:
    """Frechet distance with its jackknife error; NaN for fewer than two vectors.

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
    smaller of the numbers of vectors and components. No matrix is inverted, so fewer vectors than
    components are allowed. Small samples bias the distance upwards; compare equal counts.

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
