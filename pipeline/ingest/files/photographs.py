"""Bytes of photographs in a folder, or in a zip archive read in place."""

import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.path import SourcePath, random_access, stamp
from zpoints.pipeline.ingest.limits import refuse_bytes

# RuntimeError: a member needs a password. NotImplementedError: unknown compression. ValueError and
# OverflowError: names and offsets in damaged headers.
MEMBER_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError),
    *(RuntimeError, NotImplementedError, ValueError, OverflowError),
)
PIECE = 1 << 20  # bytes
SMALL_PIECE = 1 << 12
"""Bytes read at a time where the library expands what it reads without a limit."""


@dataclass(frozen=True)
class FolderFiles:
    """Photographs in a folder; a key is a path relative to it."""

    folder: Path
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        try:
            with (self.folder / key).open("rb") as file:
                refuse_bytes(os.fstat(file.fileno()).st_size)
                return file.read()
        except PermissionError as error:
            raise PhotographError(
                "no permission to read the file; grant it, or remove the file"
            ) from error
        except OSError as error:
            raise SourceError(
                f"{self.folder / key} cannot be read ({error}). Expected the photograph that was "
                "listed there; check that the folder is complete and reachable, then run again."
            ) from error


@dataclass(frozen=True)
class ZipFiles:
    """Photographs in a zip archive, read without unpacking; a key is the path of a member.

    ``stamp`` is the value of `archive_stamp` at the time of listing.
    """

    archive: SourcePath
    stamp: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        archive = opened_zip(self.archive, self.stamp)
        try:
            return _content(archive, archive.getinfo(key))
        except (*MEMBER_ERRORS, OSError) as error:
            # An error of the system has a number; one of the bz2 decompressor has none.
            if not isinstance(error, OSError) or error.errno is None:
                raise PhotographError(
                    f"{key} is damaged or locked in the archive, or compressed in a way that is "
                    f"not read ({error}); fetch or pack {self.archive.name} again, with the "
                    "usual compression (deflate) and without a password"
                ) from error
            raise SourceError(
                f"{self.archive} cannot be read ({error}). Expected the archive that was listed; "
                "check that it is reachable, then run again."
            ) from error


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Content of a member, never more than it declares, however much the packed data expand to.

    In pieces, since ``ZipExtFile`` cuts what it has expanded to the declared size afterwards.
    """
    bounded = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    with archive.open(member) as file:
        read = partial(file.read, PIECE if bounded else SMALL_PIECE)
        return b"".join(iter(read, b""))


def archive_stamp(archive: SourcePath) -> str:
    """Text that changes when the archive does.

    Raises
    ------
    SourceError
        If the archive does not exist.
    """
    try:
        return stamp(archive)
    except OSError as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected an archive of photographs; "
            "check that it is reachable, then run again."
        ) from error


def check_unchanged(archive: SourcePath, expected: str) -> None:
    """Raise `SourceError` if an archive has changed since it had a stamp."""
    if archive_stamp(archive) != expected:
        raise SourceError(
            f"{archive} has changed since it was listed. Expected an archive that does not change "
            "during a run; run again."
        )


@lru_cache(maxsize=4)
def opened_zip(archive: SourcePath, expected: str) -> zipfile.ZipFile:
    """One open archive per process; ``ZipFile`` serialises the reads of concurrent threads.

    Raises
    ------
    SourceError
        If the archive is incomplete, or has changed since it had the stamp.
    """
    check_unchanged(archive, expected)
    try:
        return zipfile.ZipFile(random_access(archive))
    except (*MEMBER_ERRORS, OSError) as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected a complete zip archive; "
            "fetch or pack it again, or rename it if it is an archive of another kind."
        ) from error


def digest(parts: Iterable[str]) -> str:
    """Hexadecimal digest of 16 bytes of some texts, in order."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()
