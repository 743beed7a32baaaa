"""The variables of a group as the columns of Arrow tables."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import xarray as xr

from zpoints.storage.rows import Rows
from zpoints.storage.schema.validation import is_text
from zpoints.storage.store import Store

ROWS = 65_536
"""Rows of a block, at most."""
SCALARS = "scalars"
"""Name of the table of variables without a dimension."""


@dataclass(frozen=True)
class Columns:
    """Variables along one dimension as the columns of a table.

    A variable with other dimensions has a column for each of their coordinates, e.g. `z_0` and
    `landmarks_nose_x`.

    Attributes
    ----------
    store, group
        The group.
    variables
        By name; the first dimension is that of the rows.
    names
        Names of the columns of each variable; all differ.
    rows
        Length of the table.
    """

    store: Store
    group: str
    variables: Mapping[str, xr.Variable]
    names: Mapping[str, tuple[str, ...]]
    rows: int

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return pa.schema(
            (name, _arrow_type(variable.dtype))
            for key, variable in self.variables.items()
            for name in self.names[key]
        )

    @property
    def days(self) -> frozenset[str]:
        """Names of the columns of dates that are whole days, all of them."""
        return frozenset(
            column
            for name, variable in self.variables.items()
            if variable.dtype.kind == "M" and whole_days(variable.values)
            for column in self.names[name]
        )

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """The rows, a block of whole chunks at a time; missing values are null."""
        lazy = [v.chunks[0][0] for v in self.variables.values() if v.chunks]
        step = max(1, min([*lazy, ROWS]))
        for start in range(0, self.rows, step):
            yield self._block(start, min(start + step, self.rows))

    def _block(self, start: int, stop: int) -> pa.RecordBatch:
        arrays = []
        for name, variable in self.variables.items():
            values = rows_of(self.store, self.group, name, variable, start, stop)
            flat = values.reshape(stop - start, -1)
            kind = _arrow_type(variable.dtype)
            arrays += [pa.array(with_missing(column), kind, from_pandas=True) for column in flat.T]
        return pa.record_batch(arrays, self.schema)


def rows_of(
    store: Store, group: str, name: str, variable: xr.Variable, start: int, stop: int
) -> np.ndarray:
    """Rows of a variable, which is read from the store unless it is in memory.

    Parameters
    ----------
    store, group, name
        The variable.
    variable
        The same, as the store opens it.
    start, stop
        Range of rows; a variable without a dimension is one row.
    """
    if variable.ndim == 0:
        return variable.values[None]
    if variable.chunks is None:
        return np.asarray(variable[start:stop].values)
    return Rows(store.root, store.version, group, name).read(start, stop)


def tables_of(
    store: Store, group: str, dataset: xr.Dataset, names: Collection[str]
) -> dict[str, Columns]:
    """The tables of a group by the dimension of their rows.

    A dimension along which there is nothing but numbers from 0, or nothing but the names of
    columns, has none.

    Parameters
    ----------
    store, group, dataset
        The group.
    names
        Those of its variables that become columns, see `has_columns`.
    """
    by_dim: dict[str, dict[str, xr.Variable]] = {}
    for name in names:
        variable = dataset.variables[name]
        by_dim.setdefault(str((*variable.dims, SCALARS)[0]), {})[name] = variable
    described = {v.dims[0] for n, v in dataset.variables.items() if v.ndim and v.dims != (n,)}
    return {
        dim: Columns(
            store, group, variables, _column_names(dataset, variables), dataset.sizes.get(dim, 1)
        )
        for dim, variables in by_dim.items()
        if set(variables) != {dim} or (dim in described and is_text(variables[dim].dtype))
    }


def has_columns(dataset: xr.Dataset, name: str) -> bool:
    """Whether a variable becomes columns: labels, and arrays of at most two dimensions.

    Examples
    --------
    >>> images = {"pixels": (("image", "y", "x", "channel"), np.zeros((1, 8, 8, 3), np.uint8))}
    >>> has_columns(xr.Dataset(images, {"image": ["a.jpg"]}), "pixels")
    False
    """
    return name in dataset.coords or dataset.variables[name].ndim <= 2


def whole_days(dates: np.ndarray) -> bool:
    """Whether all dates (row,) are days without a time; missing ones do not count."""
    return bool((np.isnat(dates) | (dates == dates.astype("M8[D]"))).all())


def _column_names(
    dataset: xr.Dataset, variables: Mapping[str, xr.Variable]
) -> dict[str, tuple[str, ...]]:
    # Names without a suffix first: labels keep theirs, whatever they are called.
    taken = {name for name, variable in variables.items() if variable.ndim <= 1}
    names: dict[str, tuple[str, ...]] = {}
    for name, variable in variables.items():
        if variable.ndim <= 1:
            names[name] = (name,)
            continue
        places = [
            dataset[dim].values if dim in dataset.indexes else range(dataset.sizes[dim])
            for dim in variable.dims[1:]
        ]
        columns = ["_".join(map(str, (name, *place))) for place in product(*places)]
        names[name] = tuple(_free(column, taken) for column in columns)
    return names


def _free(name: str, taken: set[str]) -> str:
    """The name, with underscores appended until it is new."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def with_missing(column: np.ndarray) -> np.ndarray:
    """A column as Arrow takes it; missing text, which the store keeps as empty, is None."""
    if not is_text(column.dtype):
        return np.ascontiguousarray(column)
    texts = column.astype(object)
    texts[texts == ""] = None
    return texts


def _arrow_type(dtype: np.dtype) -> pa.DataType:
    return pa.string() if is_text(dtype) else pa.from_numpy_dtype(dtype)
