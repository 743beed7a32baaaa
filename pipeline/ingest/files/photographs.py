"""The bytes of photographs: in a folder, in a bucket, or in a zip archive read in place."""

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
from zpoints.storage.backend.s3 import SCHEME, Bucket

# RuntimeError is a member with a password, NotImplementedError an unknown way of compression.
MEMBER_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)


class PhotographFiles(Protocol):
    """A place that photographs are read from; small enough to travel in a task.

    Attributes
    ----------
    at_once
        Reads that a task has under way; more than 1 where each costs a round trip.
    """

    at_once: ClassVar[int]

    def read(self, key: str) -> bytes:
        """The content of one photograph.

        Raises
        ------
        PhotographError
            If that photograph alone is at fault.
        SourceError
            If the place as a whole is, e.g. because it has vanished.
        """
        ...


@dataclass(frozen=True)
class FolderFiles:
    """Photographs in a folder; a key is a path relative to it."""

    folder: Path
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        try:
            return (self.folder / key).read_bytes()
        except PermissionError as error:
            raise PhotographError(
                "no permission to read the file; grant it, or remove the file"
            ) from error
        except OSError as error:
            raise SourceError(
                f"{self.folder / key} cannot be read ({error}). Expected the photograph that was "
                "listed there; see that the folder is complete and in reach, then run again."
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
                f"{SCHEME}{self.bucket.name}/{name} is gone. Expected the photograph that was "
                "listed there; run again."
            ) from error


@dataclass(frozen=True)
class ZipFiles:
    """Photographs in a zip archive, read without unpacking; a key is the path of a member.

    ``stamp`` is what `zip_stamp` said when the archive was listed.
    """

    archive: SourcePath
    stamp: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        archive = opened_zip(self.archive, self.stamp)
        try:
            return archive.read(key)
        except MEMBER_FAULTS as error:
            raise PhotographError(
                f"{key} is damaged or locked in the archive ({error}); fetch or pack "
                f"{self.archive.name} again, without a password"
            ) from error
        except OSError as error:
            raise SourceError(
                f"{self.archive} cannot be read ({error}). Expected the archive that was listed; "
                "see that it is in reach, then run again."
            ) from error


def zip_stamp(archive: SourcePath) -> str:
    """A text that changes when the archive does.

    Raises
    ------
    SourceError
        If it is not there.
    """
    try:
        return stamp(archive)
    except OSError as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected a zip archive of photographs; "
            "see that it is in reach, then run again."
        ) from error


@lru_cache(maxsize=4)
def opened_zip(archive: SourcePath, expected: str) -> zipfile.ZipFile:
    """One open archive per process; ``ZipFile`` serialises the reads of concurrent threads.

    Raises
    ------
    SourceError
        If it is no complete archive, or no longer the one that had the stamp.
    """
    if zip_stamp(archive) != expected:
        raise SourceError(
            f"{archive} has changed since it was listed. Expected an archive that stays as it is "
            "during a run; run again."
        )
    try:
        return zipfile.ZipFile(random_access(archive))
    except (*MEMBER_FAULTS, OSError) as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected a complete zip archive; "
            "fetch or pack it again."
        ) from error


def digest(parts: Iterable[str]) -> str:
    """A short hexadecimal digest of texts in order."""
    state = blake2b(digest_size=16)
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()
