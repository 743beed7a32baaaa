"""Reads rows of stored arrays inside tasks, without a Dask graph."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, ClassVar

import numpy as np
import zarr

from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.errors import StoreError
from zpoints.storage.labels.columns import LabelColumn
from zpoints.storage.store import Store, open_store


@dataclass(frozen=True)
class Rows:
    """Rows of one array of one version of a store; a few bytes in a task.

    Attributes
    ----------
    root, version
        The version, as in `Store.root` and `Store.version`.
    group, variable
        The array.
    """

    root: str
    version: str
    group: str
    variable: str

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows ``start`` to ``stop``; a process opens the store once.

        Raises
        ------
        StoreError
            If a chunk does not have its stored checksum.
        """
        return self._checked(lambda array: array[start:stop], f"rows {start} to {stop}")

    def take(self, rows: np.ndarray) -> np.ndarray:
        """The rows with these numbers, in their order; raises as ``read``."""
        return self._checked(lambda array: array.oindex[rows], f"some of {len(rows)} rows")

    def _checked(self, read: Callable[[zarr.Array], Any], what: str) -> np.ndarray:
        array = _array(self)
        try:
            with NATIVE_CALLS:
                return np.asarray(read(array))
        except ValueError as error:
            raise StoreError(
                f"{self.group}/{self.variable} of {self.root}, {what}, is damaged: "
                f"{error}. Run its stage again in a new root."
            ) from error


WINDOW = 2**20
"""Rows of a label table that a process reads at a time and keeps for its next tasks."""
WINDOWS = 2
"""Windows that a process keeps, since tasks that run at once may need two."""
READERS = 4
"""Labels that a process reads at once, each decompressed as a whole."""


@dataclass(frozen=True)
class LabelTable:
    """Boolean labels of a group as the columns of an array, for `dask.array.from_array`.

    It holds names alone, whatever the number of rows. A process reads each label once per window of
    rows, not once per task, because a label is a chunk of up to 32 Mi rows.

    Attributes
    ----------
    root, version, group
        As in `Rows`.
    names
        The labels, one per column.
    rows
        Number of rows.
    """

    root: str
    version: str
    group: str
    names: tuple[str, ...]
    rows: int

    ndim = 2
    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.bool_)

    def read_column(self, column: int, start: int, stop: int) -> np.ndarray:
        """Values of a column.

        Parameters
        ----------
        column
            Its number.
        start, stop
            The rows.

        Returns
        -------
        numpy.ndarray
            (row,) of the table's dtype.
        """
        return Rows(self.root, self.version, self.group, self.names[column]).read(start, stop)

    @property
    def shape(self) -> tuple[int, int]:
        """(row, label)."""
        return self.rows, len(self.names)

    def __getitem__(self, index: tuple[slice, slice]) -> np.ndarray:
        """Consecutive rows, as Dask asks for them."""
        start, stop, _ = index[0].indices(self.rows)
        parts = [np.empty((0, len(self.names)), self.dtype)[:, index[1]]]
        while start < stop:
            number, offset = divmod(start, WINDOW)
            with _READING:
                part = _window(self, number)[offset : offset + stop - start, index[1]]
            parts.append(part)
            start += len(part)
        return np.concatenate(parts)


@dataclass(frozen=True)
class LabelNumberTable(LabelTable):
    """Other labels of a group as columns of numbers, see `LabelColumn.as_numbers`.

    Attributes
    ----------
    columns
        The labels of the columns.
    """

    columns: tuple[LabelColumn, ...] = ()

    dtype: ClassVar[np.dtype[Any]] = np.dtype(np.float64)

    def read_column(self, column: int, start: int, stop: int) -> np.ndarray:
        return self.columns[column].as_numbers(super().read_column(column, start, stop))


_READING = Lock()


@lru_cache(maxsize=WINDOWS)
def _window(table: LabelTable, number: int) -> np.ndarray:
    start, stop = number * WINDOW, min((number + 1) * WINDOW, table.rows)
    values = np.empty((stop - start, len(table.names)), table.dtype)
    with ThreadPoolExecutor(READERS) as pool:
        read = pool.map(lambda k: table.read_column(k, start, stop), range(len(table.names)))
        for k, label in enumerate(read):
            values[:, k] = label
    return values


@lru_cache(maxsize=8)
def _opened(root: str, version: str) -> Store:
    return open_store(root, version=version)


@lru_cache(maxsize=64)
def _array(rows: Rows) -> zarr.Array:
    return _opened(rows.root, rows.version).array(rows.group, rows.variable)
