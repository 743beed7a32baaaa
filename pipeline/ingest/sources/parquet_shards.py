"""Photographs in parquet shards, read forward and a few at a time."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zpoints.pipeline.errors import PhotographError, UnreadableError
from zpoints.pipeline.ingest.files.path import SourcePath, random_access
from zpoints.pipeline.ingest.limits import MOST_BYTES, refuse_bytes

SHARD_ERRORS = (pa.ArrowException, OSError, StopIteration, IndexError)
BATCH = 16  # photographs in memory at a time
BUFFER = 1 << 20  # bytes


@dataclass(frozen=True)
class ParquetFiles:
    """Photographs in parquet shards; a key is ``<shard>#<row>``, the shard relative to ``folder``.

    Each thread keeps its position in the shard that it read last, so that reading rows in
    ascending order decodes each page once.

    Attributes
    ----------
    folder
        Folder of the shards.
    column
        Path of the column with the bytes, e.g. ``image.bytes``.
    stamp
        Changes when a shard does.
    """

    folder: SourcePath
    column: str
    stamp: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        shard, _, row = key.rpartition("#")
        try:
            cell = self._cursor(shard).cell(int(row))
        except SHARD_ERRORS as error:
            _thread.cursor = None
            raise UnreadableError(
                f"{self.folder / shard} cannot be read at row {row} ({error}). Expected the "
                "complete parquet shard that was listed; fetch it again."
            ) from error
        if not cell.is_valid:
            raise PhotographError(
                "the row holds no bytes; write the shard with the photographs embedded in it"
            )
        refuse_bytes(cell.as_buffer().size)
        return cell.as_py()

    def _cursor(self, shard: str) -> "Cursor":
        cursor: Cursor | None = getattr(_thread, "cursor", None)
        if cursor is None or cursor.of != (self, shard):
            _thread.cursor = None  # closes the last shard before the next is opened
            cursor = Cursor(self, shard)
            _thread.cursor = cursor
        return cursor


_thread = threading.local()


class Cursor:
    """A position in one column of a shard.

    Reading forward continues in the row group; reading backward starts it again. At most one page
    and one batch are in memory, however large the row group.
    """

    def __init__(self, files: ParquetFiles, shard: str) -> None:
        self.of = (files, shard)
        self._column = files.column
        self._file = open_shard(files.folder / shard)
        metadata = self._file.metadata
        sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
        self._starts = np.cumsum([0, *sizes])
        self._group, self._first = -1, 0
        self._batch: pa.Array = pa.array([])

    def cell(self, row: int) -> pa.Scalar:
        """Bytes of a row, or null."""
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        if group != self._group or row < self._first:
            self._begin(group)
        while row >= self._first + len(self._batch):
            self._first += len(self._batch)
            self._batch = self._next()
        return self._batch[row - self._first]

    def _begin(self, group: int) -> None:
        self._group = -1
        self._batches = self._file.iter_batches(
            batch_size=self._batch_size(group),
            row_groups=[group],
            columns=[self._column],
            use_threads=False,
        )
        self._first = int(self._starts[group])
        self._batch = self._next()
        self._group = group

    def _batch_size(self, group: int) -> int:
        """Photographs read at a time: one where a single one may be too large."""
        metadata = self._file.metadata.row_group(group)
        columns = (metadata.column(number) for number in range(metadata.num_columns))
        sizes = [c.total_uncompressed_size for c in columns if c.path_in_schema == self._column]
        return BATCH if sum(sizes) <= MOST_BYTES else 1

    def _next(self) -> pa.Array:
        column = next(self._batches).column(0)
        return column.field(0) if pa.types.is_struct(column.type) else column


def open_shard(path: SourcePath) -> pq.ParquetFile:
    """Open a shard so that pages are read one by one, not a row group at a time."""
    return pq.ParquetFile(random_access(path), buffer_size=BUFFER, pre_buffer=False)
