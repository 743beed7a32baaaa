"""Vectors in columns of Arrow tables: a column of lists, or a column of numbers per component."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.choice import chosen
from zpoints.pipeline.ingest.tables.join import listed

INDEX = re.compile(r"__index_level_[0-9]+__")
"""Column in which pandas stores an index without a name."""


@dataclass(frozen=True)
class VectorColumns:
    """The columns that hold vectors, and what they hold.

    Attributes
    ----------
    names
        One column of lists, or a column for each component.
    part
        The columns as text.
    shape
        Numbers of vectors and of components.
    dtype
        Type of the components.
    """

    names: tuple[str, ...]
    part: str
    shape: tuple[int, int]
    dtype: np.dtype


def choose_columns(
    path: Path, schema: pa.Schema, rows: int, key: str | None, first: pa.Table | None
) -> VectorColumns:
    """The columns that hold the vectors.

    A column of lists if there is one; otherwise all of floating-point numbers, otherwise all of
    whole numbers. A key names a column of lists, or is a pattern of columns of numbers, e.g. `x*`.

    Parameters
    ----------
    path
        The file, for messages.
    schema
        Names and types of its columns.
    rows
        Number of its rows.
    key
        The setting `ingest.vectors_key`.
    first
        A few rows, which give the length of lists without a fixed one.

    Raises
    ------
    SourceError
        If there is no such column, or several of lists and none is named.
    """
    lists = [field.name for field in schema if is_vector(field.type)]
    if key in lists or (key is None and lists):
        name = chosen(path, "column", lists, key)
        kind = schema.field(name).type
        width = kind.list_size if types.is_fixed_size_list(kind) else _length(path, name, first)
        return VectorColumns((name,), name, (rows, width), _dtype(kind.value_type))
    numbers = [field for field in schema if not INDEX.fullmatch(field.name)]
    floats = [field.name for field in numbers if types.is_floating(field.type)]
    whole = [field.name for field in numbers if types.is_integer(field.type)]
    names = floats or whole
    if key is not None:
        names = [f.name for f in schema if fnmatchcase(f.name, key) and f.name in (*floats, *whole)]
    if not names:
        wanted = "" if key is None else f" for ingest.vectors_key = {key!r}"
        raise SourceError(
            f"{path} has no column of vectors{wanted}. Expected a column of lists of numbers, or a "
            f"column of numbers per component; its columns are {listed(schema.names)}."
        )
    if len(set(names)) < len(names):
        raise SourceError(f"{path} has several columns of one name. Expected distinct ones.")
    dtype = np.result_type(*{_dtype(schema.field(name).type) for name in names})
    return VectorColumns(tuple(names), listed(names, 3), (rows, len(names)), dtype)


def is_vector(kind: pa.DataType) -> bool:
    """Whether a column of this type holds lists of numbers."""
    lists = types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind)
    if not lists:
        return False
    return bool(types.is_floating(kind.value_type) or types.is_integer(kind.value_type))


def as_vectors(table: pa.Table, columns: VectorColumns) -> NDArray[np.number]:
    """Vectors (row, component) of some rows; NaN where a list or a number is null.

    Raises
    ------
    ValueError
        If lists have different lengths, or the table is damaged.
    """
    table.validate(full=True)
    width = columns.shape[1]
    if len(columns.names) > 1 or not is_vector(table.schema.field(columns.names[0]).type):
        parts = [table[name].to_numpy() for name in columns.names]
        return np.column_stack(parts) if table.num_rows else np.empty((0, width), columns.dtype)
    column = table[columns.names[0]]
    lengths = pc.list_value_length(column).to_numpy()
    known = column.is_valid().to_numpy()
    if (lengths[known] != width).any():
        wrong = lengths[known][lengths[known] != width][0]
        raise ValueError(f"a list of {columns.names[0]} has {wrong:.0f} numbers, others {width}")
    flat = pc.list_flatten(column).to_numpy()
    if known.all():
        return flat.reshape(-1, width)
    vectors = np.full((table.num_rows, width), np.nan, np.result_type(flat.dtype, np.float32))
    vectors[known] = flat.reshape(-1, width)
    return vectors


def _length(path: Path, name: str, first: pa.Table | None) -> int:
    lengths = [] if first is None else pc.list_value_length(first[name]).drop_null().to_pylist()
    if not lengths:
        raise SourceError(
            f"{path} has no list in the first rows of the column {name}. Expected vectors of one "
            "length; write them as lists of a fixed size."
        )
    return int(lengths[0])


def _dtype(kind: pa.DataType) -> np.dtype:
    return np.dtype(kind.to_pandas_dtype())
