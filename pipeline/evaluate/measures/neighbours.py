"""Precision, recall, density and coverage: two sets of vectors by their nearest neighbours."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.measures.estimate import (
    UNKNOWN,
    Estimate,
    mean_estimate,
    share_estimate,
)

Floats = NDArray[np.float64]
BLOCK_BYTES = 16 * 2**20
MEASURES = ("precision", "recall", "density", "coverage")


def neighbourhoods(reference: NDArray, judged: NDArray, k: int) -> dict[str, Estimate]:
    """How well judged vectors fit among the reference, and how well they cover it.

    The ball of a vector reaches to its k-th nearest neighbour of the same set.

    - precision: share of judged vectors in the ball of some reference vector;
    - recall: share of reference vectors in the ball of some judged vector;
    - density: number of reference balls that a judged vector lies in, over k; may exceed 1;
    - coverage: share of reference vectors whose ball holds a judged vector.

    Errors are the standard errors of these shares (`share_estimate`) and this mean, with the balls
    as they are. Distances are
    computed a block of rows at a time; no matrix of all pairs exists.

    Parameters
    ----------
    reference, judged
        Float (sample, component), finite.
    k
        Neighbours; all measures are NaN where a set has no more vectors than that.

    References
    ----------
    Kynkaanniemi et al. (2019), Improved precision and recall metric; Naeem et al. (2020), Reliable
    fidelity and diversity metrics for generative models.
    """
    if min(len(reference), len(judged)) <= k:
        return dict.fromkeys(MEASURES, UNKNOWN)
    reference, judged = reference.astype(np.float64), judged.astype(np.float64)
    reference_radii, judged_radii = ball_radii(reference, k), ball_radii(judged, k)
    balls = np.zeros(len(judged))  # reference balls around each judged vector
    recalled = np.zeros(len(reference), dtype=np.bool_)
    nearest = np.full(len(reference), np.inf)
    for rows, squared in _squared_distances(judged, reference):
        balls[rows] = (squared < reference_radii).sum(axis=1)
        recalled |= (squared < judged_radii[rows, None]).any(axis=0)
        np.minimum(nearest, squared.min(axis=0), out=nearest)
    return {
        "precision": share_estimate(balls > 0),
        "recall": share_estimate(recalled),
        "density": mean_estimate(balls / k),
        "coverage": share_estimate(nearest < reference_radii),
    }


def ball_radii(x: Floats, k: int) -> Floats:
    """(sample,) squared distance of each vector (sample, component) to its k-th neighbour."""
    radii = np.empty(len(x))
    for rows, squared in _squared_distances(x, x):
        squared[np.arange(len(squared)), np.arange(len(x))[rows]] = np.inf  # not its own neighbour
        radii[rows] = np.partition(squared, k - 1, axis=1)[:, k - 1]
    return radii


def _squared_distances(x: Floats, y: Floats) -> Iterator[tuple[slice, Floats]]:
    """Blocks (rows of x, all of y) of squared distances."""
    lengths = np.einsum("ij,ij->i", y, y)
    step = max(1, BLOCK_BYTES // (8 * len(y)))
    for start in range(0, len(x), step):
        block = x[start : start + step]
        squared = np.einsum("ij,ij->i", block, block)[:, None] + lengths - 2 * block @ y.T
        yield slice(start, start + len(block)), np.maximum(squared, 0.0)
