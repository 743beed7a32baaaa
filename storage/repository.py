"""Opens a store for writing and begins the work of stages."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import icechunk

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import Location
from zpoints.storage.backend.run_lock import run_lock
from zpoints.storage.errors import StoreError
from zpoints.storage.executor import Executor, SynchronousExecutor
from zpoints.storage.store import Store, open_store
from zpoints.storage.transaction import StageTransaction
from zpoints.storage.versions import Version
from zpoints.storage.work_branch import republish, supersede


class Repository:
    """A store that is open for writing. Returned by `open_repository`."""

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
        """Begin a stage's work, or continue that of an interrupted run with the same fingerprint.

        Work that builds on another version than the newest is dropped and restarted.

        Parameters
        ----------
        stage
            Name of the stage, recorded in the history.
        fingerprint
            Hash of everything that the stage's result depends on; letters, digits, `_` and `-`.
        groups
            The groups that the stage writes; publishing requires all of them to be complete.
        inputs
            For each group that the stage reads, its fingerprint, or its lineage if the result stays
            valid when the group grows; `Store.is_current` compares them.
        lineage
            Identifier shared by all results that can grow into one another; the fingerprint by
            default.

        Returns
        -------
        StageTransaction
            The work.

        Raises
        ------
        StoreError
            If the fingerprint has other characters.
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
        """Lock the store for one run while the block runs.

        Parameters
        ----------
        purpose
            What the run does, for the error messages of others.

        Raises
        ------
        StoreLockedError
            If another run holds the lock; the message names it.
        """
        with run_lock(self._location, purpose):
            yield

    def keep(self, name: str, data: bytes) -> None:
        """Store a small object outside the versions, replacing any of the same name."""
        Blobs(self.root).put(name, data)

    def kept(self, name: str) -> bytes | None:
        """Content that `keep` stored; `None` if there is none."""
        return Blobs(self.root).get(name)

    def rollback(self, version: str) -> Version:
        """Publish the content of an older version as the newest one.

        The versions in between stay in the history and can be opened.

        Parameters
        ----------
        version
            As in `open_store`.

        Returns
        -------
        Version
            The new version.

        Raises
        ------
        StoreNotFoundError
            If there is no such version.
        VersionError
            As in `open_store`.
        StoreError
            If it is the newest version already.
        PublishConflictError
            If another version is published at the same time.
        """
        wanted = open_store(self.root, version=version)
        newest = self.store()
        if wanted.version == newest.version:
            raise StoreError(f"{wanted.version} is the newest version of {self.root} already.")
        with self.held(f"rollback to {wanted.version}"):
            republish(self._location, self._repository, wanted.version, newest.version)
        return self.store().history()[0]

    def fence(self, reason: str) -> None:
        """Make all publications fail that began before this call.

        The newest content is published again, so a compare-and-swap from the version before fails
        however late it arrives. Unfinished work restarts.

        Parameters
        ----------
        reason
            One line for the history.

        Raises
        ------
        StoreLockedError
            If another process holds the commit lock of a local store for two minutes.
        """
        supersede(self._location, self._repository, reason)

    def __repr__(self) -> str:
        return f"Repository({self.root!r})"


def open_repository(
    root: str | os.PathLike[str], *, executor: Executor | None = None
) -> Repository:
    """Open a store for writing; creates an empty one if there is none.

    Parameters
    ----------
    root
        A local path, or a URL of a prefix in a bucket.
    executor
        Computes the blocks that stages write; by default Dask's scheduler, a few at a time.

    Raises
    ------
    StoreError
        If `root` is something other than a store.
    SchemaError
        If the store has another schema than this zpoints writes.
    """
    location = Location.of(root)
    if not location.exists():
        location.create()
    return Repository(location, location.open(), executor or SynchronousExecutor())
