"""Opens big stored arrays as Dask arrays whose tasks share one open array per process."""

import pickle
from functools import cached_property, lru_cache
from math import prod
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
import zarr
from icechunk import IcechunkError

from zpoints.storage.backend.damage import describe
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.errors import StoreError

TASK_BYTES = (16 * 2**20, 32 * 2**20)
"""Least and most bytes that a task reads, in whole chunks; a task costs Dask 2 ms."""
TASKS = 64
"""Number of tasks of an array, as far as those bounds allow."""
ARRAYS = 64
"""Stored arrays that a process keeps open."""


class StoredArray:
    """A stored array for `dask.array.from_array`; a process opens it once for all tasks.

    Dask pickles it into each task. An array that each task unpickled for itself would ask the store
    again where its chunks are, which takes 8 ms on a local disk.

    Parameters
    ----------
    array
        The array; its session must pickle if other processes read it.
    """

    def __init__(self, array: zarr.Array) -> None:
        self._array = array
        self.shape: tuple[int, ...] = array.shape
        self.dtype: np.dtype[Any] = array.dtype
        self.ndim: int = array.ndim

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        """Values that slices, integers and a list select, as Dask fuses them into its tasks.

        Raises
        ------
        StoreError
            If a chunk is missing, or does not have its stored checksum.
        """
        try:
            with NATIVE_CALLS:
                return np.asarray(self._array[index])
        except (ValueError, IcechunkError) as error:
            raise StoreError(
                f"{self._array.path.strip('/')} cannot be read: {describe(error)}. `zpoints verify "
                "ROOT` lists what is damaged in the store."
            ) from error

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopened, (self._packed,)

    @cached_property
    def _packed(self) -> bytes:
        return pickle.dumps(self._array)


@lru_cache(maxsize=ARRAYS)
def _reopened(packed: bytes) -> StoredArray:
    with NATIVE_CALLS:
        stored = StoredArray(pickle.loads(packed))
    stored.__dict__["_packed"] = packed
    return stored


def lazy(variable: xr.Variable, array: zarr.Array, name: str) -> xr.Variable:
    """A variable with the values of a stored array, read by tasks of whole chunks.

    Parameters
    ----------
    variable
        Dimensions and attributes.
    array
        The values.
    name
        Prefix of the tasks' keys; unique for every state of every array.
    """
    rows, *others = array.chunks
    size = array.dtype.itemsize * prod([rows, *others])
    least, most = TASK_BYTES
    chunks = (rows * max(1, min(max(array.nbytes // TASKS, least), most) // size), *others)
    data = da.from_array(
        StoredArray(array),
        chunks,
        name=name,
        lock=False,
        meta=np.empty((0,) * array.ndim, array.dtype),  # Dask would read a chunk to find it
        inline_array=True,  # tasks that share no node are placed better
    )
    return xr.Variable(variable.dims, data, variable.attrs, variable.encoding)
