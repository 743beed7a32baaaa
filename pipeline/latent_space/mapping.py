"""Applies a network to labelled arrays, chunk by chunk where they are lazy."""

from collections.abc import Callable
from functools import partial
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
        One row, or many along any dimensions before its own.
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
    by_rows = partial(_by_rows, function, inner)
    lazy = isinstance(rows, da.Array)
    found = _mapped_blocks(by_rows, rows, inner, dtype) if lazy else by_rows(np.asarray(rows))
    coords = {
        name: coord
        for name, coord in given.coords.items()
        if set(coord.dims) <= set(outer) and (coord.dims or not outer)
    }
    return xr.DataArray(found if outer else found[0], coords, (*outer, *dims))


def _by_rows(function: Function, inner: int, given: NDArray[Any]) -> NDArray[Any]:
    """The function of rows that are counted along several dimensions."""
    outer, row = given.shape[:-inner], given.shape[-inner:]
    found = function(given.reshape(prod(outer), *row))
    return found.reshape(*outer, *found.shape[1:])


def _mapped_blocks(function: Function, rows: da.Array, inner: int, dtype: type) -> da.Array:
    """The function of each block of rows; one row of zeros shows the shape of its results."""
    outer, row = rows.ndim - inner, rows.shape[-inner:]
    one = function(np.zeros((1,) * outer + row, rows.dtype))
    shape = one.shape[outer:]
    most = max(1, BLOCK_BYTES // max(one.nbytes, rows.dtype.itemsize * prod(row), 1))
    chunks = []
    for lengths in reversed(rows.chunks[:outer]):  # the last dimension is cut last
        chunks.append(_split(lengths, most))
        most = max(1, most // max(chunks[-1]))
    chunks.reverse()
    rows = rows.rechunk((*chunks, *((length,) for length in row)))
    return da.map_blocks(
        function,
        rows,
        dtype=dtype,
        chunks=(*chunks, *((length,) for length in shape)),
        drop_axis=list(range(outer, rows.ndim)),
        new_axis=list(range(outer, outer + len(shape))),
        meta=np.empty((0,) * (outer + len(shape)), dtype),
    )


def _split(lengths: tuple[int, ...], most: int) -> tuple[int, ...]:
    """The lengths of chunks, those that are too long cut in pieces."""
    return tuple(
        min(most, length - start) for length in lengths for start in range(0, length, most)
    )
