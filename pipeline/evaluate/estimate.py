"""Estimates: measured values with their standard errors."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
GROUPS = 10  # of the jackknife


class Estimate(NamedTuple):
    """A value and its standard error; NaN where there are too few samples."""

    value: float
    error: float


UNKNOWN = Estimate(np.nan, np.nan)


def mean_estimate(values: ArrayLike) -> Estimate:
    """Mean of independent values and its standard error; NaN and infinite values are left out.

    Examples
    --------
    >>> mean_estimate([1.0, 3.0, np.nan])
    Estimate(value=2.0, error=1.0)
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return UNKNOWN
    error = known.std(ddof=1) / np.sqrt(len(known)) if len(known) > 1 else np.nan
    return Estimate(float(known.mean()), float(error))


def share_estimate(found: NDArray[np.bool_]) -> Estimate:
    """Share of independent trials that succeeded, and its standard error.

    The error is that of the share (k + 1) / (n + 2), so that it is not zero for k = 0 or k = n
    successes in n trials.

    References
    ----------
    Agresti & Coull (1998), Approximate is better than exact for interval estimation of binomial
    proportions, The American Statistician 52.

    Examples
    --------
    >>> share_estimate(np.array([True, True]))
    Estimate(value=1.0, error=0.306...)
    """
    n = len(found)
    if not n:
        return UNKNOWN
    k = int(np.count_nonzero(found))
    near = (k + 1) / (n + 2)
    return Estimate(k / n, float(np.sqrt(near * (1 - near) / n)))


def jackknife(statistic: Callable[..., float], *samples: NDArray) -> Estimate:
    """A statistic of samples and its standard error by the delete-a-group jackknife.

    Parameters
    ----------
    statistic
        Takes as many arrays as there are samples.
    samples
        Arrays of independent rows; lengths may differ.

    Returns
    -------
    Estimate
        The error is NaN where a sample has fewer than ten rows.
    """
    return Estimate(float(statistic(*samples)), jackknife_error(replicates(statistic, *samples)))


def replicates(statistic: Callable[..., float], *samples: NDArray) -> Floats:
    """The statistic (group,) without every tenth row, starting at the first, second, ..."""
    if min(len(rows) for rows in samples) < GROUPS:
        return np.full(GROUPS, np.nan)
    return np.array(
        [
            statistic(*(rows[np.arange(len(rows)) % GROUPS != group] for rows in samples))
            for group in range(GROUPS)
        ]
    )


def jackknife_error(without: Floats) -> float:
    """Standard error from replicates: sqrt((G - 1) / G * sum((t_g - mean t)^2)).

    Unlike the bootstrap, the jackknife repeats no row, which would bias distances between
    distributions, and needs no random numbers.

    References
    ----------
    Kott (2001), The delete-a-group jackknife, Journal of Official Statistics 17.
    """
    spread = np.sum((without - without.mean()) ** 2)
    return float(np.sqrt((GROUPS - 1) / GROUPS * spread))
