"""A file or folder of vectors, opened but not read."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError, UnreadableError
from zpoints.pipeline.ingest.files.photographs import digest

BLOCK_BYTES = 32 * 2**20
"""Bytes of vectors that are read at once to compare them with stored ones."""
LEAST_COMPONENTS = 2


class Reader(Protocol):
    """Reads rows of vectors; tasks carry it, so that it holds paths and no values."""

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        """Vectors start to stop - 1 as (row, component), of any real dtype."""
        ...


@dataclass(frozen=True, kw_only=True)
class VectorFile:
    """Vectors that were made elsewhere.

    Attributes
    ----------
    path
        The file or folder.
    form
        What it is, e.g. `.npy file`.
    rows, width
        Numbers of vectors and of components.
    dtype
        Type of the components.
    reader
        Reads the vectors.
    files
        The files that hold them, whose sizes and times tell whether the vectors may have changed.
    part
        Array, variable or columns that were chosen; empty where there is only one.
    names
        (row,) names of the vectors if the file has them.
    labels
        A row of labels for each vector, in their order, if the file has them.
    """

    path: Path
    form: str
    rows: int
    width: int
    dtype: np.dtype
    reader: Reader
    files: tuple[Path, ...]
    part: str = ""
    names: tuple[str, ...] | None = None
    labels: pd.DataFrame | None = None

    @property
    def signature(self) -> str:
        """Digest of the part, and of names, sizes and times of the files."""
        facts = [(str(file), file.stat()) for file in self.files]
        return digest(
            [self.part, *(f"{name} {s.st_size} {s.st_mtime_ns}" for name, s in facts)],
        )

    def blocks(self) -> Iterable[tuple[int, int]]:
        """First and last row (exclusive) of blocks of at most `BLOCK_BYTES`."""
        rows = max(1, BLOCK_BYTES // (self.width * max(self.dtype.itemsize, 4)))
        return ((start, min(start + rows, self.rows)) for start in range(0, self.rows, rows))


class Described(Protocol):
    """Shape and dtype of an array."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...


def vector_file(
    path: Path,
    form: str,
    array: Described,
    reader: Reader,
    *,
    files: tuple[Path, ...] | None = None,
    part: str = "",
    names: tuple[str, ...] | None = None,
    labels: pd.DataFrame | None = None,
) -> VectorFile:
    """Describe vectors, if an array of this shape and dtype is of vectors.

    Parameters
    ----------
    path, form, reader, part, names, labels
        As in `VectorFile`.
    array
        Has the shape and the dtype.
    files
        The files that hold them; the path itself if omitted.

    Raises
    ------
    SourceError
        If the array is not two-dimensional, has no rows, fewer than two components, or no numbers.
    """
    named = f"{path}, {part}," if part else str(path)
    if len(array.shape) != 2 or array.shape[0] < 1 or array.shape[1] < LEAST_COMPONENTS:
        raise SourceError(
            f"{named} has the shape {array.shape}. Expected vectors as (vector, component), at "
            f"least 1 of {LEAST_COMPONENTS} components; reshape it to two dimensions."
        )
    if array.dtype.kind not in "fiu":
        raise SourceError(
            f"{named} is of the type {array.dtype}. Expected real numbers; write it with "
            "vectors.astype('float32')."
        )
    return VectorFile(
        path=path,
        form=form,
        rows=int(array.shape[0]),
        width=int(array.shape[1]),
        dtype=np.dtype(array.dtype),
        reader=reader,
        files=(path,) if files is None else files,
        part=part,
        names=names,
        labels=labels,
    )


def vectors_read(file: VectorFile, start: int, stop: int) -> NDArray[np.float32]:
    """Some vectors as the store keeps them: (row, component) float32.

    Parameters
    ----------
    file
        The opened file.
    start, stop
        First row, and the row after the last.

    Raises
    ------
    SourceError
        If they cannot be read.
    """
    try:
        values = file.reader.read(start, stop)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise UnreadableError(
            f"{file.path} cannot be read from row {start:,} to {stop - 1:,} ({error}). Expected "
            f"{file.rows:,} vectors as when it was opened; repair the file, or write it again."
        ) from error
    if values.shape != (stop - start, file.width):
        raise SourceError(
            f"{file.path} has changed while it was read: expected {(stop - start, file.width)} "
            f"from row {start:,} on, got {values.shape}. Run again when it is complete."
        )
    with np.errstate(over="ignore"):  # beyond float32 is infinite, which the analysis counts
        return np.ascontiguousarray(values, dtype=np.float32)


def checksums(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """First 8 bytes, big-endian, of the BLAKE2b digest of each vector's bytes.

    Examples
    --------
    >>> checksums(np.zeros((2, 3), np.float32)).shape
    (2,)
    """
    little = np.ascontiguousarray(vectors, dtype="<f4")
    digests = b"".join(blake2b(row, digest_size=8).digest() for row in little)
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64)
