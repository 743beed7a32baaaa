"""Input of the analysis: vectors as a Dask array, and the rows to describe."""

from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import AnalyzeError

Vectors = da.Array | xr.DataArray | NDArray[np.number]


def as_dask(z: Vectors) -> da.Array:
    """Vectors (vector, component) as a Dask array.

    Raises
    ------
    AnalyzeError
        If z is not a two-dimensional array with at least one column.
    """
    if isinstance(z, xr.Dataset):
        raise AnalyzeError('Expected an array of vectors, got a Dataset: pass latents["z"].')
    array = z.data if isinstance(z, xr.DataArray) else z
    if np.ndim(array) != 2 or np.shape(array)[1] == 0:
        raise AnalyzeError(
            "Expected vectors as an array (vector, component) with at least one component, got "
            f"shape {np.shape(array)}."
        )
    return array if isinstance(array, da.Array) else da.from_array(array, chunks=("auto", -1))


def as_mask(where: Any) -> NDArray[np.bool_]:
    """The mask of the rows to describe.

    Raises
    ------
    AnalyzeError
        If it is not a one-dimensional array of bool.
    """
    mask = np.asarray(where)
    if mask.dtype != np.bool_ or mask.ndim != 1:
        raise AnalyzeError(
            f"`where` is {mask.dtype} of shape {mask.shape}; expected bool (vector,), as "
            "`Labels.select` returns it."
        )
    return mask


def count_rows(z: da.Array, where: Any) -> float:
    """Number of vectors to describe; NaN where the lengths of the chunks are unknown.

    Raises
    ------
    AnalyzeError
        If `where` is not a mask of the rows of z.
    """
    if where is None:
        return z.shape[0]
    mask = as_mask(where)
    if len(mask) != z.shape[0]:
        raise AnalyzeError(f"`where` has {len(mask):,} rows, but there are {z.shape[0]:,} vectors.")
    return int(mask.sum())


def aligned(z: da.Array, table: Any) -> da.Array:
    """A table with one row per vector, in chunks of the same rows as those of z.

    Raises
    ------
    AnalyzeError
        If the numbers of rows differ.
    """
    if len(table) != len(z):
        raise AnalyzeError(
            f"There are labels for {len(table):,} vectors, but {len(z):,} vectors. Pass one row of "
            "labels for each vector."
        )
    chunks = (z.chunks[0], table.shape[1:])
    return table.rechunk(chunks) if isinstance(table, da.Array) else da.from_array(table, chunks)
