"""Compiled loops that count values in intervals, and the width of a peak of counts.

They run on one thread without the interpreter lock, take C-contiguous arrays of float32 or float64
and compute in float64. How a value is counted depends on that value alone, never on its position in
the block, so the counts are bit-identical under any chunking.
"""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_cells(x, scale, origin, counts):  # type: ignore[no-untyped-def]
    """Count the values of x in the cells floor(x * scale) - origin, in place.

    Indices and increments have a loop each: the first vectorises, the second cannot.

    Parameters
    ----------
    x
        (n, N) vectors.
    scale
        (N,) float64, cells per unit.
    origin
        (N,) float64, number of the first cell.
    counts
        (N, cells) integers; incremented.
    """
    cells = counts.shape[1]
    flat = counts.reshape(-1)
    index = np.empty(x.shape[1], np.int32)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            cell = np.floor(np.float64(x[i, j]) * scale[j]) - origin[j]
            index[j] = np.int32(cell) + np.int32(j * cells)
        for j in range(x.shape[1]):
            flat[index[j]] += 1


@njit(nogil=True, cache=True)
def add_coarsened(counts, origin, shift, new_origin, new_counts):  # type: ignore[no-untyped-def]
    """Add counts to those of a grid that is coarser by 2**shift, in place.

    Most columns keep their cell width; their cells are added without a shift, which vectorises.

    Parameters
    ----------
    counts
        (N, cells) integers.
    origin
        (N,) integers, number of the first cell.
    shift
        (N,) integers, at least 0: binary logarithm of the ratio of the cell widths.
    new_origin
        (N,) integers, number of the first cell of the coarser grid.
    new_counts
        (N, cells) integers of the coarser grid; incremented.
    """
    for j in range(counts.shape[0]):
        offset = origin[j] - new_origin[j]
        if shift[j] == 0 and offset >= 0:  # negative only for an empty grid
            for cell in range(counts.shape[1] - offset):
                new_counts[j, offset + cell] += counts[j, cell]
        else:
            for cell in range(counts.shape[1]):
                if counts[j, cell] > 0:
                    new_cell = ((origin[j] + cell) >> shift[j]) - new_origin[j]
                    new_counts[j, new_cell] += counts[j, cell]


@njit(nogil=True, cache=True)
def count_pairs(x, columns, edges, scale, sides, counts, outside):  # type: ignore[no-untyped-def]
    """Count the rows of x in the intervals of pairs of columns, in place.

    The scale only gives a first guess: the edges decide, as in `numpy.searchsorted(side="right")`
    with a closed last interval.

    Parameters
    ----------
    x
        (n, N) vectors.
    columns
        (C,) numbers of the columns that occur in pairs.
    edges
        (C, bins + 1) float64, edges of the intervals of each of these columns.
    scale
        (C,) float64, approximate number of intervals per unit.
    sides
        (P, 2) integers: pair p consists of columns[sides[p, 0]] and columns[sides[p, 1]].
    counts
        (P, bins, bins) integers; incremented.
    outside
        (P,) integers; incremented for rows outside the intervals.
    """
    block, bins = 512, counts.shape[1]
    cell = np.empty((len(columns), block), np.int32)
    for start in range(0, x.shape[0], block):
        rows = x[start : start + block]
        for c in range(len(columns)):
            column, first, last = columns[c], edges[c, 0], edges[c, bins]
            for i in range(rows.shape[0]):
                value = np.float64(rows[i, column])
                k = -1
                if first <= value <= last:
                    k = min(int((value - first) * scale[c]), bins - 1)
                    while k > 0 and value < edges[c, k]:
                        k -= 1
                    while k < bins - 1 and value >= edges[c, k + 1]:
                        k += 1
                cell[c, i] = k
        for p in range(len(sides)):
            one, other = cell[sides[p, 0]], cell[sides[p, 1]]
            for i in range(rows.shape[0]):
                if one[i] >= 0 and other[i] >= 0:
                    counts[p, one[i], other[i]] += 1
                else:
                    outside[p] += 1


@njit(nogil=True, cache=True)
def flank_width(counts, top, step):  # type: ignore[no-untyped-def]
    """Distance in intervals from a peak to half its height.

    Outside the counts the height is 0. Crossings are interpolated linearly; the result is the
    mean of the first and the last one. NaN for counts of zeros.

    Parameters
    ----------
    counts
        (bins,) counts.
    top
        Number of the interval of the peak.
    step
        1 to look to the right, -1 to look to the left.
    """
    half = counts[top] / 2.0
    first, last = np.nan, np.nan
    here, distance = top, 0
    while 0 <= here < len(counts):
        beyond = here + step
        height = np.float64(counts[here])
        after = np.float64(counts[beyond]) if 0 <= beyond < len(counts) else 0.0
        if height >= half and after < half:
            last = distance + (height - half) / (height - after)
            if np.isnan(first):
                first = last
        here, distance = beyond, distance + 1
    return (first + last) / 2.0
