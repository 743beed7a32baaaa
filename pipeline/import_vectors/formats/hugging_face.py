"""Datasets of the Hugging Face library `datasets`, as `save_to_disk` writes them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.arrow_columns import (
    VectorColumns,
    as_vectors,
    choose_columns,
)
from zpoints.pipeline.import_vectors.vector_file import VectorFile, vector_file
from zpoints.pipeline.ingest.tables.join import listed

STATE, SPLITS = "state.json", "dataset_dict.json"
MOST_BYTES = 16 * 2**20
"""Largest size of the files that describe a dataset."""


@dataclass(frozen=True)
class ArrowRows:
    """Rows of Arrow streams, mapped into memory."""

    files: tuple[Path, ...]
    columns: VectorColumns

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        batches, place, schema = [], 0, None
        for batch in _batches(self.files, self.columns.names):
            schema = batch.schema
            first, last = max(start - place, 0), min(stop - place, batch.num_rows)
            if first < last:
                batches.append(batch.slice(first, last - first))
            place += batch.num_rows
            if place >= stop:
                break
        return as_vectors(pa.Table.from_batches(batches, schema), self.columns)


def open_dataset(path: Path, key: str | None) -> VectorFile:
    """Open a dataset on disk with vectors in its columns.

    Raises
    ------
    SourceError
        If it is damaged, holds several splits, or has no such column.
    """
    if (path / SPLITS).is_file():
        splits = sorted(inner.parent.name for inner in path.glob(f"*/{STATE}"))
        raise SourceError(
            f"{path} holds a dataset of splits. Expected one of them; name its folder, e.g. "
            f"{path / (splits or ['train'])[0]} (there are {listed(splits)})."
        )
    try:
        files = _files(path)
        first, rows = None, 0
        for batch in _batches(files, None):
            if first is None and batch.num_rows:
                first = pa.Table.from_batches([batch.slice(0, 1024)])
            rows += batch.num_rows
        if first is None:
            raise ValueError("it has no rows")
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"{path} cannot be read as a dataset on disk ({error}). Expected what save_to_disk of "
            "the library datasets writes; write it again."
        ) from error
    columns = choose_columns(path, first.schema, rows, key, first)
    reader = ArrowRows(files, columns)
    return vector_file(
        path, "Hugging Face dataset", columns, reader, files=files, part=columns.part
    )


def _files(path: Path) -> tuple[Path, ...]:
    """The Arrow files of a dataset in order; their names are data and must be plain."""
    state = path / STATE
    if state.stat().st_size > MOST_BYTES:
        raise ValueError(f"{STATE} is larger than {MOST_BYTES:,} bytes")
    stated = json.loads(state.read_text(encoding="utf-8"))
    if stated.get("_indices_data_files"):
        raise ValueError("its rows are selected by indices; flatten_indices() writes them out")
    names = [str(file["filename"]) for file in stated["_data_files"]]
    if any(name != Path(name).name for name in names):
        raise ValueError(f"{STATE} names files outside the folder")
    return tuple(path / name for name in names)


def _batches(files: tuple[Path, ...], columns: tuple[str, ...] | None) -> Iterator[pa.RecordBatch]:
    for file in files:
        with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as stream:
            for batch in stream:
                yield batch if columns is None else batch.select(list(columns))
