"""Where the bytes of photographs lie: a folder, or a zip archive read in place."""

import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from pipeline.ingest.errors import SourceError

SUFFIXES = (".jpg", ".jpeg", ".png")

# RuntimeError is a member with a password, NotImplementedError an unknown way of compression.
ZIP_FAULTS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError)


class PhotographFiles(Protocol):
    """A place that lists and reads photographs by file name; small enough to travel in a task."""

    def signature(self) -> dict[str, str]:
        """File name to a text that changes when the file does; no content is read.

        Raises
        ------
        SourceError
            If the place cannot be listed.
        """
        ...

    def read(self, name: str) -> bytes:
        """The content of one photograph.

        Raises
        ------
        SourceError
            If it cannot be read.
        """
        ...


@dataclass(frozen=True)
class FolderFiles:
    """Photographs that lie directly in a folder."""

    folder: Path

    def signature(self) -> dict[str, str]:
        try:
            entries = (p for p in self.folder.iterdir() if p.suffix.lower() in SUFFIXES)
            stats = [(p.name, p.stat()) for p in entries]
        except OSError as error:
            raise SourceError(
                f"{self.folder} cannot be listed ({error}). Expected a folder of readable "
                "photographs; grant access to them, or remove links that lead nowhere."
            ) from error
        return {name: f"{s.st_size}-{s.st_mtime_ns}" for name, s in stats}

    def read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise SourceError(
                f"{self.folder / name} cannot be read ({error}). Expected a readable photograph; "
                "grant access to it, or remove it."
            ) from error


@dataclass(frozen=True)
class ZipFiles:
    """Photographs in a zip archive, read without unpacking; names lose their folders."""

    archive: Path

    def signature(self) -> dict[str, str]:
        members = _members(self.archive)
        return {name: f"{info.file_size}-{info.CRC:08x}" for name, info in members.items()}

    def read(self, name: str) -> bytes:
        member = _members(self.archive)[name]
        try:
            return _open_zip(self.archive).read(member)
        except ZIP_FAULTS as error:
            raise SourceError(
                f"{self.archive}: the photograph {member.filename} cannot be read ({error}). "
                "Expected an intact archive without a password; fetch or pack it again."
            ) from error


@lru_cache(maxsize=4)
def _open_zip(archive: Path) -> zipfile.ZipFile:
    """One open archive per process; ``ZipFile`` serialises the reads of concurrent threads."""
    try:
        return zipfile.ZipFile(archive)
    except ZIP_FAULTS as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected a complete zip archive; "
            "fetch or pack it again."
        ) from error


@lru_cache(maxsize=4)
def _members(archive: Path) -> dict[str, zipfile.ZipInfo]:
    infos = (info for info in _open_zip(archive).infolist() if not info.is_dir())
    paths = ((Path(info.filename), info) for info in infos)
    return {
        path.name: info
        for path, info in paths
        if path.suffix.lower() in SUFFIXES and "__MACOSX" not in path.parts
    }


def digest(parts: Iterable[str]) -> str:
    """A short hexadecimal digest of texts in order."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()
