"""Whole chunks: writing them through a fork, and finding those that exist."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any

import icechunk
import numpy as np
import zarr
from zarr.core.sync import sync

from zpoints.storage.errors import SchemaError


@dataclass(frozen=True)
class Block:
    """Rows that one task computes and writes.

    Attributes
    ----------
    start, stop
        Rows along the leading dimension; both on chunk boundaries, or `stop` at the end.
    compute
        Called on the worker, with the value of `shared` if `write_chunks` is given that; returns
        for every Dask-backed variable of the template its rows `start` to `stop`, with the
        template's dtype. Must pickle, and small.
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

    Returns
    -------
    tuple
        The number of rows, and the fork to be merged.

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
    for name in names:
        array = zarr.open_array(fork.store, path=f"{group}/{name}", mode="r+")
        values = computed[name]
        shape = (block.rows, *array.shape[1:])
        if values.shape != shape or values.dtype != array.dtype:
            raise SchemaError(
                f"{group}/{name}, rows {block.start} to {block.stop}: expected {array.dtype} of "
                f"shape {shape}, got {values.dtype} of shape {values.shape}."
            )
        # A chunk of fill values only is a written chunk too.
        array.with_config({"write_empty_chunks": True})[block.start : block.stop] = values
    return block.rows, fork


class Presence:
    """Which chunks of some variables of a group exist in a session.

    Parameters
    ----------
    session
        The session to look into.
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
            If the block covers a part of a chunk.
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
    """Whether a chunk exists."""
    return bool(session.chunk_type(path, index) != icechunk.ChunkType.UNINITIALIZED)


def missing_chunks(session: icechunk.Session, group: str) -> list[tuple[str, int, int]]:
    """Variables of a group with missing chunks: (name, missing, total)."""
    found = []
    for name, array in zarr.open_group(session.store, path=group, mode="r").arrays():
        if array.nchunks_initialized != array.nchunks:
            found.append((name, array.nchunks - array.nchunks_initialized, array.nchunks))
    return found


def chunks_in_place(carried: np.ndarray, chunk: int) -> list[int]:
    """Indices of the chunks all of whose rows stay where they are.

    Parameters
    ----------
    carried
        int64 (row): for each row, where it was, or -1.
    chunk
        Rows per chunk.

    Examples
    --------
    >>> chunks_in_place(np.array([0, 1, 3, 2, 4]), 2)
    [0, 2]
    """
    moved = carried != np.arange(len(carried))
    return [k for k in range(ceil(len(carried) / chunk)) if not moved[k * chunk :][:chunk].any()]


def keep_chunks(
    session: icechunk.Session, group: str, name: str, rows: int, carried: np.ndarray
) -> None:
    """Give an array a new length and remove its chunks but for those whose rows stay in place."""
    array = zarr.open_array(session.store, path=f"{group}/{name}", mode="r+")
    before = array.cdata_shape
    array.resize((rows, *array.shape[1:]))
    staying = set(chunks_in_place(carried, array.chunks[0]))
    for index in product(*map(range, before)):
        if index[0] not in staying and index[0] < array.cdata_shape[0]:
            sync(session.store.delete(f"{group}/{name}/{array.metadata.encode_chunk_key(index)}"))


def fill_kept_chunks(session: icechunk.Session, group: str, name: str, carried: np.ndarray) -> None:
    """Write the fill value into the chunks of a new array whose rows stay in place."""
    array = zarr.open_array(session.store, path=f"{group}/{name}", mode="r+")
    array = array.with_config({"write_empty_chunks": True})
    chunk = array.chunks[0]
    for k in chunks_in_place(carried, chunk):
        array[k * chunk : (k + 1) * chunk] = array.fill_value


def gather_rows(
    source: icechunk.Session, target: icechunk.Session, path: str, rows: np.ndarray, *, kept: bool
) -> None:
    """Fill the chunks of an array with rows of what it was, a chunk at a time.

    Parameters
    ----------
    source, target
        Sessions on the array as it was and as it becomes.
    path
        The array.
    rows
        int64 (row): for each row of the target, its row in the source.
    kept
        Whether the target still holds the chunks whose rows stay where they are.
    """
    old = zarr.open_array(source.store, path=path, mode="r")
    new = zarr.open_array(target.store, path=path, mode="r+")
    new = new.with_config({"write_empty_chunks": True})
    chunk = new.chunks[0]
    staying = chunks_in_place(rows, chunk) if kept else []
    for k in set(range(new.cdata_shape[0])).difference(staying):
        part = slice(k * chunk, min((k + 1) * chunk, len(rows)))
        new[part] = old.oindex[rows[part]]
