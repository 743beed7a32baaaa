"""The write side of a store: where stages begin their work."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import icechunk

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import Location
from zpoints.storage.backend.run_lock import run_lock
from zpoints.storage.branch import republish, supersede
from zpoints.storage.errors import StoreError
from zpoints.storage.executor import Executor, SynchronousExecutor
from zpoints.storage.store import Store, open_store
from zpoints.storage.transaction import StageTransaction
from zpoints.storage.versions import Version


class Repository:
    """A store that may be written to. Made by `open_repository`."""

    def __init__(
        self, location: Location, repository: icechunk.Repository, executor: Executor
    ) -> None:
        self._location = location
        self._repository = repository
        self._executor = executor
        self.root = location.root

    def store(self) -> Store:
        """The newest published version, for reading."""
        return open_store(self.root)

    def begin(
        self,
        *,
        stage: str,
        fingerprint: str,
        groups: Sequence[str],
        inputs: Mapping[str, str] | None = None,
        lineage: str | None = None,
    ) -> StageTransaction:
        """Begin a stage's work, or take up what an interrupted run with the fingerprint left.

        Work that builds on an older version than the newest is dropped and begun anew.

        Parameters
        ----------
        stage
            Name of the stage, recorded in the history.
        fingerprint
            Hash of everything the stage's result depends on; letters and digits.
        groups
            The groups that the stage writes; all must be complete to publish.
        inputs
            The groups that the stage reads, and their fingerprints (or their lineages, where their
            growth leaves the result valid); `Store.is_current` compares.
        lineage
            Shared by all results that can grow into each other; the fingerprint if omitted.

        Raises
        ------
        StoreError
            If the fingerprint holds other characters.
        """
        return StageTransaction(
            self._location,
            self._repository,
            stage=stage,
            fingerprint=fingerprint,
            groups=tuple(groups),
            inputs=inputs or {},
            lineage=lineage or fingerprint,
            executor=self._executor,
        )

    @contextmanager
    def held(self, purpose: str) -> Iterator[None]:
        """Keep other runs away while the block runs.

        Parameters
        ----------
        purpose
            What is being done, for those who meet the lock.

        Raises
        ------
        StoreLockedError
            If another process holds the store; the message says which one.
        """
        with run_lock(self._location, purpose):
            yield

    def keep(self, name: str, data: bytes) -> None:
        """Keep a small object beside the versions, in place of what had its name."""
        Blobs(self.root).put(name, data)

    def kept(self, name: str) -> bytes | None:
        """What `keep` has kept; `None` if nothing."""
        return Blobs(self.root).get(name)

    def rollback(self, version: str) -> Version:
        """Publish an older version's content again, as the newest version.

        Nothing is lost: the versions in between stay in the history and can be opened.

        Parameters
        ----------
        version
            Id of a published version, as `Store.history` lists them.

        Returns
        -------
        Version
            The new one.

        Raises
        ------
        StoreNotFoundError
            If there is no such version.
        StoreError
            If it is the newest one already.
        PublishConflictError
            If another version is published at the same moment.
        """
        wanted = open_store(self.root, version=version)
        newest = self.store()
        if wanted.version == newest.version:
            raise StoreError(f"{version} is the newest version of {self.root} already.")
        with self.held(f"rollback to {version}"):
            republish(self._location, self._repository, wanted.version, newest.version)
        return self.store().history()[0]

    def fence(self, reason: str) -> None:
        """Make sure that no publication succeeds that began before this call.

        The newest content becomes a version once more, so that a compare-and-swap from the version
        before fails, however late it arrives. Unfinished work starts anew.

        Parameters
        ----------
        reason
            One line for the history.

        Raises
        ------
        StoreLockedError
            If another process keeps the commit lock of a store on a disk for two minutes.
        """
        supersede(self._location, self._repository, reason)

    def __repr__(self) -> str:
        return f"Repository({self.root!r})"


def open_repository(
    root: str | os.PathLike[str], *, executor: Executor | None = None
) -> Repository:
    """Open a store for writing; makes an empty one where there is none.

    Parameters
    ----------
    root
        A local path or `s3://bucket/prefix`.
    executor
        Computes the blocks that stages write; by default Dask's scheduler, a few at a time.

    Raises
    ------
    StoreError
        If something other than a store lies at `root`.
    SchemaError
        If a newer zpoints wrote the store.
    """
    location = Location.of(root)
    if not location.exists():
        location.create()
    return Repository(location, location.open(), executor or SynchronousExecutor())
