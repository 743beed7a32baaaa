"""Which components are dominant: far from zero, or wide."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.analyze.peaks import dominant_components


@dataclass(frozen=True)
class Dominance:
    """All components in order of dominance.

    Parameters
    ----------
    order
        (component) int64, indices of all components, the most dominant first.
    count
        How many of them are dominant.
    """

    order: NDArray[np.int64]
    count: int


def rank_components(statistics: xr.Dataset, *, mu: float, hw: float) -> Dominance:
    """Order components by the larger of |mu| and hw, each relative to its threshold.

    Parameters
    ----------
    statistics
        The `statistics` group: `mu`, `hw` (component).
    mu, hw
        A component is dominant where |mu| or hw reaches its threshold.

    Examples
    --------
    >>> statistics = xr.Dataset({"mu": ("component", [0.1, -1.0]), "hw": ("component", [1.8, 0.4])})
    >>> rank_components(statistics, mu=0.25, hw=1.5)
    Dominance(order=array([1, 0]), count=2)
    """
    score = np.maximum(np.abs(statistics["mu"].values) / mu, statistics["hw"].values / hw)
    dominant = dominant_components(
        statistics["mu"].values, statistics["hw"].values, least_mu=mu, least_hw=hw
    )
    score = np.nan_to_num(score, nan=-1.0)
    return Dominance(np.argsort(-score, kind="stable"), len(dominant))
