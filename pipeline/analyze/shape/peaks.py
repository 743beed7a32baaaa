"""Position and width of the peaks of number distributions, and the dominant components."""

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.counts import flank_width

Floats = NDArray[np.float64]


def peak(edges: Floats, counts: NDArray[np.int64]) -> tuple[float, float]:
    """Position mu and full width at half maximum hw of one number distribution.

    Parameters
    ----------
    edges
        (bins + 1,) ascending edges of the intervals; the counts beyond them are taken as zero.
    counts
        (bins,) counts, at least one positive.

    Returns
    -------
    mu, hw
        Centre of the interval with the largest count (the first of equals), and the distance
        between the two coordinates where the distribution has half its maximum, interpolated
        linearly between the centres of the intervals. Where counting noise makes a flank cross
        half the maximum several times, the mean of the innermost and the outermost crossing is
        used.

    Examples
    --------
    >>> peak(np.arange(6.0), np.array([0, 4, 8, 4, 0]))
    (2.5, 2.0)
    """
    centres = (edges[:-1] + edges[1:]) / 2
    top = int(np.argmax(counts))
    width = flank_width(counts, top, 1) + flank_width(counts, top, -1)
    return float(centres[top]), float(width * (edges[-1] - edges[0]) / len(counts))


def peaks(
    edges: Floats, counts: NDArray[np.int64], minimum: Floats, maximum: Floats
) -> tuple[Floats, Floats]:
    """Position mu (N,) and width hw (N,) of N number distributions.

    Parameters
    ----------
    edges, counts
        (N, bins + 1) and (N, bins), see `peak`.
    minimum, maximum
        (N,) range of the values. A constant component has its value as mu, and hw = 0.
    """
    found = np.array([peak(*pair) for pair in zip(edges, counts, strict=True)])
    constant = minimum == maximum
    return np.where(constant, minimum, found[:, 0]), np.where(constant, 0.0, found[:, 1])


def dominance_order(
    mu: Floats, hw: Floats, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> NDArray[np.int64]:
    """All component numbers, by descending max(|mu| / least_mu, hw / least_hw).

    The sort is stable; NaN comes last.

    Parameters
    ----------
    mu, hw
        (N,) position and full width at half maximum of each number distribution.
    least_mu, least_hw
        Thresholds of `dominant_components`, in latent units.

    Examples
    --------
    >>> dominance_order(np.array([0.1, -1.0]), np.array([1.8, 0.4]))
    array([1, 0])
    """
    score = np.maximum(np.abs(mu) / least_mu, hw / least_hw)
    return np.argsort(-np.nan_to_num(score, nan=-1.0), kind="stable")


def dominant_components(
    mu: Floats, hw: Floats, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> NDArray[np.int64]:
    """Numbers of the components with |mu| >= least_mu or hw >= least_hw, ascending.

    Parameters
    ----------
    mu, hw
        (N,) position and full width at half maximum of each number distribution.
    least_mu, least_hw
        Thresholds, in latent units.

    Examples
    --------
    >>> dominant_components(np.array([0.0, -0.3, 0.1]), np.array([1.6, 0.2, 0.2]))
    array([0, 1])
    """
    return np.flatnonzero((np.abs(mu) >= least_mu) | (hw >= least_hw))
