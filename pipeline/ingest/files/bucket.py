"""Paths in a bucket, answered from listings, and objects read in ranges."""

import io
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property, lru_cache
from pathlib import PurePosixPath
from typing import Any

from zpoints.pipeline.errors import SourceError
from zpoints.storage.backend.s3 import SCHEME, Bucket, S3Object

LISTERS = 16
"""Folders listed concurrently; each page of 1000 keys costs a round trip."""
BLOCK = 1 << 20  # bytes
BLOCKS = 24
"""Blocks of an open object kept in memory."""


class Listings:
    """Listings of the folders of a bucket, each requested once, on first use."""

    def __init__(self, bucket: Bucket, top: str) -> None:
        self.bucket = bucket
        self.top = top
        self._found: dict[str, tuple[dict[str, S3Object], list[str]]] = {}
        self._lock = threading.Lock()

    def of(self, folder: str) -> tuple[dict[str, S3Object], list[str]]:
        """Objects by name and keys of the subfolders; both empty if there is no such folder."""
        with self._lock:
            if folder in self._found:
                return self._found[folder]
        beneath = f"{self.top}/" if self.top else ""
        inside = folder != self.top and folder.startswith(beneath)
        if inside and folder not in self.of(_parent(folder))[1]:
            return {}, []
        objects, folders = self.bucket.folder(folder)
        listing = {it.key.rpartition("/")[2]: it for it in objects}, folders
        with self._lock:
            return self._found.setdefault(folder, listing)

    def fill(self, folders: Iterable[str]) -> None:
        """List several folders concurrently."""
        with ThreadPoolExecutor(LISTERS) as pool:
            list(pool.map(self.of, folders))


@dataclass(frozen=True)
class S3Path:
    """A path in a bucket, with the methods of `pathlib.Path` that readers use.

    Paths derived from one another share their listings, so that a reader sees the bucket at one
    point in time. Listings are not pickled.

    Attributes
    ----------
    bucket
        The bucket.
    key
        Key of the object or folder, without slashes at its ends.
    shared
        Listings of the path that this one was derived from.
    """

    bucket: Bucket
    key: str
    shared: Listings | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of(cls, url: str) -> "S3Path":
        """Path from a URL such as ``s3://bucket/photographs``.

        Raises
        ------
        SourceError
            If the URL has no bucket.
        """
        name, _, rest = url.removeprefix(SCHEME).partition("/")
        if not name:
            raise SourceError(f"{url} names no bucket. Expected s3://bucket/prefix.")
        return cls(Bucket(name), rest.strip("/"))

    def __reduce__(self) -> tuple[Any, ...]:
        return S3Path, (self.bucket, self.key)

    @cached_property
    def listings(self) -> Listings:
        return self.shared or Listings(self.bucket, self.key)

    def _at(self, key: str) -> "S3Path":
        return S3Path(self.bucket, key, self.listings)

    def __truediv__(self, inner: str) -> "S3Path":
        return self._at("/".join(part for part in (self.key, inner.strip("/")) if part))

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket.name}/{self.key}".rstrip("/")

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "S3Path":
        return self._at(_parent(self.key))

    def with_suffix(self, suffix: str) -> "S3Path":
        return self._at(str(PurePosixPath(self.key).with_suffix(suffix)))

    def is_file(self) -> bool:
        return self.entry() is not None

    def is_dir(self) -> bool:
        return any(self.listings.of(self.key))

    def exists(self) -> bool:
        return self.is_dir() or self.is_file()

    def entry(self) -> S3Object | None:
        """Listing entry of the object; None if there is none.

        The top is looked up by itself, since its parent may be huge.
        """
        if self.key == self.listings.top:
            return self.bucket.find(self.key) if self.key else None
        return self.listings.of(_parent(self.key))[0].get(self.name)

    def files(self) -> dict[str, S3Object]:
        """Objects in this folder, by name."""
        return self.listings.of(self.key)[0]

    def folders(self) -> list["S3Path"]:
        """Subfolders."""
        return [self._at(key) for key in self.listings.of(self.key)[1]]

    def glob(self, pattern: str) -> list["S3Path"]:
        """Files whose path matches, e.g. ``*/*.parquet``; only ``*`` is supported for folders."""
        *between, last = pattern.split("/")
        level = [self]
        for _ in between:
            level = list_folders(level)
        return [home / name for home in level for name in home.files() if fnmatch(name, last)]

    def read_text(self, encoding: str) -> str:
        found = self.entry()
        if found is None:
            raise FileNotFoundError(f"{self} does not exist")
        return self.bucket.read(self.key, found.tag).decode(encoding)

    def stamp(self) -> str:
        """Text that changes when the object does, from a new request."""
        return entry_stamp(self._now())

    def open(self) -> "ObjectFile":
        """The present version of the object, as a seekable file."""
        return ObjectFile(self.bucket, self._now())

    def _now(self) -> S3Object:
        found = self.bucket.find(self.key)
        if found is None:
            raise FileNotFoundError(f"{self} does not exist")
        return found


def list_folders(level: list[S3Path]) -> list[S3Path]:
    """Subfolders of some folders, listed concurrently."""
    inner = [folder for home in level for folder in home.folders()]
    if inner:
        inner[0].listings.fill(folder.key for folder in inner)
    return inner


def entry_stamp(entry: S3Object) -> str:
    """Size and entity tag, which identify the content of an object."""
    return f"{entry.size}-{entry.tag}"


class ObjectFile(io.RawIOBase):
    """An object read in whole blocks, of which the most recently used ones are kept.

    Each request is conditional on the entity tag: an object that has changed is an error.
    """

    def __init__(self, bucket: Bucket, entry: S3Object) -> None:
        self._bucket, self._entry, self._position = bucket, entry, 0
        self._block = lru_cache(maxsize=BLOCKS)(self._fetched)

    def _fetched(self, number: int) -> bytes:
        start = number * BLOCK
        stop = min(start + BLOCK, self._entry.size)
        return self._bucket.read(self._entry.key, self._entry.tag, start, stop)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._entry.size}
        self._position = origin[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(min(len(view), self._entry.size - self._position), 0)
        done = 0
        while done < count:
            number, inside = divmod(self._position + done, BLOCK)
            part = self._block(number)[inside : inside + count - done]
            view[done : done + len(part)] = part
            done += len(part)
        self._position += count
        return count


def _parent(key: str) -> str:
    return key.rpartition("/")[0]
