"""Writes whole chunks through a fork and finds those that exist."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any

import icechunk
import numpy as np
import zarr

from zpoints.storage.backend.icechunk_calls import is_unwritten
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.backend.location import load_snapshot
from zpoints.storage.errors import SchemaError


@dataclass(frozen=True)
class Block:
    """Rows that one task computes and writes.

    Attributes
    ----------
    start, stop
        Range of rows along the leading dimension, on chunk boundaries or up to the last row.
    compute
        Called on the worker, with the value of `shared` if `write_chunks` has one. Returns the rows
        `start` to `stop` of every Dask-backed variable of the template, with its dtype. Must be
        small when pickled.
    """

    start: int
    stop: int
    compute: Callable[..., Mapping[str, np.ndarray]]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.stop - self.start


def write_rows(
    group: str, names: tuple[str, ...], block: Block, fork: icechunk.ForkSession, *shared: Any
) -> tuple[int, icechunk.ForkSession]:
    """Compute a block and write its chunks through a fork.

    Parameters
    ----------
    group
        Name of the group.
    names
        Its variables to write.
    block
        The rows.
    fork
        Fork of a writable session.
    shared
        Argument of `block.compute`, if any.

    Returns
    -------
    tuple
        The number of rows, and the fork to merge.

    Raises
    ------
    SchemaError
        If the block computes other variables, shapes or dtypes than the group has.
    """
    computed = block.compute(*shared)
    if set(computed) != set(names):
        raise SchemaError(
            f"Rows {block.start} to {block.stop} of {group}: expected the variables "
            f"{sorted(names)}, got {sorted(computed)}."
        )
    with NATIVE_CALLS:
        _write_values(group, block, fork, computed)
    return block.rows, fork


def _write_values(
    group: str, block: Block, fork: icechunk.ForkSession, computed: Mapping[str, np.ndarray]
) -> None:
    load_snapshot(fork)
    for name, values in computed.items():
        array = zarr.open_array(fork.store, path=f"{group}/{name}", mode="r+")
        shape = (block.rows, *array.shape[1:])
        if values.shape != shape or values.dtype != array.dtype:
            raise SchemaError(
                f"{group}/{name}, rows {block.start} to {block.stop}: expected {array.dtype} of "
                f"shape {shape}, got {values.dtype} of shape {values.shape}."
            )
        # A chunk of fill values must exist too (format rule 6).
        array.with_config({"write_empty_chunks": True})[block.start : block.stop] = values


class Presence:
    """The chunks of some variables of a group that exist in a session.

    Parameters
    ----------
    session
        The session.
    group
        Name of the group.
    names
        Its variables that share the leading dimension.
    """

    def __init__(self, session: icechunk.Session, group: str, names: tuple[str, ...]) -> None:
        self._session = session
        self._group = group
        self._arrays = {
            name: zarr.open_array(session.store, path=f"{group}/{name}", mode="r") for name in names
        }

    def complete(self, block: Block) -> bool:
        """Whether every chunk of the block exists.

        Raises
        ------
        SchemaError
            If the block covers part of a chunk.
        """
        return all(
            exists(self._session, f"/{self._group}/{name}", index)
            for name, array in self._arrays.items()
            for index in self._indices(name, array, block)
        )

    def _indices(self, name: str, array: zarr.Array, block: Block) -> Iterator[tuple[int, ...]]:
        rows, chunk = array.shape[0], array.chunks[0]
        whole = block.start % chunk == 0 and (block.stop % chunk == 0 or block.stop == rows)
        if not whole or not 0 <= block.start < block.stop <= rows:
            raise SchemaError(
                f"{self._group}/{name}: rows {block.start} to {block.stop} are not whole chunks; "
                f"expected multiples of {chunk}, up to {rows}."
            )
        leading = range(block.start // chunk, ceil(block.stop / chunk))
        return product(leading, *map(range, array.cdata_shape[1:]))


def exists(session: icechunk.Session, path: str, index: tuple[int, ...]) -> bool:
    """Whether a chunk exists.

    Parameters
    ----------
    session
        A session that can read the array.
    path
        Path of the array.
    index
        Number of the chunk along each dim.
    """
    return not is_unwritten(session.chunk_type(path, index))


def missing_chunks(session: icechunk.Session, group: str) -> list[tuple[str, int, int]]:
    """Variables of a group with missing chunks: (name, missing, total)."""
    found = []
    for name, array in zarr.open_group(session.store, path=group, mode="r").arrays():
        if array.nchunks_initialized != array.nchunks:
            found.append((name, array.nchunks - array.nchunks_initialized, array.nchunks))
    return found
