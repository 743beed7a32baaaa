"""Paths that are answered from listings: of a bucket, or of an archive."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any, Self, TypeVar, Union

from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.files.ranges import Ranges
from zpoints.pipeline.ingest.limits import MOST_BYTES


@dataclass(frozen=True)
class Entry:
    """A file in a listing.

    Attributes
    ----------
    key
        The argument of `PhotographFiles.read`.
    size
        Bytes of the content, as the listing declares them.
    signature
        Text that changes when the file does.
    reason
        Why the file cannot be read; empty if nothing speaks against it.
    """

    key: str
    size: int
    signature: str
    reason: str = ""


class ListedPath(ABC):
    """A path with the methods of `pathlib.Path` that readers use, answered from listings.

    Attributes
    ----------
    key
        Path in the bucket or the archive, without slashes at its ends; empty for the top.
    """

    key: str

    @abstractmethod
    def at(self, key: str) -> Self:
        """Another path of the same bucket or archive."""

    @abstractmethod
    def listing(self, folder: str) -> tuple[Mapping[str, Any], Sequence[str]]:
        """Files by name and keys of the subfolders; both empty if there is no such folder."""

    @abstractmethod
    def entries(self) -> Iterator[tuple[str, Entry]]:
        """Names of the files in this folder, with what reading them takes."""

    @abstractmethod
    def reader(self) -> PhotographFiles:
        """Reads the photographs that `entries` lists."""

    @abstractmethod
    def read_bytes(self, limit: int = MOST_BYTES) -> bytes:
        """Content of the file.

        Raises
        ------
        OSError
            If there is no such file, it is damaged, or has more than `limit` bytes.
        """

    @abstractmethod
    def ranges(self) -> Ranges:
        """The file, to be read in parts.

        Raises
        ------
        OSError
            If there is no such file, or it cannot be read in parts.
        """

    @abstractmethod
    def stamp(self) -> str:
        """Text that changes when the file does.

        Raises
        ------
        OSError
            If there is no such file.
        """

    @abstractmethod
    def notes(self) -> list[str]:
        """Lines for the user about files that the listings leave out."""

    @abstractmethod
    def fill(self, folders: Sequence[str]) -> None:
        """Prepare the listings of several folders at once, where that is faster."""

    def __truediv__(self, inner: str) -> Self:
        return self.at("/".join(part for part in (self.key, inner.strip("/")) if part))

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> Union["ListedPath", Path]:
        return self.at(parent_key(self.key))

    def is_file(self) -> bool:
        return bool(self.key) and self.name in self.listing(parent_key(self.key))[0]

    def is_dir(self) -> bool:
        return any(self.listing(self.key))

    def exists(self) -> bool:
        return self.is_dir() or self.is_file()

    def files(self) -> Mapping[str, Any]:
        """Files in this folder, by name."""
        return self.listing(self.key)[0]

    def folders(self) -> list[Self]:
        """Subfolders."""
        return [self.at(key) for key in self.listing(self.key)[1]]

    def glob(self, pattern: str) -> list[Self]:
        """Files whose path matches, e.g. ``*/*.parquet``; only ``*`` is supported for folders."""
        *between, last = pattern.split("/")
        level = [self]
        for _ in between:
            level = list_folders(level)
        return [home / name for home in level for name in home.files() if fnmatch(name, last)]


P = TypeVar("P", bound=ListedPath)


def list_folders(level: Sequence[P]) -> list[P]:
    """Subfolders of some folders, listed concurrently where that is faster."""
    inner = [folder for home in level for folder in home.folders()]
    if inner:
        inner[0].fill([folder.key for folder in inner])
    return inner


def parent_key(key: str) -> str:
    """Key of the folder that holds a file or folder."""
    return key.rpartition("/")[0]
