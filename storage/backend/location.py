"""The root of a store, a local path or a prefix in a bucket: creation, opening and commit lock."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any

import icechunk
import zarr
from filelock import FileLock, Timeout

from zpoints.storage.backend.buckets.bucket import Bucket
from zpoints.storage.backend.buckets.schemes import PLACES, in_bucket, split_url
from zpoints.storage.backend.damage import (
    FREE_SPACE,
    explain,
    is_panic,
    metadata_errors,
    refuse_newer_format,
)
from zpoints.storage.backend.icechunk_calls import open_or_create
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS
from zpoints.storage.backend.local_path import utf8_path
from zpoints.storage.backend.surroundings import occupied, some, stores_nearby
from zpoints.storage.errors import PlaceError, StoreError, StoreLockedError, StoreNotFoundError
from zpoints.storage.schema.registry import SCHEMA_VERSION
from zpoints.storage.schema.validation import check_schema_version

# Icechunk warns that commits to local stores are unsafe; `Location.lock` makes them safe.
icechunk.set_logs_filter("error")

FORMAT = "zpoints"
LOCK_NAME = "zpoints.lock"
SNAPSHOTS = "snapshots"
OBJECT_NAME = re.compile(r"[0-9A-HJKMNP-TV-Z]{20}")
"""Name of a file of Icechunk in any folder but `refs`: 12 bytes in Crockford's Base32."""
NOT_EMPTY = "clean prefix"
"""Text of Icechunk's error about other objects where a repository is to be created."""
FIRST_SNAPSHOT = "1CECHNKREP0F1RSTCMT0"
"""The empty snapshot with which Icechunk begins, before there is a branch."""
LOCK_SECONDS = 120.0
"""How long a commit waits for that of another process."""


@dataclass(frozen=True)
class Location:
    """The root of a store.

    Attributes
    ----------
    root
        A local path, `s3://bucket/prefix`, `gs://bucket/prefix` or `az://container/prefix`.
        Servers and credentials come from the usual environment variables of each service.
    """

    root: str

    @classmethod
    def of(cls, root: str | os.PathLike[str]) -> "Location":
        """The location of a path or URL that a user wrote.

        Raises
        ------
        PlaceError
            If `root` is another URL, or names no prefix.
        PathError
            If the path is not UTF-8, or names a home folder that does not exist.
        """
        text = os.fspath(root)
        if not in_bucket(text):
            return cls(str(utf8_path(text).absolute()))
        scheme, bucket, prefix = split_url(text)
        if not bucket or not prefix:
            raise PlaceError(f"{text} cannot be a store; expected {PLACES}.")
        return cls(f"{scheme}://{bucket}/{prefix}")

    @property
    def is_local(self) -> bool:
        """Whether the store is in the file system."""
        return not in_bucket(self.root)

    def storage(self) -> icechunk.Storage:
        """Icechunk's access to the root; reads and writes nothing."""
        if self.is_local:
            return icechunk.local_filesystem_storage(self.root)
        return self.bucket.storage(self.prefix)

    @property
    def bucket(self) -> Bucket:
        """The bucket of a root that is not local."""
        return Bucket.of(self.root)

    @property
    def prefix(self) -> str:
        """Prefix of the keys of a root in a bucket."""
        return split_url(self.root)[2]

    def exists(self) -> bool:
        """Whether there is an Icechunk repository; creates nothing."""
        if not self.is_local:
            self.bucket.check_reach(self.prefix)  # Icechunk retries for longer, and explains less
        elif not (Path(self.root, "refs").is_dir() or Path(self.root, "repo").is_file()):
            return False
        with reaching(self.root):
            return icechunk.Repository.exists(self.storage())

    def has_remains(self) -> bool:
        """Whether versions lie at the root, even if Icechunk finds no repository there."""
        if self.is_local:
            folder = Path(self.root, SNAPSHOTS)
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        else:
            objects, _ = self.bucket.folder(f"{self.prefix}/{SNAPSHOTS}")
            names = [it.key.rpartition("/")[2] for it in objects]
        return any(OBJECT_NAME.fullmatch(name) and name != FIRST_SNAPSHOT for name in names)

    def open(self) -> icechunk.Repository:
        """Open the repository.

        Raises
        ------
        StoreNotFoundError
            If there is none, or zpoints did not write it.
        StoreError
            If one of its files is missing, damaged or not readable; the message names the file.
        SchemaError
            If it has another schema than this zpoints writes.
        """
        if not self.exists():
            if not self.has_remains():
                remedy = f"`zpoints run CONFIG --root {self.root}` creates one."
                raise StoreNotFoundError(
                    f"There is no store at {self.root}. {stores_nearby(self.root) or remedy}"
                )
            self._refuse_lost_main()
        with reaching(self.root):
            repository = self.icechunk_repository()
            refuse_newer_format(self.root, repository)
            # Zarr takes an unreadable snapshot for an empty group; Icechunk reports the error.
            repository.lookup_snapshot(repository.lookup_branch("main"))
            attrs = root_attrs(repository.readonly_session("main"))
        if attrs.get("format") != FORMAT:
            raise StoreNotFoundError(
                f"{self.root} is an Icechunk repository that zpoints did not write."
            )
        check_schema_version(f"The store {self.root}", attrs.get("schema_version"))
        return repository

    def icechunk_repository(self) -> icechunk.Repository:
        """Open what Icechunk finds at the root, without checks.

        By default, Icechunk fetches manifests of arrays with certain names (``time``, ``lat``, ...)
        ahead of each session. Compiling the patterns takes up to 60 ms each time, and no array of a
        store has such a name.
        """
        manifest = icechunk.ManifestConfig(
            preload=icechunk.ManifestPreloadConfig(
                max_total_refs=0, preload_if=icechunk.ManifestPreloadCondition.false()
            )
        )
        config = icechunk.RepositoryConfig(manifest=manifest)
        return icechunk.Repository.open(self.storage(), config=config)

    def create(self) -> None:
        """Create an empty store, unless another process was faster.

        A local store is made in a folder next to the root and renamed, so it appears complete.

        Raises
        ------
        PlaceError
            If the root is a file or a folder with other content, or if nothing can be written
            there.
        StoreError
            If it is what is left of a store.
        """
        if self.has_remains():
            self._refuse_lost_main()
        if not self.is_local:
            self._create_in_bucket()
            return
        try:
            with reaching(self.root):
                self._create_folder()
        except OSError as error:
            advice = (
                FREE_SPACE
                if error.errno in (ENOSPC, EDQUOT)
                else "Choose a root where you may create folders with --root."
            )
            raise PlaceError(
                f"A store cannot be created at {self.root} ({error.strerror}). {advice}"
            ) from error

    def refuse_other_files(self) -> None:
        """Refuse a local folder with other content, before work that is to end in a store there.

        Raises
        ------
        PlaceError
            If the root is a file, or a folder that holds something but no store.
        """
        path = Path(self.root)
        if not self.is_local or not path.exists() or self.exists():
            return
        if not path.is_dir() or any(path.iterdir()):
            raise occupied(self.root, "not empty" if path.is_dir() else "it is a file")

    def _refuse_lost_main(self) -> None:
        """Refuse versions that are not a repository; called after they have been found.

        Where another process creates the store at the same time, the pointer is there before them.
        """
        if not self.exists():
            with reaching(self.root):
                self.icechunk_repository()

    def _create_in_bucket(self) -> None:
        with reaching(self.root):
            try:
                _initialise(self.storage())
            except icechunk.IcechunkError as error:
                if NOT_EMPTY not in str(error):
                    raise
                if not self.exists():
                    objects, folders = self.bucket.folder(self.prefix)
                    names = [it.key for it in objects] + [f"{it}/" for it in folders]
                    raise PlaceError(
                        f"A store cannot be created at {self.root}: expected no objects there, got "
                        f"{some(names)} in the bucket. Remove them, or choose another root with "
                        "--root."
                    ) from error
                _initialise(self.storage())  # another process was faster

    def _create_folder(self) -> None:
        parent = Path(self.root).parent
        parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".zpoints-", dir=parent) as scratch:
            made = Path(scratch, "store")
            _initialise(icechunk.local_filesystem_storage(str(made)))
            made.chmod(0o755)
            try:
                made.rename(self.root)
            except OSError as error:
                shutil.rmtree(made, ignore_errors=True)
                if not self.exists():
                    raise occupied(self.root, str(error.strerror)) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the commit lock of a local store; buckets serialise commits by themselves.

        Raises
        ------
        StoreLockedError
            If another process holds the lock for longer than two minutes.
        """
        if not self.is_local:
            yield
            return
        lock = FileLock(Path(self.root, LOCK_NAME), timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreLockedError(
                f"Another process has held {lock.lock_file} for {LOCK_SECONDS:.0f} s. "
                "Wait for it, or end it if it hangs."
            ) from error
        try:
            yield
        finally:
            lock.release()


@contextmanager
def reaching(root: str, *, way_back: str | None = None) -> Iterator[None]:
    """Turn Icechunk's errors into an error that names the store, the file and what to do.

    Parameters
    ----------
    root
        Root of the store.
    way_back
        What to do about a damaged file; by default it follows from the file.
    """
    try:
        with NATIVE_CALLS:
            yield
    except BaseException as error:
        if not (isinstance(error, icechunk.IcechunkError) or is_panic(error)):
            raise
        location = Location(root)
        if not location.is_local:  # Icechunk does not explain why a bucket cannot be reached
            location.bucket.check_reach(location.prefix)
        raise StoreError(explain(root, error, way_back)) from error


def load_snapshot(session: icechunk.Session) -> None:
    """Read the snapshot of a session, which holds the metadata of all its groups and arrays.

    Icechunk 1 reports metadata that it cannot read as absent, and Zarr then finds no array where a
    server does not answer. The status of a session raises Icechunk's error instead.

    Raises
    ------
    icechunk.IcechunkError
        If the snapshot cannot be read.
    """
    session.status()


def root_attrs(session: icechunk.Session) -> dict[str, Any]:
    """Attributes of the root group; empty if there is none."""
    try:
        with metadata_errors(session):
            return dict(zarr.open_group(session.store, mode="r").attrs)
    except (FileNotFoundError, zarr.errors.GroupNotFoundError):
        return {}


def set_root_attrs(session: icechunk.Session, attrs: Mapping[str, Any]) -> None:
    """Change attributes of the root group."""
    zarr.open_group(session.store, mode="r+").attrs.update(attrs)


def _initialise(storage: icechunk.Storage) -> None:
    repository = open_or_create(storage)
    session = repository.writable_session("main")
    if root_attrs(session):
        return
    attrs = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "revision": 0}
    zarr.create_group(session.store, attributes=attrs)
    try:
        session.commit("empty store", metadata={"stage": "create"})
    except icechunk.ConflictError:
        if not root_attrs(repository.readonly_session("main")):
            raise
