"""Diversity of vectors: their variance and the distance of pairs, over those of held-out ones."""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import GROUPS, UNKNOWN, Estimate, jackknife_error
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.evaluate.measures.neighbours import squared_distances

Floats = NDArray[np.float64]


def measure_set(comparison: Comparison) -> dict[str, Estimate]:
    """`variance_ratio` and `pair_distance` of the re-encoded images' latents."""
    reference, judged = comparison.latents()
    held_out = comparison.once("diversity", lambda: diversity(reference.astype(np.float64)))
    variance, distance = ratios(diversity(judged.astype(np.float64)), held_out)
    return {"variance_ratio": variance, "pair_distance": distance}


def ratios(judged: Floats, reference: Floats) -> tuple[Estimate, ...]:
    """Quotients of two results of `diversity`, with their jackknife errors.

    Examples
    --------
    >>> narrow, wide = (scale * np.random.default_rng(0).normal(size=(20, 3)) for scale in (1, 2))
    >>> [float(round(ratio.value, 6)) for ratio in ratios(diversity(narrow), diversity(wide))]
    [0.25, 0.5]
    """
    found = np.divide(judged, reference, out=np.full_like(judged, np.nan), where=reference > 0)
    return tuple(
        Estimate(float(values[0]), jackknife_error(values[1:]))
        if np.isfinite(values[0])
        else UNKNOWN
        for values in found
    )


def diversity(x: NDArray) -> Floats:
    """Total variance, and mean Euclidean distance of two different vectors.

    All pairs are counted, a block of them at a time. A jackknife needs the values without each
    tenth of the vectors; they follow exactly from sums over groups, so no distance is computed
    twice.

    Parameters
    ----------
    x
        Float (sample, component), finite.

    Returns
    -------
    numpy.ndarray
        float64 (2, 1 + group): variance and distance of all vectors, then without every tenth,
        starting at the first, second, ... NaN for fewer than two vectors; without groups NaN for
        fewer than ten.
    """
    if len(x) < 2:
        return np.full((2, 1 + GROUPS), np.nan)
    with single_threaded_blas():
        centred = x - x.mean(axis=0, dtype=np.float64).astype(
            x.dtype
        )  # short, so exact to subtract
        member = np.eye(GROUPS)[np.arange(len(x)) % GROUPS]  # (sample, group)
        found = np.stack([_variances(centred, member), _distances(centred, member)])
    if len(x) < GROUPS:
        found[:, 1:] = np.nan
    return found


def _variances(x: NDArray, member: Floats) -> Floats:
    """Total variance (ddof = 1) of all rows, then without each group."""
    count, total = member.sum(axis=0), member.T.astype(x.dtype) @ x
    squares = member.T @ np.einsum("ij,ij->i", x, x, dtype=np.float64)
    kept = np.concatenate([[count.sum()], count.sum() - count])
    sums = np.concatenate([[total.sum(axis=0)], total.sum(axis=0) - total]).astype(np.float64)
    lengths = np.concatenate([[squares.sum()], squares.sum() - squares])
    return (lengths - (sums**2).sum(axis=1) / kept) / np.maximum(kept - 1, 1)


def _distances(x: NDArray, member: Floats) -> Floats:
    """Mean distance of two different rows, then without each group."""
    between = np.zeros((GROUPS, GROUPS))
    for rows, squared in squared_distances(x, x):
        np.sqrt(squared, out=squared)
        squared[np.arange(len(squared)), np.arange(len(x))[rows]] = 0.0  # a row and itself
        between += member[rows].T @ (squared @ member)
    count = member.sum(axis=0)
    pairs = np.outer(count, count) - np.diag(count)
    return _without(between) / np.maximum(_without(pairs), 1)


def _without(sums: Floats) -> Floats:
    """The sum of a symmetric matrix (group, group), then without each row and column."""
    return np.concatenate([[sums.sum()], sums.sum() - 2 * sums.sum(axis=1) + np.diag(sums)])
