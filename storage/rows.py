"""Rows of a stored array, read inside a task without a graph of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import zarr

from storage.errors import StoreError
from storage.store import Store, open_store


@dataclass(frozen=True)
class Rows:
    """The leading dimension of one array of one version of a store; a few bytes in a task.

    Attributes
    ----------
    root, version
        The store, as `Store.root` and `Store.version` name it.
    group, variable
        The array.
    """

    root: str
    version: str
    group: str
    variable: str

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows ``start`` to ``stop``; the store is opened once per process.

        Raises
        ------
        StoreError
            If a chunk does not have the checksum that was stored with it.
        """
        return self._checked(lambda array: array[start:stop], f"rows {start} to {stop}")

    def take(self, rows: np.ndarray) -> np.ndarray:
        """Some rows, in the order of their numbers in ``rows``; raises as ``read``."""
        return self._checked(lambda array: array.oindex[rows], f"some of {len(rows)} rows")

    def _checked(self, read: Callable[[zarr.Array], Any], what: str) -> np.ndarray:
        try:
            return np.asarray(read(_array(self)))
        except ValueError as error:
            raise StoreError(
                f"{self.group}/{self.variable} of {self.root}, {what}, is damaged: "
                f"{error}. Run the stage that made it into a new root."
            ) from error


@lru_cache(maxsize=8)
def _opened(root: str, version: str) -> Store:
    return open_store(root, version=version)


@lru_cache(maxsize=32)
def _array(rows: Rows) -> zarr.Array:
    return _opened(rows.root, rows.version).array(rows.group, rows.variable)
