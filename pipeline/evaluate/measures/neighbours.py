"""Precision, recall, density and coverage of two sets of vectors, from nearest neighbours."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import (
    UNKNOWN,
    Estimate,
    mean_estimate,
    share_estimate,
)
from zpoints.pipeline.evaluate.inputs import Comparison

Floats = NDArray[np.float64]
BLOCK_BYTES = 16 * 2**20
NAMES = ("precision", "recall", "density", "coverage")


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`precision`, `recall`, `density`, `coverage` of the re-encoded images' latents."""
    (reference, judged), k = comparison.latents(), comparison.config.neighbours
    with single_threaded_blas():
        radii = comparison.once(("neighbours", k), lambda: _radii(reference, k))
        return neighbourhoods(reference, judged, k, reference_radii=radii)


def neighbourhoods(
    reference: NDArray, judged: NDArray, k: int, *, reference_radii: Floats | None = None
) -> dict[str, Estimate]:
    """How well the judged vectors fit among the reference vectors, and how well they cover them.

    The ball of a vector reaches to its k-th nearest neighbour in the same set.

    - precision: share of judged vectors in the ball of some reference vector;
    - recall: share of reference vectors in the ball of some judged vector;
    - density: number of reference balls that a judged vector lies in, over k; may exceed 1;
    - coverage: share of reference vectors whose ball holds a judged vector.

    The errors are the standard errors of the shares (`share_estimate`) and of the mean, for fixed
    balls. Distances are computed for a block of rows at a time; the matrix of all pairs is never
    in memory.

    Parameters
    ----------
    reference, judged
        Float (sample, component), finite.
    k
        Number of neighbours. All measures are NaN where a set has k vectors or fewer.
    reference_radii
        `ball_radii` of the reference vectors, where they are known.

    Returns
    -------
    dict
        The four measures by name.

    References
    ----------
    Kynkaanniemi et al. (2019), Improved precision and recall metric; Naeem et al. (2020), Reliable
    fidelity and diversity metrics for generative models.
    """
    if min(len(reference), len(judged)) <= k:
        return dict.fromkeys(NAMES, UNKNOWN)
    reference, judged = reference.astype(np.float64), judged.astype(np.float64)
    judged_radii = ball_radii(judged, k)
    if reference_radii is None:
        reference_radii = ball_radii(reference, k)
    balls = np.zeros(len(judged))  # reference balls around each judged vector
    recalled = np.zeros(len(reference), dtype=np.bool_)
    nearest = np.full(len(reference), np.inf)
    for rows, squared in squared_distances(judged, reference):
        balls[rows] = (squared < reference_radii).sum(axis=1)
        recalled |= (squared < judged_radii[rows, None]).any(axis=0)
        np.minimum(nearest, squared.min(axis=0), out=nearest)
    return {
        "precision": share_estimate(balls > 0),
        "recall": share_estimate(recalled),
        "density": mean_estimate(balls / k),
        "coverage": share_estimate(nearest < reference_radii),
    }


def _radii(reference: NDArray, k: int) -> Floats | None:
    return ball_radii(reference.astype(np.float64), k) if len(reference) > k else None


def nearest_squared(x: NDArray) -> Floats:
    """Squared distance (sample,) of each of at least two vectors to the nearest other one."""
    return ball_radii(x.astype(np.float64), 1)


def ball_radii(x: Floats, k: int) -> Floats:
    """Squared distance (sample,) of each vector of x (sample, component) to its k-th neighbour."""
    radii = np.empty(len(x))
    for rows, squared in squared_distances(x, x):
        squared[np.arange(len(squared)), np.arange(len(x))[rows]] = np.inf  # not its own neighbour
        radii[rows] = np.partition(squared, k - 1, axis=1)[:, k - 1]
    return radii


def squared_distances(x: NDArray, y: NDArray) -> Iterator[tuple[slice, NDArray]]:
    """Squared distances in blocks: rows of x, and the dtype of x (those rows, all of y)."""
    lengths = np.einsum("ij,ij->i", y, y)
    step = max(1, BLOCK_BYTES // (8 * len(y)))
    for start in range(0, len(x), step):
        block = x[start : start + step]
        squared = np.einsum("ij,ij->i", block, block)[:, None] + lengths - 2 * block @ y.T
        yield slice(start, start + len(block)), np.maximum(squared, 0.0)
