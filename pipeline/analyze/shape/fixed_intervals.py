"""Counts in fixed intervals, the same for every component, from the stored grids."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.peaks import peaks

Floats = NDArray[np.float64]

LIMIT = 12.0
"""The source's intervals cover [-12, 12]."""
INTERVALS = 96
"""A quarter of a latent unit each, a power of two; the source takes about 100."""
NEEDED = ("grid_counts", "grid_exponent", "grid_origin", "count", "minimum", "maximum", "hw")
"""Variables of `statistics` that the counts follow from."""


@dataclass(frozen=True)
class FixedIntervals:
    """Number distributions of N components over the same intervals.

    Attributes
    ----------
    edges
        (intervals + 1) float64, ascending.
    counts
        (N, intervals) float64, values x with lower edge <= x < upper edge.
    error
        (N, intervals) float64, by how much a count may be wrong: 0 where the edges of the interval
        are borders of the stored cells.
    outside
        (N) float64, share of the values outside all intervals.
    measured_hw
        (N) float64, full width at half maximum of these distributions; NaN without counts.
    narrow
        (N) bool, whether the component's own hw is smaller than an interval, so that these
        intervals show a spike whatever its shape is.
    """

    edges: Floats
    counts: Floats
    error: Floats
    outside: Floats
    measured_hw: Floats
    narrow: NDArray[np.bool_]

    @property
    def width(self) -> float:
        """Width of an interval."""
        return float(self.edges[1] - self.edges[0])


def fixed_intervals(
    statistics: xr.Dataset, *, limit: float = LIMIT, intervals: int = INTERVALS
) -> FixedIntervals:
    """Count the values of every component in equal intervals of [-limit, limit].

    Each component is stored as counts in cells whose width is a power of two, at least 512 of which
    span its range. Counts in unions of cells are exact. An edge inside a cell shares its count out
    in proportion, and is wrong by no more than that count.

    Parameters
    ----------
    statistics
        The `statistics` group, with the variables `NEEDED`.
    limit
        End of the intervals, above 0.
    intervals
        Number of intervals.

    References
    ----------
    `numpy.histogram` with the same edges, but for values equal to the last edge, which it counts.

    Examples
    --------
    >>> import dask.array as da
    >>> from zpoints.pipeline.analyze import analyze
    >>> z = np.random.default_rng(0).normal(size=(5000, 2))
    >>> found = fixed_intervals(analyze(da.from_array(z)))
    >>> expected = np.histogram(z[:, 1], found.edges)[0]
    >>> bool((found.counts[1] == expected).all()), float(found.error.max())
    (True, 0.0)
    """
    edges = np.linspace(-limit, limit, intervals + 1)
    counts, error = _between(statistics, edges)
    total = np.maximum(statistics["count"].values, 1)
    minimum, maximum, hw = (statistics[name].values for name in ("minimum", "maximum", "hw"))
    alike = np.broadcast_to(edges, (len(hw), len(edges)))
    _, measured = peaks(alike, np.rint(counts).astype(np.int64), minimum, maximum)
    filled = counts.any(axis=1)
    return FixedIntervals(
        edges=edges,
        counts=counts,
        error=error,
        outside=np.where(statistics["count"].values > 0, 1 - counts.sum(axis=1) / total, 0.0),
        measured_hw=np.where(filled, measured, np.nan),
        narrow=hw < 2 * limit / intervals,
    )


def uniform_share(edges: Floats, b: float) -> Floats:
    """Expected share of values uniform in [-b, b] in each interval.

    Examples
    --------
    >>> uniform_share(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), 1.5)
    array([0.16666667, 0.33333333, 0.33333333, 0.16666667])
    """
    return np.diff(np.clip(edges, -b, b)) / (2 * b)


def _between(statistics: xr.Dataset, edges: Floats) -> tuple[Floats, Floats]:
    """Counts (component, interval) between neighbouring edges, and how far they may be wrong."""
    cells = statistics["grid_counts"].values
    exponent, origin = (
        statistics[f"grid_{name}"].values[:, None] for name in ("exponent", "origin")
    )
    position = np.clip(np.ldexp(edges, -exponent) - origin, 0, cells.shape[1])
    cell = np.minimum(position.astype(np.int64), cells.shape[1] - 1)
    below = np.cumsum(cells, axis=1) - cells
    part = position - cell
    inside = np.take_along_axis(cells, cell, axis=1)
    reached = np.take_along_axis(below, cell, axis=1) + part * inside
    cut = np.where((part > 0) & (part < 1), inside, 0).astype(np.float64)
    return np.diff(reached, axis=1), cut[:, :-1] + cut[:, 1:]
