"""Carries rows over when a group grows, shrinks or changes.

A group is laid out for new rows from the rows that are stored. `carried`, an int64 array, names for
each new row the stored row with the same content, or -1. Chunks all of whose rows stay in place are
not touched; the rows of the others are copied, or computed where they are new.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import ceil
from typing import Any

import icechunk
import numpy as np
import xarray as xr
import zarr
from zarr.core.sync import sync

from zpoints.storage.arrays.groups import group_attrs
from zpoints.storage.arrays.layout import layout, write_layout
from zpoints.storage.rows import Rows


@dataclass(frozen=True)
class CarriedRows:
    """Rows of a group that tasks copy from a stored version instead of computing them.

    Attributes
    ----------
    root, version, group
        The stored group.
    carried
        int64 (row): for each row, the stored row with the same content, or -1.
    """

    root: str
    version: str
    group: str
    carried: np.ndarray

    @property
    def new(self) -> np.ndarray:
        """bool (row): whether a row has to be computed."""
        return self.carried < 0

    def block(self, start: int, stop: int) -> "CarriedRows | None":
        """The rows `start` to `stop`; None if all are new, so that tasks stay small."""
        carried = self.carried[start:stop]
        if (carried < 0).all():
            return None
        return CarriedRows(self.root, self.version, self.group, carried)

    def complete(
        self, computed: Mapping[str, np.ndarray], *, fill: Mapping[str, Any] | None = None
    ) -> dict[str, np.ndarray]:
        """All rows: the new ones as computed, the others from the stored version.

        Parameters
        ----------
        computed
            By variable, an array (new row, ...).
        fill
            By variable that is not stored, the value of its other rows.

        Returns
        -------
        dict
            By variable, an array (row, ...) of the same dtype.

        Raises
        ------
        StoreError
            If a stored chunk is damaged.
        """
        return {name: self._complete(name, values, fill or {}) for name, values in computed.items()}

    def _complete(self, name: str, computed: np.ndarray, fill: Mapping[str, Any]) -> np.ndarray:
        new = self.new
        values = np.empty((len(new), *computed.shape[1:]), dtype=computed.dtype)
        values[new] = computed
        if name in fill:
            values[~new] = fill[name]
        else:
            stored = Rows(self.root, self.version, self.group, name)
            values[~new] = stored.take(self.carried[~new])
        return values


def carry_over(
    session: icechunk.Session, group: str, dataset: xr.Dataset, carried: np.ndarray
) -> tuple[str, ...]:
    """Lay a group out for new rows; chunks whose rows all stay in place keep their content.

    Parameters
    ----------
    session
        A writable session that holds the group.
    group
        Name of the group.
    dataset
        The new group: NumPy-backed variables are written, Dask-backed ones laid out.
    carried
        int64 (row): for each row of the dataset, its row in the group, or -1.

    Returns
    -------
    tuple
        The Dask-backed variables that keep chunks. Those that the group lacks hold their fill value
        in such chunks, so that no task has to write them.
    """
    dataset, encoding = layout(group, dataset)
    kept = tuple(_keepable(session, group, dataset, encoding))
    if not kept:
        write_layout(session, group, dataset, encoding, mode="w")
        return ()
    stored = zarr.open_group(session.store, path=group, mode="r+")
    same = [n for n in stored.array_keys() if n not in kept and _same_values(stored, n, dataset)]
    for stale in set(stored.array_keys()) - {*kept, *same}:
        del stored[stale]
    for name in kept:
        _keep_chunks(session, group, name, dataset.sizes[dataset[name].dims[0]], carried)
    write_layout(session, group, dataset.drop_vars([*kept, *same]), encoding, mode="a")
    stored.attrs.put(dataset.attrs)
    for new, variable in dataset.variables.items():
        if variable.chunks is not None and new not in kept:
            _fill_kept_chunks(session, group, str(new), carried)
    return kept


def reorder(
    before: icechunk.Session,
    session: icechunk.Session,
    group: str,
    dataset: xr.Dataset,
    rows: np.ndarray,
) -> None:
    """Choose and order the rows of a group; chunks whose rows all stay in place are not touched.

    Parameters
    ----------
    before
        A session that sees the group as it is.
    session
        A writable session.
    group
        Name of the group.
    dataset
        The new group: NumPy-backed variables are written, Dask-backed ones keep their values,
        variables that it lacks are dropped.
    rows
        int64 (row): for each row of the dataset, its row in the group.
    """
    kept = carry_over(session, group, dataset, rows)
    for name in map(str, dataset.variables):
        if dataset[name].variable.chunks is not None:
            _gather_rows(before, session, f"{group}/{name}", rows, kept=name in kept)


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


def _keepable(
    session: icechunk.Session,
    group: str,
    dataset: xr.Dataset,
    encoding: Mapping[Any, dict[str, Any]],
) -> Iterator[str]:
    """Dask-backed variables that the group holds with the same chunks, dtype and trailing shape."""
    if not group_attrs(session, group):
        return
    stored = dict(zarr.open_group(session.store, path=group, mode="r").arrays())
    for name, variable in dataset.variables.items():
        array = stored.get(str(name))
        if variable.chunks is None or array is None:
            continue
        ours = (variable.shape[1:], variable.dtype, encoding[name]["chunks"])
        if ours == (array.shape[1:], array.dtype, array.chunks):
            yield str(name)


def _same_values(stored: zarr.Group, name: str, dataset: xr.Dataset) -> bool:
    """Whether a stored array equals a NumPy-backed variable of the dataset."""
    if name not in dataset.variables or dataset[name].variable.chunks is not None:
        return False
    array, values = stored[name], dataset[name].to_numpy()
    assert isinstance(array, zarr.Array)
    same_kind = (array.shape, array.dtype) == (values.shape, values.dtype)
    return same_kind and np.array_equal(np.asarray(array[...]), values)


def _keep_chunks(
    session: icechunk.Session, group: str, name: str, rows: int, carried: np.ndarray
) -> None:
    """Resize an array and remove all chunks but those whose rows stay in place."""
    array = zarr.open_array(session.store, path=f"{group}/{name}", mode="r+")
    before = array.cdata_shape
    array.resize((rows, *array.shape[1:]))
    staying = set(chunks_in_place(carried, array.chunks[0]))
    for index in product(*map(range, before)):
        if index[0] not in staying and index[0] < array.cdata_shape[0]:
            sync(session.store.delete(f"{group}/{name}/{array.metadata.encode_chunk_key(index)}"))


def _fill_kept_chunks(
    session: icechunk.Session, group: str, name: str, carried: np.ndarray
) -> None:
    """Write the fill value into the chunks of a new array whose rows stay in place."""
    array = zarr.open_array(session.store, path=f"{group}/{name}", mode="r+")
    array = array.with_config({"write_empty_chunks": True})
    chunk = array.chunks[0]
    for k in chunks_in_place(carried, chunk):
        array[k * chunk : (k + 1) * chunk] = array.fill_value


def _gather_rows(
    source: icechunk.Session, target: icechunk.Session, path: str, rows: np.ndarray, *, kept: bool
) -> None:
    """Fill an array, chunk by chunk, with rows that it had before.

    With `kept`, the target still holds the chunks whose rows stay where they are.
    """
    old = zarr.open_array(source.store, path=path, mode="r")
    new = zarr.open_array(target.store, path=path, mode="r+")
    new = new.with_config({"write_empty_chunks": True})
    chunk = new.chunks[0]
    staying = chunks_in_place(rows, chunk) if kept else []
    for k in set(range(new.cdata_shape[0])).difference(staying):
        part = slice(k * chunk, min((k + 1) * chunk, len(rows)))
        new[part] = old.oindex[rows[part]]
