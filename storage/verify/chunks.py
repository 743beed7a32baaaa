"""Checks stored data for damage: chunks as a reader gets them, and chunk files by checksum."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import google_crc32c
import icechunk
import numpy as np
import zarr
from zarr.abc.store import RangeByteRequest
from zarr.core.buffer import default_buffer_prototype
from zarr.core.sync import sync

from zpoints.storage.backend.damage import describe
from zpoints.storage.backend.icechunk_calls import inspect, is_unwritten
from zpoints.storage.backend.location import OBJECT_NAME
from zpoints.storage.errors import StoreError

# Icechunk's synchronous calls hold the interpreter lock while they wait for a manifest; the async
# ones do not.

CRC_BYTES = 4
CHECKSUM = "does not have the checksum stored with it: a bit has flipped, or a part is cut off"


@dataclass(frozen=True)
class Finding:
    """One result of a verification.

    Attributes
    ----------
    kind
        `damage`: stored data are lost or changed. `mismatch`: they can be read, but two groups that
        belong together disagree. `note`: nothing is wrong, but a reader should know.
    subject
        The group, array or file.
    message
        What is wrong, with chunk and rows if known.
    """

    kind: Literal["damage", "mismatch", "note"]
    subject: str
    message: str


Check = Callable[[], tuple[int, Finding | None]]
"""Checks one chunk or file; returns the bytes read and the finding, if any."""


@dataclass(frozen=True)
class Chunk:
    """One chunk of an array of a version.

    Attributes
    ----------
    session
        The version.
    array
        The array.
    index
        Position in the grid of chunks.
    label
        Text before the array's name in findings.
    """

    session: icechunk.Session
    array: zarr.Array
    index: tuple[int, ...]
    label: str = ""

    def read(self) -> tuple[int, Finding | None]:
        """Read the chunk as any reader does, with its checksum."""
        if fault := self._absence():
            return 0, fault
        try:
            return np.asarray(self.array[self._selection]).nbytes, None
        except icechunk.IcechunkError as error:
            return 0, self._damage(f"cannot be read: {reason(error)}")
        # Decoders raise all kinds of errors on wrong bytes or damaged metadata.
        except Exception as error:
            wrong = "checksum" in str(error)
            return 0, self._damage(CHECKSUM if wrong else f"cannot be decoded: {reason(error)}")

    def probe(self) -> tuple[int, Finding | None]:
        """Check that the chunk's file exists, by reading its first byte."""
        if fault := self._absence():
            return 0, fault
        key = f"{self.array.path}/{self.array.metadata.encode_chunk_key(self.index)}"
        begin = RangeByteRequest(0, 1)
        try:
            sync(self.array.store.get(key, default_buffer_prototype(), byte_range=begin))
        except icechunk.IcechunkError as error:
            return 0, self._damage(f"cannot be read: {reason(error)}")
        return 1, None

    def _absence(self) -> Finding | None:
        """The finding if the manifest, or its entry for the chunk, is missing."""
        try:
            kind = sync(self.session.chunk_type_async(f"/{self.array.path}", self.index))
        except icechunk.IcechunkError as error:
            return Finding("damage", self._subject, f"no chunk can be found: {reason(error)}.")
        return self._damage("was never written") if is_unwritten(kind) else None

    def _damage(self, fault: str) -> Finding:
        if not self.index:
            return Finding("damage", self._subject, f"the value {fault}.")
        chunk, rows = ".".join(map(str, self.index)), self._selection[0]
        where = f"chunk {chunk}, rows {rows.start:,} to {rows.stop:,},"
        return Finding("damage", self._subject, f"{where} {fault}.")

    @property
    def _subject(self) -> str:
        return f"{self.label}{self.array.path}"

    @property
    def _selection(self) -> tuple[slice, ...]:
        sizes = zip(self.index, self.array.chunks, self.array.shape, strict=True)
        return tuple(slice(k * n, min((k + 1) * n, length)) for k, n, length in sizes)


def chunks_of(session: icechunk.Session, group: str) -> Iterator[list[Chunk]]:
    """The chunks of each array of a group."""
    arrays = zarr.open_group(session.store, path=group, mode="r").arrays()
    for _, array in sorted(arrays, key=lambda pair: pair[0]):
        yield [Chunk(session, array, index) for index in product(*map(range, array.cdata_shape))]


def older_chunks(
    repository: icechunk.Repository, versions: Sequence[str], version: str
) -> Iterator[Chunk]:
    """Chunks of the arrays of other versions that differ from a version's.

    Parameters
    ----------
    repository
        The store.
    versions
        Ids of all versions.
    version
        Id of the version whose arrays are left out.
    """
    seen = set(_arrays(repository, version))
    for other in versions:
        session = repository.readonly_session(snapshot_id=other)
        for identity in _arrays(repository, other):
            if identity not in seen:
                seen.add(identity)
                array = zarr.open_array(session.store, path=identity[0], mode="r")
                for index in product(*map(range, array.cdata_shape)):
                    yield Chunk(session, array, index, f"version {other}, ")


def _arrays(repository: icechunk.Repository, version: str) -> list[tuple[str, ...]]:
    """For each array of a version, its path and the ids of its manifests."""
    snapshot = inspect(sync(repository.inspect_snapshot_async(version)))
    return [
        (node["path"].strip("/"), *(manifest["id"] for manifest in node["manifest_refs"]))
        for node in snapshot["nodes"]
        if node["node_type"] == "array"
    ]


def chunk_files(root: str) -> list[Path]:
    """Chunk files of a local store, of all versions."""
    folder = Path(root, "chunks")
    files = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in files if OBJECT_NAME.fullmatch(path.name))


def check_file(path: Path) -> tuple[int, Finding | None]:
    """Compare a chunk file with the checksum at its end (format rule 5)."""
    name = f"{path.parent.name}/{path.name}"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return 0, None  # garbage that was collected after the listing
    except OSError as error:
        return 0, Finding("damage", name, f"the file cannot be read: {error.strerror}.")
    body, stored = content[:-CRC_BYTES], content[-CRC_BYTES:]
    if google_crc32c.value(body).to_bytes(CRC_BYTES, "little") == stored:
        return len(content), None
    return len(content), Finding(
        "damage",
        name,
        f"the file {CHECKSUM}. If this version uses it, its chunk is reported too; otherwise an "
        "older version or unfinished work does.",
    )


def unreadable(subject: str, error: Exception) -> Finding:
    """The finding for any error that damaged metadata causes in Icechunk, Zarr or xarray."""
    prefix = "" if isinstance(error, StoreError) else "it cannot be read: "
    return Finding("damage", subject, f"{prefix}{reason(error)}.")


def reason(error: Exception) -> str:
    """The damaged file, or the first line of an error message, without names and passwords."""
    return describe(error).rstrip(".")
