"""Ranking of components by dominance: far from zero, or wide."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.peaks import dominance_order, dominant_components


@dataclass(frozen=True)
class Dominance:
    """All components in order of dominance.

    Attributes
    ----------
    order
        (component) int64, all components, the most dominant first.
    count
        Number of dominant components.
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
        Thresholds in latent units: a component is dominant if |mu| or hw reaches its threshold.

    Examples
    --------
    >>> statistics = xr.Dataset({"mu": ("component", [0.1, -1.0]), "hw": ("component", [1.8, 0.4])})
    >>> rank_components(statistics, mu=0.25, hw=1.5)
    Dominance(order=array([1, 0]), count=2)
    """
    measured = statistics["mu"].values, statistics["hw"].values
    dominant = dominant_components(*measured, least_mu=mu, least_hw=hw)
    return Dominance(dominance_order(*measured, least_mu=mu, least_hw=hw), len(dominant))
