"""Small objects beside the repository: written at once and whole, on a disk and on S3 alike."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import obstore
from filelock import FileLock, Timeout
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import LocalStore, ObjectStore

from zpoints.storage.backend.location import Location
from zpoints.storage.backend.s3 import reaching_s3, s3_store
from zpoints.storage.errors import StoreError, StoreLockedError

LOCK = "zpoints.blobs.lock"
LOCK_SECONDS = 30.0
"""How long an object on a disk waits for another process that is just replacing one."""


class Blobs:
    """Named bytes under a store's root, outside its versions.

    Parameters
    ----------
    root
        A local path or `s3://bucket/prefix`.
    """

    def __init__(self, root: str) -> None:
        self._root = root

    def put(self, name: str, data: bytes, *, media: str | None = None) -> None:
        """Write an object, in place of what had its name.

        `media` is its type for browsers, e.g. `text/html`; a bucket keeps it, a disk cannot.
        """
        attributes = {"Content-Type": media} if media else None
        with self._reaching(name):
            obstore.put(self._store, name, data, attributes=attributes)

    def create(self, name: str, data: bytes) -> str | None:
        """Write an object unless there is one: its entity tag, or `None` if there is."""
        try:
            with self._reaching(name):
                return obstore.put(self._store, name, data, mode="create")["e_tag"]
        except AlreadyExistsError:
            return None

    def replace(self, name: str, data: bytes, tag: str) -> str | None:
        """Overwrite the object that has this entity tag: the new tag, or `None` if none has."""
        location = Location(self._root)
        try:
            with self._reaching(name):
                if location.is_local:
                    return self._replace_file(location.root, name, data, tag)
                return obstore.put(self._store, name, data, mode={"e_tag": tag})["e_tag"]
        except (PreconditionError, FileNotFoundError):
            return None

    def _replace_file(self, root: str, name: str, data: bytes, tag: str) -> str | None:
        """A file system has no conditional write: those who replace take turns."""
        with FileLock(Path(root, LOCK), timeout=LOCK_SECONDS):
            if obstore.head(self._store, name)["e_tag"] != tag:
                return None
            return obstore.put(self._store, name, data)["e_tag"]

    def read(self, name: str) -> tuple[bytes, str | None] | None:
        """Content and entity tag of an object; `None` if there is none."""
        try:
            with self._reaching(name):
                found = obstore.get(self._store, name)
                return bytes(found.bytes()), found.meta["e_tag"]
        except FileNotFoundError:
            return None

    def get(self, name: str) -> bytes | None:
        """Content of an object; `None` if there is none."""
        found = self.read(name)
        return None if found is None else found[0]

    def delete(self, name: str) -> None:
        """Remove an object, if there is one."""
        with suppress(FileNotFoundError), self._reaching(name):
            obstore.delete(self._store, name)

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder, in order; none if it does not exist."""
        with self._reaching(folder):
            found = obstore.list_with_delimiter(self._store, folder)
        return sorted(path.rpartition("/")[2] for path in found["common_prefixes"])

    def clear(self, folder: str) -> None:
        """Remove all objects whose names begin with `folder/`."""
        for name in self.names(folder):
            self.delete(name)

    def names(self, folder: str) -> list[str]:
        """Names of all objects that begin with `folder/`."""
        with self._reaching(folder):
            return [entry["path"] for page in obstore.list(self._store, folder) for entry in page]

    @contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        place = f"{self._root}/{name}"
        if not Location(self._root).is_local:
            with reaching_s3(place):
                yield
            return
        try:
            yield
        except (FileNotFoundError, AlreadyExistsError, PreconditionError):
            raise
        except Timeout as error:
            raise StoreLockedError(
                f"Another process has held {error.lock_file} for {LOCK_SECONDS:.0f} s. "
                "Wait for it, or end it if it hangs."
            ) from error
        except (BaseError, OSError) as error:
            raise StoreError(f"{place} cannot be read or written: {error}") from error

    @property
    def _store(self) -> ObjectStore:
        location = Location(self._root)
        if location.is_local:
            return LocalStore(location.root)
        return s3_store(location.bucket, location.prefix)
