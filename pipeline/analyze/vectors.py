"""Input of the analysis: vectors as a Dask array, and the rows to describe."""

from typing import Any

import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype

from zpoints.pipeline.errors import AnalyzeError

Vectors = da.Array | xr.DataArray | NDArray[np.number]


def as_array(z: Any) -> Any:
    """Vectors from elsewhere as an array; what is read by chunks stays lazy.

    Parameters
    ----------
    z
        An array of NumPy, Dask, Zarr or h5py; a labelled array, a data frame of numbers, a tensor,
        or what else NumPy makes an array of.

    Raises
    ------
    AnalyzeError
        If z is a Dataset, or no array can be made of it.

    Examples
    --------
    >>> as_array(pd.DataFrame({"x": [1, 2], "y": [0.5, 1.5]})).shape
    (2, 2)
    """
    if isinstance(z, xr.Dataset):
        raise AnalyzeError('Expected an array of vectors, got a Dataset: pass latents["z"].')
    array = z.data if isinstance(z, xr.DataArray) else z
    if isinstance(array, np.ndarray) or hasattr(array, "chunks"):
        return array
    if isinstance(array, pd.DataFrame):
        other = [str(name) for name, kind in array.dtypes.items() if not is_numeric_dtype(kind)]
        if other:
            raise AnalyzeError(
                f"Got columns that are not numbers: {', '.join(other[:5])}. Expected a column for "
                "each component; pass others as labels, and names of vectors as the index."
            )
        return array.to_numpy(dtype=np.result_type(np.float32, *map(_numpy, array.dtypes)))
    try:
        return np.asarray(array)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged lists; tensors on a GPU
        raise AnalyzeError(
            f"No array can be made of a {type(array).__name__} ({error}). Expected vectors "
            "(vector, component), e.g. tensor.detach().cpu()."
        ) from error


def _numpy(kind: Any) -> np.dtype[Any]:
    """NumPy's type for that of a column, which may know missing values."""
    return np.dtype(getattr(kind, "numpy_dtype", kind))


def as_dask(z: Vectors) -> da.Array:
    """Vectors (vector, component) as a Dask array.

    Raises
    ------
    AnalyzeError
        If z is not a two-dimensional array with at least one column.
    """
    array = as_array(z)
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
