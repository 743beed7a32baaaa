"""Applies a network to labelled arrays, chunk by chunk where they are lazy."""

from collections.abc import Callable
from math import prod
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

BLOCK_BYTES = 32 * 2**20
"""Size of the rows, or of their results, that one task maps."""
Function = Callable[[NDArray[Any]], NDArray[Any]]


def mapped(
    function: Function, given: xr.DataArray, inner: int, dims: tuple[str, ...], dtype: type
) -> xr.DataArray:
    """Apply a function of rows to an array of them.

    Parameters
    ----------
    function
        Maps (row, ...) to (row, ...).
    given
        One row, or many along the first dimension.
    inner
        Number of dimensions of a row.
    dims, dtype
        Those of a row of the result.

    Returns
    -------
    xr.DataArray
        With the coordinates of the rows; lazy if `given` is.

    Examples
    --------
    >>> z = xr.DataArray([[1.0, 2.0]], {"image": ["a.jpg"]}, ("image", "component"))
    >>> mapped(lambda z: z.sum(axis=1, keepdims=True), z, 1, ("total",), np.float64).values
    array([[3.]])
    """
    outer = given.dims[:-inner]
    rows = given.data if outer else given.data[None]
    lazy = isinstance(rows, da.Array)
    found = _mapped_blocks(function, rows, dtype) if lazy else function(np.asarray(rows))
    coords = {
        name: coord
        for name, coord in given.coords.items()
        if set(coord.dims) <= set(outer) and (coord.dims or not outer)
    }
    return xr.DataArray(found if outer else found[0], coords, (*outer, *dims))


def _mapped_blocks(function: Function, rows: da.Array, dtype: type) -> da.Array:
    """The function of each block of rows; one row of zeros shows the shape of its results."""
    one = function(np.zeros((1, *rows.shape[1:]), rows.dtype))
    shape, inner = one.shape[1:], range(1, rows.ndim)
    given = rows.dtype.itemsize * prod(rows.shape[1:])
    most = max(1, BLOCK_BYTES // max(one.nbytes, given, 1))
    rows = rows.rechunk({0: _split(rows.chunks[0], most), **dict.fromkeys(inner, -1)})
    return da.map_blocks(
        function,
        rows,
        dtype=dtype,
        chunks=(rows.chunks[0], *((length,) for length in shape)),
        drop_axis=list(inner),
        new_axis=list(range(1, 1 + len(shape))),
        meta=np.empty((0,) * (1 + len(shape)), dtype),
    )


def _split(lengths: tuple[int, ...], most: int) -> tuple[int, ...]:
    """The lengths of chunks, those that are too long cut in pieces."""
    return tuple(
        min(most, length - start) for length in lengths for start in range(0, length, most)
    )
