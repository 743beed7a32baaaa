"""Compiled loops of the statistics: one thread each, without the interpreter lock.

All take C-contiguous arrays of float32 or float64 and compute in float64. The range of values is
found in the precision of the input, which is exact. How a value of x is counted depends on that
value alone, never on its position in the block, so the counts of the first pass are bit-identical
under any chunking. Coordinates from `project_rows` differ in their last bits with the block that
BLAS is given.
"""

import numpy as np
from numba import njit

from zpoints.pipeline.analyze.kernels.blas import dsyrk


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def scan_rows(x, norms, total, minimum, maximum):  # type: ignore[no-untyped-def]
    """Lengths, sum and range of the rows of x (n, N), in place.

    Writes the L2 length of each row to norms (n,), adds the rows to total (N,), lowers minimum
    (N,) and raises maximum (N,) to the range of each column.
    """
    components = x.shape[1]
    low, high = np.empty(components, x.dtype), np.empty(components, x.dtype)
    low[:], high[:] = np.inf, -np.inf
    for i in range(x.shape[0]):
        squares = 0.0
        for j in range(components):
            value = x[i, j]
            low[j] = value if value < low[j] else low[j]
            high[j] = value if value > high[j] else high[j]
            wide = np.float64(value)
            total[j] += wide
            squares += wide * wide
        norms[i] = np.sqrt(squares)
    for j in range(components):
        minimum[j] = min(minimum[j], np.float64(low[j]))
        maximum[j] = max(maximum[j], np.float64(high[j]))


@njit(nogil=True, cache=True)
def centre(x, mean, out):  # type: ignore[no-untyped-def]
    """Write x (n, N) minus mean (N,) to out (n, N)."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = np.float64(x[i, j]) - mean[j]


@njit(nogil=True, cache=True)
def add_comoment(x, mean, comoment):  # type: ignore[no-untyped-def]
    """Add the outer products of the rows of x (n, N) minus mean (N,) to comoment (N, N), in place.

    Takes blocks of rows that fit the second-level cache of a core. BLAS adds to one triangle (the
    lower one in row-major order), which is copied to the other at the end.
    """
    block, components = 384, x.shape[1]
    deviations = np.empty((min(block, x.shape[0]), components))
    upper, normal = np.array([ord("U")], np.uint8), np.array([ord("N")], np.uint8)
    columns, rows = np.array([components], np.int32), np.empty(1, np.int32)
    one = np.ones(1)
    for start in range(0, x.shape[0], block):
        part = x[start : start + block]
        centre(part, mean, deviations)
        rows[0] = part.shape[0]
        dsyrk(
            upper.ctypes,
            normal.ctypes,
            columns.ctypes,
            rows.ctypes,
            one.ctypes,
            deviations.ctypes,
            columns.ctypes,
            one.ctypes,
            comoment.ctypes,
            columns.ctypes,
        )
    for i in range(components):
        for j in range(i):
            comoment[j, i] = comoment[i, j]


@njit(nogil=True, cache=True)
def count_cells(x, scale, origin, counts):  # type: ignore[no-untyped-def]
    """Count the values of x (n, N) in cells floor(x * scale) - origin of counts (N, cells).

    Indices and increments have a loop each: the first vectorises, the second cannot.
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
    """Add counts (N, cells) to new_counts (N, cells) on a grid coarser by 2**shift (N,).

    Most columns keep their cell width; their cells are added without a shift, which vectorises.
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
def add_flagged_rows(x, flags, counts, sums):  # type: ignore[no-untyped-def]
    """Add the rows of x (n, N) that have flag a of flags (n, A) to counts (A,) and sums (A, N).

    Takes blocks of rows that fit the cache, four rows at a time: each access to a row of the sums
    costs as much as reading three rows of x.
    """
    block = 512
    chosen = np.empty(block + 1, np.int64)
    for start in range(0, x.shape[0], block):
        stop = min(start + block, x.shape[0])
        for a in range(flags.shape[1]):
            count = 0
            for i in range(start, stop):
                chosen[count] = i
                count += flags[i, a]
            counts[a] += count
            k = 0
            while k + 4 <= count:
                r, s, t, u = chosen[k], chosen[k + 1], chosen[k + 2], chosen[k + 3]
                for j in range(x.shape[1]):
                    first = np.float64(x[r, j]) + np.float64(x[s, j])
                    sums[a, j] += first + (np.float64(x[t, j]) + np.float64(x[u, j]))
                k += 4
            while k < count:
                for j in range(x.shape[1]):
                    sums[a, j] += x[chosen[k], j]
                k += 1


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def squared_radius(v, scale):  # type: ignore[no-untyped-def]
    """Sum of squares of v (N,) * scale (N,)."""
    total = 0.0
    for j in range(len(v)):
        scaled = v[j] * scale[j]
        total += scaled * scaled
    return total


@njit(nogil=True, cache=True)
def add_powers(v, scale, powers, minimum, maximum):  # type: ignore[no-untyped-def]
    """Add the powers 1 to 4 of v (N,) * scale (N,) to powers (4, N), in place.

    Also lowers minimum (N,) and raises maximum (N,) of v.
    """
    for j in range(len(v)):
        value = v[j]
        first = value * scale[j]
        second = first * first
        powers[0, j] += first
        powers[1, j] += second
        powers[2, j] += second * first
        powers[3, j] += second * second
        minimum[j] = value if value < minimum[j] else minimum[j]
        maximum[j] = value if value > maximum[j] else maximum[j]


@njit(nogil=True, cache=True)
def project_rows(x, mean, axes, scale, limit, v, squares, powers, minimum, maximum):  # type: ignore[no-untyped-def]
    """Project the rows of x (n, N), minus mean (N,), on the columns of axes (N, N).

    Rows whose scaled coordinates have a sum of squares of at most `limit` form the core. They are
    written to the front of v (n, N), in order, and all others to its end. The sums of squares are
    written to squares (n,). Powers 1 to 4 of the scaled coordinates are added to powers (2, 4, N),
    minimum (2, N) is lowered and maximum (2, N) raised, with index 0 for the core and 1 for the
    others. Returns the number of rows in the core.
    """
    block, inner = 384, 0
    centred = np.empty((min(block, x.shape[0]), x.shape[1]))
    projected = np.empty_like(centred)
    for start in range(0, x.shape[0], block):
        part = x[start : start + block]
        count = part.shape[0]
        centre(part, mean, centred)
        np.dot(centred[:count], axes, projected[:count])
        for i in range(count):
            row = projected[i]
            total = squared_radius(row, scale)
            squares[start + i] = total
            if total <= limit:
                side, position = 0, inner
                inner += 1
            else:
                side, position = 1, inner - 1 - (start + i)  # from the end
            v[position] = row
            add_powers(row, scale, powers[side], minimum[side], maximum[side])
    return inner


@njit(nogil=True, cache=True)
def count_pairs(x, columns, edges, scale, sides, counts, outside):  # type: ignore[no-untyped-def]
    """Count the rows of x (n, N) in counts (P, bins, bins), in place.

    Rows outside the intervals are counted in outside (P,). Column columns[c] has the edges
    edges[c] of edges (C, bins + 1) and about scale[c] intervals per unit. Pair p consists of
    columns[sides[p, 0]] and columns[sides[p, 1]]. The scale only gives a first guess: the edges
    decide, as in `numpy.searchsorted(side="right")` with a closed last interval.
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
    """Distance in intervals from counts[top] to half its height, in steps of 1 or -1.

    Beyond counts (bins,) the height is 0. Crossings are interpolated linearly; the result is the
    mean of the first and the last one. NaN for counts of zeros.
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
