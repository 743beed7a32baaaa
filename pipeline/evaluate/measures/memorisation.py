"""Memorisation: are drawn vectors nearer to training vectors than held-out ones are?"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import UNKNOWN, Estimate, jackknife
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.evaluate.measures.neighbours import nearest_squared

Floats = NDArray[np.float64]
BLOCK_BYTES = 16 * 2**20


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`memorisation` and `originality` of the re-encoded images' latents."""
    reference, judged = comparison.latents()
    if min(len(reference), len(judged)) < 2:
        return {"memorisation": UNKNOWN, "originality": UNKNOWN}
    with single_threaded_blas():
        held_out = comparison.once(
            "memorisation",
            lambda: np.stack(
                [
                    nearest_distance(reference, comparison.training()),
                    np.sqrt(nearest_squared(reference)),
                ]
            ),
        )
        drawn = np.stack(
            [
                nearest_distance(judged, comparison.training()),
                nearest_distance(judged, [reference]),
            ]
        )
    return {
        "memorisation": memorisation(drawn[0], held_out[0]),
        "originality": jackknife(_originality, drawn.T, held_out.T),
    }


def memorisation(judged: Floats, reference: Floats) -> Estimate:
    """Median distance of judged vectors to the training, over that of held-out ones.

    Near copies of training vectors give a value far below 1; so do vectors near to the middle,
    where the training vectors are dense. `originality` tells the two apart.

    Parameters
    ----------
    judged, reference
        Distances (sample,).

    References
    ----------
    Meehan, Chaudhuri & Dasgupta (2020), A non-parametric test to detect data-copying in generative
    models, compares the same distances.
    """
    if not np.isfinite(judged).all() or not np.median(reference) > 0:
        return UNKNOWN  # there are no training vectors, or only copies of one
    return jackknife(lambda x, y: float(np.median(x) / np.median(y)), judged, reference)


def _originality(judged: Floats, reference: Floats) -> float:
    """Median of the distance to training vectors over that to held-out ones, relative to theirs.

    Both arguments are (sample, 2). A vector near the middle is near to both kinds, a copy to
    training vectors alone.
    """
    found = []
    for to_training, to_held_out in (judged.T, reference.T):
        known = (to_held_out > 0) & np.isfinite(to_training)
        found.append(np.median(to_training[known] / to_held_out[known]) if known.any() else np.nan)
    return float(found[0] / found[1]) if found[1] > 0 else np.nan


def nearest_distance(x: NDArray, blocks: Iterable[NDArray]) -> Floats:
    """Distance (sample,) of each vector to the nearest one of all blocks; infinite without any.

    Memory does not grow with the number of blocks. Candidates are found in single precision, and
    their distances computed in double, so that a copy has the distance 0.

    Parameters
    ----------
    x
        Float (sample, component), finite.
    blocks
        Arrays (vector, component), finite.
    """
    middle = x.mean(axis=0, dtype=np.float64)
    single, double = (x - middle).astype(np.float32), x.astype(np.float64)
    nearest = np.full(len(x), np.inf)
    step = max(1, BLOCK_BYTES // (4 * len(x)))
    for block in blocks:
        for start in range(0, len(block), step):
            some = block[start : start + step]
            y = (some - middle).astype(np.float32)
            closest = np.argmin(np.einsum("ij,ij->i", y, y) - 2 * single @ y.T, axis=1)
            distance = np.linalg.norm(double - some[closest], axis=1)
            np.minimum(nearest, distance, out=nearest)
    return nearest
