"""Exports a group as tables, in Parquet or CSV files."""

import io
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
import xarray as xr

from zpoints.storage.errors import ExportError
from zpoints.storage.export.columns import (
    Columns,
    has_columns,
    rows_of,
    tables_of,
    whole_days,
    with_missing,
)
from zpoints.storage.export.earlier import leave_mark
from zpoints.storage.export.folder import local_folder
from zpoints.storage.export.zarr import appearing
from zpoints.storage.schema.array_names import array_name
from zpoints.storage.schema.validation import is_text
from zpoints.storage.store import Store

TableForm = Literal["parquet", "csv"]
Progress = Callable[[int, int], object]
"""Called with the rows that are written and with their total, over all files."""
FORMULA = "^([=+\\-@\t\r\n＝＋－＠])"
"""How a cell begins that a spreadsheet computes, in quotes, too."""


def export_tables(
    store: Store,
    group: str,
    destination: str | os.PathLike[str],
    *,
    form: TableForm = "parquet",
    overwrite: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Path:
    """Write a group as tables, a file per dimension of rows, e.g. `image.parquet` of `latents`.

    A table has a column for each label, and a column for each component of `z` (`z_0`, `z_1`, ...)
    and of other arrays of two dimensions. Arrays of more, such as `pixels`, are left out. Missing
    values are null in Parquet and empty in CSV; an unknown `identity` or landmark is -1 in both. In
    CSV, dates have no time of day where all of a label are whole days, and text that a spreadsheet
    would compute as a formula, since it begins with =, +, -, @ or a blank of another kind, has an
    apostrophe in front.

    Parameters
    ----------
    store
        The version to export from.
    group
        Name of the group, e.g. `latents` or `samples/ellipse`.
    destination
        A new folder.
    form
        "parquet" or "csv".
    overwrite
        Whether an earlier export may be replaced.
    on_progress
        Called with the rows that are written and with their total.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    ExportError
        If `destination` is a URL, or exists and may not be replaced.
    """
    if form not in ("parquet", "csv"):
        raise ExportError(f"Unknown form of a table {form!r}; expected parquet or csv.")
    dataset = store.group(group)
    names = [str(name) for name in dataset.variables if has_columns(dataset, str(name))]
    tables = tables_of(store, group, dataset, names)
    written = _Written(sum(table.rows for table in tables.values()), on_progress)
    with appearing(destination, group, overwrite=overwrite) as folder:
        _write_tables(folder, tables, form, written)
        leave_mark(folder, store, group)
    return local_folder(destination)


def export_npy(
    store: Store,
    group: str,
    destination: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    on_progress: Progress = lambda done, total: None,
) -> Path:
    """Write a group as NumPy files, an array each, e.g. `z.npy`; labels go to `image.parquet`.

    `numpy.load(..., mmap_mode="r")` opens them; nothing in them is pickled.

    Parameters
    ----------
    store, group, destination, overwrite, on_progress
        As for `export_tables`.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    StoreNotFoundError
        If the store has no such group.
    StoreError
        As for `export_tables`.
    """
    dataset = store.group(group)
    arrays = {str(n): v.variable for n, v in dataset.data_vars.items() if not is_text(v.dtype)}
    labels = [str(name) for name in dataset.variables if name not in arrays]
    tables = tables_of(store, group, dataset, labels)
    rows = sum(table.rows for table in tables.values())
    written = _Written(rows + sum(_rows(v) for v in arrays.values()), on_progress)
    with appearing(destination, group, overwrite=overwrite) as folder:
        _write_tables(folder, tables, "parquet", written)
        for name, variable in arrays.items():
            _write_npy(folder / f"{array_name(name)}.npy", store, group, name, variable, written)
        leave_mark(folder, store, group)
    return local_folder(destination)


def csv_table(columns: Mapping[str, np.ndarray]) -> bytes:
    """Columns in memory as a CSV file, in the form of `export_tables`.

    Parameters
    ----------
    columns
        Values (row,) by name: numbers, booleans, dates or texts; missing ones are empty.

    Examples
    --------
    >>> print(csv_table({"image": np.array(["=1+1"]), "z_0": np.array([0.5])}).decode())
    "image","z_0"
    "'=1+1",0.5
    <BLANKLINE>
    """
    arrays = {
        name: pa.array(with_missing(np.asarray(v)), from_pandas=True) for name, v in columns.items()
    }
    table = pa.record_batch(list(arrays.values()), list(arrays))
    dates = {
        name for name, v in columns.items() if np.asarray(v).dtype.kind == "M" and whole_days(v)
    }
    file = io.BytesIO()
    _write_csv(file, table.schema, [table], days=frozenset(dates))
    return file.getvalue()


def left_out_of_tables(dataset: xr.Dataset) -> list[str]:
    """Names of the variables that `export_tables` leaves out.

    Examples
    --------
    >>> left_out_of_tables(xr.Dataset({"pixels": (("y", "x", "channel"), np.zeros((2, 2, 3)))}))
    ['pixels']
    """
    return [str(name) for name in dataset.variables if not has_columns(dataset, str(name))]


class _Written:
    """Counts rows and reports them."""

    def __init__(self, total: int, report: Progress) -> None:
        self._done, self._total, self._report = 0, total, report

    def add(self, rows: int) -> None:
        self._done += rows
        self._report(self._done, self._total)


def _write_tables(
    folder: Path, tables: Mapping[str, Columns], form: TableForm, written: _Written
) -> None:
    for dim, table in tables.items():
        path, blocks = folder / f"{array_name(dim)}.{form}", _counting(table.blocks(), written)
        if form == "csv":
            _write_csv(path, table.schema, blocks, days=table.days)
        else:
            _write_parquet(path, table.schema, blocks)


def _counting(blocks: Iterable[pa.RecordBatch], written: _Written) -> Iterable[pa.RecordBatch]:
    for block in blocks:
        yield block
        written.add(block.num_rows)


def _write_parquet(path: Path, schema: pa.Schema, blocks: Iterable[pa.RecordBatch]) -> None:
    # Floats hardly repeat: a dictionary of them is larger than they are.
    text = [field.name for field in schema if pa.types.is_string(field.type)]
    with pa.parquet.ParquetWriter(
        path, schema, compression="zstd", use_dictionary=text or False
    ) as writer:
        for block in blocks:
            writer.write_batch(block)


def _write_csv(
    path: Path | io.BytesIO,
    schema: pa.Schema,
    blocks: Iterable[pa.RecordBatch],
    *,
    days: frozenset[str],
) -> None:
    header = pa.schema(
        pa.field(
            re.sub(FORMULA, r"'\1", field.name), pa.date32() if field.name in days else field.type
        )
        for field in schema
    )
    with pa.csv.CSVWriter(path, header) as writer:
        for block in blocks:
            cells = [
                _without_formulas(column).cast(field.type)
                for column, field in zip(block.columns, header, strict=True)
            ]
            writer.write_batch(pa.record_batch(cells, header))


def _without_formulas(column: pa.Array) -> pa.Array:
    """The column; text that a spreadsheet would compute has an apostrophe in front."""
    if not pa.types.is_string(column.type):
        return column
    return pc.replace_substring_regex(column, pattern=FORMULA, replacement=r"'\1")


def _write_npy(
    path: Path, store: Store, group: str, name: str, variable: xr.Variable, written: _Written
) -> None:
    step = max(1, variable.chunks[0][0] if variable.chunks else _rows(variable))
    header = {
        "descr": np.lib.format.dtype_to_descr(variable.dtype),
        "fortran_order": False,
        "shape": variable.shape,
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, _rows(variable), step):
            stop = min(start + step, _rows(variable))
            rows_of(store, group, name, variable, start, stop).tofile(file)
            written.add(stop - start)


def _rows(variable: xr.Variable) -> int:
    return variable.shape[0] if variable.ndim else 1
