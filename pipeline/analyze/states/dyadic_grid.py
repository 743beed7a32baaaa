"""Number distributions on dyadic grids, which merge exactly before the whole range is known.

The cells of a column have the width 2**exponent and are aligned at zero, so the cells of a union
are those of its parts after a right shift. The exponent is the smallest one at which the range of
the column spans at most CELLS cells. It depends on minimum and maximum alone, not on the chunking.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.counts import add_coarsened, count_cells

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CELLS = 1024

# Bounds of the exponent: cell numbers stay below 2**41, and 2**-exponent stays finite.
_INDEX_BITS = 40
_LEAST_EXPONENT = -1000

# Rows counted at a time: their counts fit 16 bits, and the table of counts fits the cache.
_MOST_ROWS = 2**16 - 1


@dataclass(frozen=True)
class Distribution:
    """Counts in sampling intervals, one row per column of the data.

    Attributes
    ----------
    edges
        (N, bins + 1) float64, ascending. The last edge is lowered by one unit in the last place:
        `numpy.histogram` closes its last interval, and with this edge it returns exactly these
        half-open counts.
    counts
        (N, bins) int64.
    underflow, overflow
        (N,) int64, values below the first edge, and from the last edge on.
    """

    edges: Floats
    counts: Ints
    underflow: Ints
    overflow: Ints


@dataclass(frozen=True)
class DyadicGrid:
    """Minimum, maximum and cell counts of N columns.

    Attributes
    ----------
    minimum, maximum
        (N,) float64; +inf and -inf for no values.
    counts
        (N, CELLS) integers: cell c of column j counts the values x with
        floor(x * 2**-exponent[j]) == origin[j] + c. They have 16 bits for one block of at most
        65,535 rows, and 64 bits after a merge.
    """

    minimum: Floats
    maximum: Floats
    counts: NDArray[np.integer]

    @classmethod
    def empty(cls, columns: int) -> DyadicGrid:
        """Grid of no values."""
        return cls(
            np.full(columns, np.inf),
            np.full(columns, -np.inf),
            np.zeros((columns, CELLS), np.int64),
        )

    @classmethod
    def from_values(cls, x: NDArray[np.floating], minimum: Floats, maximum: Floats) -> DyadicGrid:
        """Grid of the columns of x.

        Parameters
        ----------
        x
            (n, N) vectors, C-contiguous and finite.
        minimum, maximum
            (N,) float64, the range of each column.
        """
        empty = cls.empty(x.shape[1])
        grid = cls(minimum, maximum, empty.counts)
        scale, origin = np.ldexp(1.0, -grid.exponent), grid.origin.astype(np.float64)
        for start in range(0, len(x), _MOST_ROWS):
            counts = np.zeros(empty.counts.shape, np.uint16)
            count_cells(x[start : start + _MOST_ROWS], scale, origin, counts)
            if len(x) <= _MOST_ROWS:
                return cls(minimum, maximum, counts)
            np.add(grid.counts, counts, out=grid.counts)
        return grid

    def __getstate__(self) -> dict[str, Any]:
        """Pickle counts in the narrowest type, because states travel between workers."""
        smallest = np.min_scalar_type(self.counts.max(initial=0))
        return {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "counts": self.counts.astype(smallest),
            "dtype": self.counts.dtype,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        dtype = state.pop("dtype")  # other types would compile the kernels again
        self.__dict__.update(state, counts=state["counts"].astype(dtype))

    @cached_property
    def exponent(self) -> Ints:
        """(N,) int64 binary logarithm of the cell width."""
        return grid_exponent(self.minimum, self.maximum)

    @cached_property
    def origin(self) -> Ints:
        """(N,) int64 number of the first cell: that of the minimum."""
        filled = self.minimum <= self.maximum
        return _cell(np.where(filled, self.minimum, 0.0), self.exponent)

    def merge(self, *others: DyadicGrid) -> DyadicGrid:
        """Grid of the union of disjoint sets of values; exact, in any order."""
        parts = (self, *others)
        merged = DyadicGrid(
            np.min([part.minimum for part in parts], axis=0),
            np.max([part.maximum for part in parts], axis=0),
            np.zeros(self.counts.shape, np.int64),
        )
        for part in parts:
            shift = np.clip(merged.exponent - part.exponent, 0, 62)
            add_coarsened(part.counts, part.origin, shift, merged.origin, merged.counts)
        return merged

    def distribution(self, mean: Floats, deviation: Floats, *, bins: int) -> Distribution:
        """Counts in `bins` intervals of whole cells, over about mean +- 5 deviations.

        Parameters
        ----------
        mean, deviation
            (N,) centre and standard deviation of each column.
        bins
            Number of intervals; those of a constant column are one cell wide.
        """
        cell = np.ldexp(1.0, self.exponent)
        cells_per_bin = np.maximum(1, np.rint(10 * deviation / (bins * cell))).astype(np.int64)
        first = _cell(mean, self.exponent) - cells_per_bin * bins // 2
        borders = first[:, None] + np.arange(bins + 1) * cells_per_bin[:, None]
        edges = np.ldexp(borders.astype(np.float64), self.exponent[:, None])
        edges[:, -1] = np.nextafter(edges[:, -1], -np.inf)

        below = np.zeros((len(mean), CELLS + 1), np.int64)
        np.cumsum(self.counts, axis=1, out=below[:, 1:])
        cells = np.clip(borders - self.origin[:, None], 0, CELLS)
        below_border = np.take_along_axis(below, cells, axis=1)
        return Distribution(
            edges=edges,
            counts=np.diff(below_border, axis=1),
            underflow=below_border[:, 0],
            overflow=below[:, -1] - below_border[:, -1],
        )


def grid_exponent(minimum: Floats, maximum: Floats) -> Ints:
    """The smallest exponent e with floor(maximum / 2**e) - floor(minimum / 2**e) < CELLS.

    Parameters
    ----------
    minimum, maximum
        (N,) float64 range of each column; minimum > maximum means no values.

    Returns
    -------
    numpy.ndarray
        (N,) int64, bounded below so that cell numbers fit an integer. The exponent never decreases
        when the range grows, so a merge can only coarsen a grid.

    Examples
    --------
    >>> grid_exponent(np.array([-1.0, 0.0]), np.array([1.0, 1023.5]))
    array([-8,  0])
    """
    filled = minimum <= maximum
    low, high = np.where(filled, minimum, 0.0), np.where(filled, maximum, 0.0)
    largest = np.maximum(np.abs(low), np.abs(high))
    bound = np.where(largest > 0, np.frexp(largest)[1] - _INDEX_BITS, _LEAST_EXPONENT)
    bound = np.maximum(bound, _LEAST_EXPONENT).astype(np.int64)
    extent = np.where(high > low, np.frexp(high - low)[1], _LEAST_EXPONENT)
    around = extent.astype(np.int64) - CELLS.bit_length()
    exponent = np.maximum(bound, around + 2)
    for candidate in (around + 1, around):
        usable = np.maximum(bound, candidate)
        fits = _cell(high, usable) - _cell(low, usable) < CELLS
        exponent = np.where(fits, usable, exponent)
    return exponent


def _cell(x: Floats, exponent: Ints) -> Ints:
    """Number of the cell that contains x; scaling by a power of two is exact."""
    return np.floor(np.ldexp(x, -exponent)).astype(np.int64)
