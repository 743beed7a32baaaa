"""Vectors in the columns of a parquet file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.arrow_columns import (
    VectorColumns,
    as_vectors,
    choose_columns,
)
from zpoints.pipeline.import_vectors.vector_file import VectorFile, vector_file

BATCH = 1024
"""Rows that are decoded at once."""


@dataclass(frozen=True)
class ParquetRows:
    """Rows of a parquet file, read from the row groups that hold them."""

    path: Path
    columns: VectorColumns

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        with pq.ParquetFile(self.path, pre_buffer=False) as file:
            schema = file.schema_arrow
            batches = list(_rows(file, self.columns.names, start, stop))
            wanted = pa.schema([schema.field(name) for name in self.columns.names])
            return as_vectors(pa.Table.from_batches(batches, wanted), self.columns)


def open_parquet(path: Path, key: str | None) -> VectorFile:
    """Open a parquet file with vectors in its columns.

    Raises
    ------
    SourceError
        If it is damaged, or has no such column.
    """
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            rows, schema = file.metadata.num_rows, file.schema_arrow
            lists = [field.name for field in schema if pa.types.is_nested(field.type)]
            some = next(file.iter_batches(BATCH, columns=lists), None) if lists and rows else None
            first = None if some is None else pa.Table.from_batches([some])
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{path} cannot be read as a parquet file ({error}). Expected one with a column of "
            "vectors; write it again."
        ) from error
    columns = choose_columns(path, schema, rows, key, first)
    reader = ParquetRows(path, columns)
    return vector_file(path, "parquet file", columns, reader, part=columns.part)


def _rows(
    file: pq.ParquetFile, columns: tuple[str, ...], start: int, stop: int
) -> Iterator[pa.RecordBatch]:
    """Rows start to stop - 1; only row groups that hold some of them are read."""
    counts = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
    ends = np.cumsum([0, *counts])
    groups = [k for k in range(len(counts)) if ends[k] < stop and ends[k + 1] > start]
    place = int(ends[groups[0]]) if groups else 0
    for batch in file.iter_batches(BATCH, row_groups=groups, columns=list(columns)):
        if place >= stop:
            return
        first, last = max(start - place, 0), min(stop - place, batch.num_rows)
        if first < last:
            yield batch.slice(first, last - first)
        place += batch.num_rows
