"""The compiled loops of the statistics: one thread each, without the interpreter lock.

All take C-contiguous arrays of float32 or float64 and compute in float64. Each value's result
depends on that value alone, never on its place in the block: this is what makes counts
bit-identical under any chunking.
"""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def scan_columns(x, total, minimum, maximum):  # type: ignore[no-untyped-def]
    """Add the rows of x (n, N) to total (N,), minimum (N,) and maximum (N,) in place."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value = np.float64(x[i, j])
            total[j] += value
            minimum[j] = value if value < minimum[j] else minimum[j]
            maximum[j] = value if value > maximum[j] else maximum[j]


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def row_norms(x, norms):  # type: ignore[no-untyped-def]
    """Write the L2 length of each row of x (n, N) to norms (n,)."""
    for i in range(x.shape[0]):
        squares = 0.0
        for j in range(x.shape[1]):
            value = np.float64(x[i, j])
            squares += value * value
        norms[i] = np.sqrt(squares)


@njit(nogil=True, cache=True)
def centre(x, mean, out):  # type: ignore[no-untyped-def]
    """Write x (n, N) minus mean (N,) to out (n, N)."""
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = np.float64(x[i, j]) - mean[j]


@njit(nogil=True, cache=True)
def count_cells(x, scale, origin, counts):  # type: ignore[no-untyped-def]
    """Count the values of x (n, N) in cells floor(x * scale) - origin of counts (N, cells).

    Indices first and increments second: the first loop vectorises, the second cannot.
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

    Most columns keep their cells: those are added as they lie, which vectorises.
    """
    for j in range(counts.shape[0]):
        offset = origin[j] - new_origin[j]
        if shift[j] == 0 and offset >= 0:  # below 0 only for a grid of no values
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

    A block of rows that the cache holds at a time, and four rows of it at once: each visit to a row
    of the sums costs as much as reading three of x.
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


@njit(nogil=True, cache=True)
def part_rows(x, scale, limit, out, place, inner, squares):  # type: ignore[no-untyped-def]
    """Copy the rows of x (n, N) into out (m, N), as rows place to place + n - 1 of its order.

    Rows whose scaled components have a sum of squares of at most `limit` go to the front of out,
    where `inner` are already, others to its end. The sums go to squares (n,). Returns the new
    number of rows at the front.
    """
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            scaled = x[i, j] * scale[j]
            total += scaled * scaled
        squares[i] = total
        if total <= limit:
            row = inner
            inner += 1
        else:
            row = out.shape[0] - 1 - (place + i - inner)
        for j in range(x.shape[1]):
            out[row, j] = x[i, j]
    return inner


@njit(nogil=True, cache=True)
def add_powers(x, scale, powers, minimum, maximum):  # type: ignore[no-untyped-def]
    """Add the powers 1 to 4 of x (n, N) * scale (N,) to powers (4, N), in place.

    Also lowers minimum (N,) and raises maximum (N,) of x.
    """
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            value = x[i, j]
            first = value * scale[j]
            second = first * first
            powers[0, j] += first
            powers[1, j] += second
            powers[2, j] += second * first
            powers[3, j] += second * second
            minimum[j] = value if value < minimum[j] else minimum[j]
            maximum[j] = value if value > maximum[j] else maximum[j]


@njit(nogil=True, cache=True)
def count_pairs(x, columns, edges, scale, sides, counts, outside):  # type: ignore[no-untyped-def]
    """Count the rows of x (n, N) in counts (P, bins, bins), others in outside (P,), in place.

    Column columns[c] has the intervals edges[c] of edges (C, bins + 1), and about scale[c]
    intervals per unit; pair p consists of columns[sides[p, 0]] and columns[sides[p, 1]]. The
    edges decide, not the scale: the interval is that of `numpy.searchsorted(side="right")`, and
    the last one is closed.
    """
    bins = counts.shape[1]
    cell = np.empty(len(columns), np.int64)
    for i in range(x.shape[0]):
        for c in range(len(columns)):
            value = np.float64(x[i, columns[c]])
            cell[c] = -1
            if edges[c, 0] <= value <= edges[c, bins]:
                k = min(int((value - edges[c, 0]) * scale[c]), bins - 1)
                while k > 0 and value < edges[c, k]:
                    k -= 1
                while k < bins - 1 and value >= edges[c, k + 1]:
                    k += 1
                cell[c] = k
        for p in range(len(sides)):
            row, column = cell[sides[p, 0]], cell[sides[p, 1]]
            if row >= 0 and column >= 0:
                counts[p, row, column] += 1
            else:
                outside[p] += 1


@njit(nogil=True, cache=True)
def flank_width(counts, top, step):  # type: ignore[no-untyped-def]
    """Intervals from counts[top] in steps of 1 or -1 to half its height, beyond counts (bins,) 0.

    Interpolated; the mean of the first and the last place where the height falls below the half.
    NaN for counts of zeros.
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
