"""Bytes of photographs in a folder, in a bucket, or in a zip archive read in place."""

import os
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import ClassVar, Protocol

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.path import SourcePath, random_access, stamp
from zpoints.pipeline.ingest.limits import refuse_bytes
from zpoints.storage.backend.s3 import SCHEME, Bucket

# RuntimeError: a member needs a password. NotImplementedError: unknown compression.
MEMBER_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class PhotographFiles(Protocol):
    """Files of photographs; small enough to travel in a task.

    Attributes
    ----------
    at_once
        Concurrent reads of a task; more than 1 where each costs a round trip.
    """

    at_once: ClassVar[int]

    def read(self, key: str) -> bytes:
        """Content of one photograph.

        Raises
        ------
        PhotographError
            If only this photograph cannot be read.
        SourceError
            If the source as a whole cannot be read, e.g. because it has vanished.
        """
        ...


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
class BucketFiles:
    """Photographs in a bucket; a key is ``<key of the object>#<entity tag>``."""

    bucket: Bucket
    at_once: ClassVar[int] = 16

    def read(self, key: str) -> bytes:
        name, _, tag = key.rpartition("#")
        try:
            return self.bucket.read(name, tag)
        except FileNotFoundError as error:
            raise SourceError(
                f"{SCHEME}{self.bucket.name}/{name} no longer exists. Expected the photograph that "
                "was listed there; run again."
            ) from error


@dataclass(frozen=True)
class ZipFiles:
    """Photographs in a zip archive, read without unpacking; a key is the path of a member.

    ``stamp`` is the value of `zip_stamp` at the time of listing.
    """

    archive: SourcePath
    stamp: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        archive = opened_zip(self.archive, self.stamp)
        try:
            return archive.read(key)
        except MEMBER_ERRORS as error:
            raise PhotographError(
                f"{key} is damaged or locked in the archive ({error}); fetch or pack "
                f"{self.archive.name} again, without a password"
            ) from error
        except OSError as error:
            raise SourceError(
                f"{self.archive} cannot be read ({error}). Expected the archive that was listed; "
                "check that it is reachable, then run again."
            ) from error


def zip_stamp(archive: SourcePath) -> str:
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
            f"{archive} cannot be opened ({error}). Expected a zip archive of photographs; "
            "check that it is reachable, then run again."
        ) from error


@lru_cache(maxsize=4)
def opened_zip(archive: SourcePath, expected: str) -> zipfile.ZipFile:
    """One open archive per process; ``ZipFile`` serialises the reads of concurrent threads.

    Raises
    ------
    SourceError
        If the archive is incomplete, or has changed since it had the stamp.
    """
    if zip_stamp(archive) != expected:
        raise SourceError(
            f"{archive} has changed since it was listed. Expected an archive that does not change "
            "during a run; run again."
        )
    try:
        return zipfile.ZipFile(random_access(archive))
    except (*MEMBER_ERRORS, OSError) as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected a complete zip archive; "
            "fetch or pack it again."
        ) from error


def digest(parts: Iterable[str]) -> str:
    """Hexadecimal digest of 16 bytes of some texts, in order."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()
