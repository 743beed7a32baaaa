"""Compiled loops that add up vectors: sums, comoments, powers of coordinates.

They run on one thread without the interpreter lock, take C-contiguous arrays of float32 or float64
and compute in float64. The range of values is found in the precision of the input, which is exact.
Coordinates from `project_rows` differ in their last bits with the block that BLAS is given.
"""

import numpy as np
from numba import njit

from zpoints.pipeline.analyze.kernels.blas import dsyrk


@njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def scan_rows(x, norms, total, minimum, maximum):  # type: ignore[no-untyped-def]
    """Gather lengths, sum and range of the rows of x, in place.

    Parameters
    ----------
    x
        (n, N) vectors.
    norms
        (n,) float64; receives the L2 length of each row.
    total
        (N,) float64; the rows are added to it.
    minimum, maximum
        (N,) float64; lowered and raised to the range of each column.
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
    """Subtract a mean from the rows of x.

    Parameters
    ----------
    x
        (n, N) vectors.
    mean
        (N,) float64.
    out
        (n, N) float64; receives the differences.
    """
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[i, j] = np.float64(x[i, j]) - mean[j]


@njit(nogil=True, cache=True)
def add_comoment(x, mean, comoment):  # type: ignore[no-untyped-def]
    """Add the outer products of the rows of x minus a mean to a comoment matrix, in place.

    Takes blocks of rows that fit the second-level cache of a core. BLAS adds to one triangle (the
    lower one in row-major order), which is copied to the other at the end.

    Parameters
    ----------
    x
        (n, N) vectors.
    mean
        (N,) float64.
    comoment
        (N, N) float64; the products are added to it.
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
def add_flagged_rows(x, flags, counts, sums):  # type: ignore[no-untyped-def]
    """Count and add up the rows of x that have each flag, in place.

    Takes blocks of rows that fit the cache, four rows at a time: each access to a row of the sums
    costs as much as reading three rows of x.

    Parameters
    ----------
    x
        (n, N) vectors.
    flags
        (n, A) bool.
    counts
        (A,) integers; incremented by the number of rows with each flag.
    sums
        (A, N) float64; the rows with each flag are added to it.
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
    """Add the powers 1 to 4 of scaled coordinates to their sums, in place.

    Parameters
    ----------
    v
        (N,) coordinates.
    scale
        (N,) float64; multiplies the coordinates.
    powers
        (4, N) float64; the powers of v * scale are added to it.
    minimum, maximum
        (N,) float64; lowered and raised to v.
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
    """Project the rows of x, minus a mean, on axes, and divide them into core and others.

    Rows whose scaled coordinates have a sum of squares of at most `limit` form the core. Of arrays
    with two parts, index 0 is for the core and 1 for the others.

    Parameters
    ----------
    x
        (n, N) vectors.
    mean
        (N,) float64.
    axes
        (N, N) float64, an axis in each column.
    scale
        (N,) float64; multiplies the coordinates.
    limit
        Largest sum of squares of scaled coordinates in the core.
    v
        (n, N) float64; receives the coordinates, those of the core from the front, in order, and
        all others from the end.
    squares
        (n,) float64; receives the sums of squares.
    powers
        (2, 4, N) float64; powers 1 to 4 of the scaled coordinates are added to it.
    minimum, maximum
        (2, N) float64; lowered and raised to the coordinates.

    Returns
    -------
    int
        Number of rows in the core.
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
