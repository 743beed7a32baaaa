"""Stores small objects next to the repository, on a disk or in a bucket."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import obstore
from filelock import FileLock, Timeout
from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
from obstore.store import LocalStore, ObjectStore

from zpoints.storage.backend.buckets.irregular_keys import (
    folder_without_irregular_keys,
    is_irregular,
)
from zpoints.storage.backend.damage import FREE_SPACE, NO_SPACE
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.backend.location import Location
from zpoints.storage.errors import DamagedRecordError, StoreError, StoreLockedError

LOCK = "zpoints.blobs.lock"
LOCK_SECONDS = 30.0
"""How long a conditional write on a disk waits for that of another process."""


class Blobs:
    """Named bytes under a store's root, outside its versions; every write is atomic.

    All methods raise `StoreError` if the root cannot be read or written.

    Parameters
    ----------
    root
        A local path, or a URL of a prefix in a bucket.
    """

    def __init__(self, root: str) -> None:
        self._root = root

    def put(self, name: str, data: bytes, *, media: str | None = None) -> None:
        """Write an object, replacing any object of the same name.

        Parameters
        ----------
        name
            Path under the root, with `/` between folders.
        data
            Content.
        media
            Media type for browsers, e.g. `text/html`; kept by a bucket, ignored by a disk.
        """
        self.refuse_outside(name)
        bucket = not Location(self._root).is_local
        attributes = {"Content-Type": media} if media and bucket else None
        with self._reaching(name):
            obstore.put(self._store, name, data, attributes=attributes)

    def update(
        self,
        name: str,
        change: Callable[[bytes | None], bytes | None],
        *,
        unique: bool = False,
    ) -> bool:
        """Change an object; no other process's change is lost.

        The object is read, changed, and written on condition that it is still the one that was
        read. If it is not, another process has written it, and all three steps are repeated.

        Parameters
        ----------
        name
            Path under the root.
        change
            Makes the new content from the present one, which is `None` if there is no object.
            Returns `None` to leave the object as it is. It may be called several times.
        unique
            Whether no other process can write the same content. A write whose response was lost is
            then recognised, and `change` is not called again.

        Returns
        -------
        bool
            Whether the new content was written.

        Raises
        ------
        StoreLockedError
            If another process holds the lock of the objects on a disk for 30 s.
        """
        written: bytes | None = None
        while True:
            content, tag = self.read(name) or (None, None)
            if unique and content is not None and content == written:
                return True  # the write succeeded, but its response was lost
            written = change(content)
            if written is None:
                return False
            make = self.create if tag is None else partial(self.replace, tag=tag)
            if make(name, written) is not None:
                return True

    def create(self, name: str, data: bytes) -> str | None:
        """Write an object unless it exists; returns its tag, or `None` if it exists.

        A tag identifies what was written: an entity tag, or the generation on Google.
        """
        try:
            with self._reaching(name):
                return self._tag(obstore.put(self._store, name, data, mode="create"))
        except AlreadyExistsError:
            return None

    def replace(self, name: str, data: bytes, tag: str) -> str | None:
        """Overwrite an object on condition that it still has a tag.

        Parameters
        ----------
        name
            Path under the root.
        data
            New content.
        tag
            The tag that `read`, `create` or `replace` returned.

        Returns
        -------
        str or None
            The new tag, or `None` if the object has another tag or does not exist.
        """
        location = Location(self._root)
        try:
            with self._reaching(name):
                if location.is_local:
                    return self._replace_file(location.root, name, data, tag)
                condition = location.bucket.service.condition(tag)
                return self._tag(obstore.put(self._store, name, data, mode=condition))
        except (PreconditionError, FileNotFoundError):
            return None

    def _replace_file(self, root: str, name: str, data: bytes, tag: str) -> str | None:
        """File systems have no conditional writes, so a lock serialises those that replace."""
        with FileLock(Path(root, LOCK), timeout=LOCK_SECONDS):
            if obstore.head(self._store, name)["e_tag"] != tag:
                return None
            return obstore.put(self._store, name, data)["e_tag"]

    def read(self, name: str) -> tuple[bytes, str | None] | None:
        """Content and tag of an object; `None` if it does not exist.

        Raises
        ------
        DamagedRecordError
            If the object is a link to a file outside the root.
        """
        self.refuse_outside(name)
        if Location(self._root).is_local and not os.path.isdir(self._root):
            return None  # obstore has an error of its own for it
        try:
            with self._reaching(name):
                found = obstore.get(self._store, name)
                return bytes(found.bytes()), self._tag(found.meta)
        except FileNotFoundError:
            return None

    def get(self, name: str) -> bytes | None:
        """Content of an object; `None` if it does not exist."""
        found = self.read(name)
        return None if found is None else found[0]

    def delete(self, name: str) -> None:
        """Remove an object if it exists."""
        self.refuse_outside(name)
        with suppress(FileNotFoundError), self._reaching(name):
            obstore.delete(self._store, name)

    def folders(self, folder: str) -> list[str]:
        """Sorted names of the folders inside a folder; empty if it does not exist."""
        location = Location(self._root)
        if location.is_local:
            path = Path(self._root, folder)
            with self._reaching(folder):
                inner = path.iterdir() if path.is_dir() else ()
                return sorted(it.name for it in inner if it.is_dir() and not is_irregular(it.name))
        place = f"{location.prefix}/{folder}"
        _, found, _ = folder_without_irregular_keys(location.bucket, place)
        return [path.rpartition("/")[2] for path in found]

    def names(self, folder: str) -> list[str]:
        """Names of all objects in a folder, with their paths under the root."""
        with self._reaching(folder):
            if Location(self._root).is_local:
                files = (path for path in Path(self._root, folder).rglob("*") if path.is_file())
                found = (path.relative_to(self._root).as_posix() for path in files)
                return [name for name in found if not is_irregular(name)]
            return [entry["path"] for page in obstore.list(self._store, folder) for entry in page]

    def some_names(self) -> list[str]:
        """Some of the names under the root, folders included; empty if there is nothing."""
        with self._reaching(""):
            if Location(self._root).is_local:
                path = Path(self._root)
                return sorted(it.name for it in path.iterdir()) if path.is_dir() else []
            page = next(iter(obstore.list(self._store, chunk_size=10)), [])
            # A console makes a folder as an object whose key is the prefix; its name here is empty.
            return [entry["path"] for entry in page if entry["path"]]

    def refuse_outside(self, name: str) -> None:
        """Refuse a name that is a link out of the root, or lies behind one.

        Raises
        ------
        DamagedRecordError
            If it does; the message names the link.
        """
        if not Location(self._root).is_local:
            return
        path = os.path.realpath(os.path.join(self._root, name))
        if not path.startswith(os.path.join(os.path.realpath(self._root), "")):
            raise DamagedRecordError(
                f"{self._root}/{name} is a link, or behind one, that leads out of {self._root}; "
                "expected a file inside. Replace the link by what it leads to, or remove it."
            )

    @contextmanager
    def _reaching(self, name: str) -> Iterator[None]:
        """Turn failures into errors for users; missing, existing and changed objects pass."""
        path, location = f"{self._root}/{name}", Location(self._root)
        if not location.is_local:
            with location.bucket.reaching(f"{location.prefix}/{name}"):
                yield
            return
        try:
            with NATIVE_CALLS:
                yield
        except (FileNotFoundError, AlreadyExistsError, PreconditionError):
            raise
        except Timeout as error:
            raise StoreLockedError(
                f"Another process has held {error.lock_file} for {LOCK_SECONDS:.0f} s. "
                "Wait for it, or end it if it hangs."
            ) from error
        except (BaseError, OSError) as error:
            fault = str(error).partition("\n\nDebug source:")[0].rstrip(".")
            advice = f". {FREE_SPACE}" if any(it in fault for it in NO_SPACE) else ""
            raise StoreError(f"{path} cannot be read or written: {fault}{advice}") from error

    @property
    def _store(self) -> ObjectStore:
        location = Location(self._root)
        if location.is_local:
            return LocalStore(location.root)
        return location.bucket.objects(location.prefix)

    def _tag(self, meta: Any) -> str | None:
        location = Location(self._root)
        return meta["e_tag"] if location.is_local else location.bucket.service.tag(meta)
