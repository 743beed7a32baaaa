"""`.npy` files, mapped into memory, and arrays of `.npz` files; nothing is unpickled."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.choice import chosen
from zpoints.pipeline.import_vectors.vector_file import VectorFile, vector_file


@dataclass(frozen=True)
class MappedRows:
    """Rows of a `.npy` file."""

    path: Path

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        return np.asarray(np.load(self.path, mmap_mode="r", allow_pickle=False)[start:stop])


@dataclass(frozen=True)
class MemberRows:
    """Rows of an array of a `.npz` file; a compressed one is read from its beginning."""

    path: Path
    member: str

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        with _member(self.path, self.member) as (stream, header):
            row = header.width * header.dtype.itemsize
            stream.seek(start * row, 1)
            wanted = (stop - start) * row
            content = stream.read(wanted)
        if len(content) != wanted:
            raise EOFError(f"{self.member} ends after {len(content):,} of {wanted:,} bytes")
        return np.frombuffer(content, header.dtype).reshape(-1, header.width)


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype

    @property
    def width(self) -> int:
        return self.shape[1]


def open_npy(path: Path, key: str | None) -> VectorFile:
    """Open a `.npy` file.

    Raises
    ------
    SourceError
        If it is damaged, holds objects, or a key is given.
    """
    if key is not None:
        raise SourceError(f"{path} holds one array; expected no ingest.vectors_key, got {key!r}.")
    try:
        with path.open("rb") as file:
            header = _header(file)
        refuse_objects(path, header.dtype)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise _damaged(path, error) from error
    return vector_file(path, ".npy file", array, MappedRows(path))


def open_npz(path: Path, key: str | None) -> VectorFile:
    """Open an array of a `.npz` file, the only one of two dimensions if no key is given.

    Raises
    ------
    SourceError
        If it is damaged, holds objects or columns one after another, or has no such array.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")]
        flat = [name for name in names if key is None and _has_two_dimensions(path, name)]
        name = chosen(path, "array", names, key, fitting=flat)
        with _member(path, f"{name}.npy") as (_, header):
            refuse_objects(path, header.dtype)
            if header.fortran and len(header.shape) > 1:
                raise SourceError(
                    f"{path} holds {name} in the order of Fortran, of which no rows can be read "
                    "alone. Expected the order of C; write it with np.ascontiguousarray."
                )
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _damaged(path, error) from error
    reader = MemberRows(path, f"{name}.npy")
    return vector_file(path, ".npz file", header, reader, part=name)


def refuse_objects(path: Path, dtype: np.dtype) -> None:
    """Refuse an array of Python objects, which would have to be unpickled.

    Raises
    ------
    SourceError
        If it is one.
    """
    if dtype.hasobject:
        raise SourceError(
            f"{path} holds Python objects, which are not read, since unpickling runs code. "
            "Expected an array of numbers; write it with vectors.astype('float32')."
        )


@contextmanager
def _member(path: Path, member: str) -> Iterator[tuple[IO[bytes], _Header]]:
    with zipfile.ZipFile(path) as archive, archive.open(member) as stream:
        yield stream, _header(stream)


def _has_two_dimensions(path: Path, name: str) -> bool:
    with _member(path, f"{name}.npy") as (_, header):
        return len(header.shape) == 2


def _header(stream: IO[bytes]) -> _Header:
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    return _Header(*read(stream))


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path} cannot be read ({error}). Expected a file of np.save or np.savez; write it again."
    )
