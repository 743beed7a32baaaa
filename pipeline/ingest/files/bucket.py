"""Paths in a bucket, answered from listings, and its photographs."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from zpoints.pipeline.errors import SourceError, UnreadableError
from zpoints.pipeline.ingest.files.listed_path import Entry, ListedPath, parent_key
from zpoints.pipeline.ingest.files.ranges import Ranges
from zpoints.pipeline.ingest.limits import MOST_BYTES, check_size
from zpoints.pipeline.progress import counted
from zpoints.storage.backend.buckets.bucket import Bucket, StoredObject
from zpoints.storage.backend.buckets.irregular_keys import (
    folder_without_irregular_keys,
    is_irregular,
)
from zpoints.storage.backend.buckets.schemes import BUCKET_URLS, split_url

LISTERS = 16
"""Folders listed concurrently; each page of 1000 keys costs a round trip."""
BLOCK = 1 << 20  # bytes
BLOCKS = 24
"""Blocks of an open object kept in memory."""


class Listings:
    """Listings of the folders of a bucket, each requested once, on first use.

    Attributes
    ----------
    irregular
        Keys that are left out, since they have an empty part (``//``), ``.``, ``..`` or a control
        character.
    """

    def __init__(self, bucket: Bucket, top: str) -> None:
        self.bucket = bucket
        self.top = top
        self.irregular: set[str] = set()
        self._found: dict[str, tuple[dict[str, StoredObject], list[str]]] = {}
        self._lock = threading.Lock()

    def of(self, folder: str) -> tuple[dict[str, StoredObject], list[str]]:
        """Objects by name and keys of the subfolders; both empty if there is no such folder."""
        with self._lock:
            if folder in self._found:
                return self._found[folder]
        beneath = f"{self.top}/" if self.top else ""
        inside = folder != self.top and folder.startswith(beneath)
        if inside and folder not in self.of(parent_key(folder))[1]:
            return {}, []
        objects, folders = self._listed(folder)
        listing = {it.key.rpartition("/")[2]: it for it in objects}, folders
        with self._lock:
            return self._found.setdefault(folder, listing)

    def _listed(self, folder: str) -> tuple[list[StoredObject], list[str]]:
        objects, folders, irregular = folder_without_irregular_keys(self.bucket, folder)
        with self._lock:
            self.irregular.update(irregular)
        return objects, folders

    def fill(self, folders: Sequence[str]) -> None:
        """List several folders concurrently."""
        with ThreadPoolExecutor(LISTERS) as pool:
            list(pool.map(self.of, folders))


class ObjectRanges(Ranges):
    """An object in a bucket, read in whole blocks, of which the last used ones are kept.

    Each request is conditional on the entity tag: an object that has changed is an error.
    """

    def __init__(self, bucket: Bucket, entry: StoredObject) -> None:
        self._bucket, self._entry, self.size = bucket, entry, entry.size
        self._block = lru_cache(maxsize=BLOCKS)(self._fetched)

    def _fetched(self, number: int) -> bytes:
        start = number * BLOCK
        stop = min(start + BLOCK, self.size)
        return self._bucket.read(self._entry.key, self._entry.tag, start, stop)

    def read(self, start: int, stop: int) -> bytes:
        stop = min(stop, self.size)
        if start >= stop:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        content = b"".join(self._block(number) for number in range(first, last + 1))
        return content[start - first * BLOCK : stop - first * BLOCK]


@dataclass(frozen=True)
class BucketPath(ListedPath):
    """A path in a bucket.

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
    def of(cls, url: str) -> "BucketPath":
        """Path from a URL such as ``gs://bucket/photographs``.

        Raises
        ------
        SourceError
            If the URL has no bucket, or a part that no object can be read by.
        """
        _, name, key = split_url(url)
        if not name:
            raise SourceError(f"{url} names no bucket. Expected {BUCKET_URLS}.")
        if is_irregular(key):
            raise SourceError(
                f"{url} has an empty part (//), '.' or '..'. Expected a name between slashes; "
                "correct the URL, or move the objects."
            )
        return cls(Bucket.of(url), key)

    def __reduce__(self) -> tuple[Any, ...]:
        return BucketPath, (self.bucket, self.key)

    @cached_property
    def listings(self) -> Listings:
        return self.shared or Listings(self.bucket, self.key)

    def at(self, key: str) -> "BucketPath":
        return BucketPath(self.bucket, key, self.listings)

    def listing(self, folder: str) -> tuple[dict[str, StoredObject], list[str]]:
        return self.listings.of(folder)

    def fill(self, folders: Sequence[str]) -> None:
        self.listings.fill(folders)

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}".rstrip("/")

    def is_file(self) -> bool:
        return self.entry() is not None

    def is_dir(self) -> bool:
        beneath = f"{self.key}/" if self.key else ""
        return super().is_dir() or any(it.startswith(beneath) for it in self.listings.irregular)

    def entry(self) -> StoredObject | None:
        """Listing entry of the object; None if there is none.

        The top is looked up by itself, since its parent may be huge.
        """
        if self.key == self.listings.top:
            return self.bucket.find(self.key) if self.key else None
        return self.listings.of(parent_key(self.key))[0].get(self.name)

    def entries(self) -> Iterator[tuple[str, Entry]]:
        for name, found in self.files().items():
            yield name, Entry(f"{found.key}#{found.tag}", found.size, entry_stamp(found))

    def reader(self) -> "BucketFiles":
        return BucketFiles(self.bucket)

    def notes(self) -> list[str]:
        """At most one line, about the keys that were left out."""
        irregular = self.listings.irregular
        if not irregular:
            return []
        return [
            f"{counted(len(irregular), 'key')} left out, which an empty part (//), '.', '..' or a "
            "control character keeps from being read, e.g. "
            f"{min(irregular)!r}; rename or delete these objects."
        ]

    def read_bytes(self, limit: int = MOST_BYTES) -> bytes:
        found = self.entry()
        if found is None:
            raise FileNotFoundError(f"{self} does not exist")
        check_size(found.size, limit)
        return self.bucket.read(self.key, found.tag)

    def stamp(self) -> str:
        """Text that changes when the object does, from a new request."""
        return entry_stamp(self._now())

    def ranges(self) -> ObjectRanges:
        """The present version of the object."""
        return ObjectRanges(self.bucket, self._now())

    def _now(self) -> StoredObject:
        found = self.bucket.find(self.key)
        if found is None:
            raise FileNotFoundError(f"{self} does not exist")
        return found


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
            raise UnreadableError(
                f"{self.bucket}/{name} no longer exists. Expected the photograph that "
                "was listed there; run again."
            ) from error


def entry_stamp(entry: StoredObject) -> str:
    """Size and entity tag, which identify the content of an object."""
    return f"{entry.size}-{entry.tag}"
