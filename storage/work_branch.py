"""The branch of a stage's work: commits on it, and the one step that publishes it."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

import icechunk

from zpoints.storage.backend.damage import ref_way_back
from zpoints.storage.backend.location import Location, reaching, root_attrs
from zpoints.storage.backend.refs import branches, tags
from zpoints.storage.commits import MAIN, commit_once, commit_version, move_main
from zpoints.storage.errors import PublishConflictError, StoreError

logger = logging.getLogger(__name__)

PREFIX = "wip-"
FINGERPRINT = re.compile(r"[0-9A-Za-z_-]+")
LEFT = "left-"
"""Prefix of tags on versions that a rollback took off `main`."""
Gate = Callable[[], AbstractContextManager[None]]
"""Factory for the context manager around moving `main`; it raises if nothing may be published."""


class WorkBranch:
    """The branch `wip-<fingerprint>`, created at `main` or continued where a run left it.

    Branches that build on another version than `main` are dropped, since Icechunk cannot rebase
    them.

    Parameters
    ----------
    location, repository
        The store.
    fingerprint
        Letters, digits, `_` and `-`.
    provenance
        Metadata of every commit, in addition to `base` and `duration`.
    """

    def __init__(
        self,
        location: Location,
        repository: icechunk.Repository,
        fingerprint: str,
        provenance: Mapping[str, Any],
    ) -> None:
        if not FINGERPRINT.fullmatch(fingerprint):
            raise StoreError(f"Invalid fingerprint {fingerprint!r}; expected letters and digits.")
        self._location = location
        self._repository = repository
        self._provenance = dict(provenance)
        self.name = PREFIX + fingerprint
        self._started = time.monotonic()
        with location.lock(), reaching(location.root):
            self.base = repository.lookup_branch(MAIN)
            self._drop_outdated()
            if self.name not in branches(location.root):
                self._create()
            tip = self._tip()
        self.resumed = tip.id != self.base
        self._seconds_before = float(tip.metadata.get("duration", 0.0)) if self.resumed else 0.0

    def _create(self) -> None:
        try:
            self._repository.create_branch(self.name, self.base)
        except icechunk.IcechunkError:
            # The response may have been lost; the retry then finds the branch.
            if self.name not in branches(self._location.root):
                raise

    def _drop_outdated(self) -> None:
        for branch in branches(self._location.root):
            if not branch.startswith(PREFIX):
                continue
            with reaching(self._location.root, way_back=ref_way_back("branch", branch)):
                tip = self._repository.lookup_snapshot(self._repository.lookup_branch(branch))
            if self.base not in (tip.id, tip.metadata.get("base")):
                if branch == self.name:
                    logger.info("Unfinished work builds on an older version; it restarts")
                self._repository.delete_branch(branch)

    def restart(self) -> None:
        """Drop the commits of an earlier run."""
        with self._location.lock(), reaching(self._location.root):
            self._repository.reset_branch(self.name, self.base)
        self.resumed = False
        self._seconds_before = 0.0

    def reader(self) -> icechunk.Session:
        """A read-only session on the branch as it is now."""
        self._tip()
        return self._repository.readonly_session(self.name)

    def writer(self) -> icechunk.Session:
        """A session whose changes `commit` adds to the branch."""
        self._tip()
        return self._repository.writable_session(self.name)

    @contextmanager
    def committed(self, message: str) -> Iterator[icechunk.Session]:
        """Context with a writable session, committed unless the block raises."""
        with reaching(self._location.root):
            session = self.writer()
            yield session
            if session.has_uncommitted_changes:
                self.commit(session, message)

    def commit(self, session: icechunk.Session, message: str) -> None:
        """Add the session's changes to the branch.

        Raises
        ------
        PublishConflictError
            If another process has committed to the branch in the meantime.
        """
        with self._location.lock():
            try:
                commit_once(self._repository, session, message, self._metadata())
            except icechunk.ConflictError as error:
                raise PublishConflictError(
                    f"Another process does the same work in {self._location.root}. "
                    "Wait for it, then run again."
                ) from error

    def publish(
        self, message: str, metadata: Mapping[str, Any], *, gate: Gate = nullcontext
    ) -> str:
        """Move `main` to the branch with compare-and-swap.

        Parameters
        ----------
        message
            One line for the history.
        metadata
            Further metadata of the commit.
        gate
            Factory for the context manager around the step that readers see.

        Returns
        -------
        str
            Id of the version.

        Raises
        ------
        PublishConflictError
            If another version was published since the branch began.
        """
        with self._location.lock(), reaching(self._location.root):
            self._expect_base()
            tip = self._tip()
            version = tip.id
            if not tip.metadata.get("published"):
                facts = {**metadata, **self._metadata()}
                version = commit_version(self._repository, self.writer(), message, facts)
            with gate():
                self._move_main(version)
            self._repository.delete_branch(self.name)
        return version

    def _move_main(self, version: str) -> None:
        try:
            move_main(self._repository, version, self.base)
        except icechunk.IcechunkError:
            self._expect_base()
            raise

    def _tip(self) -> icechunk.SnapshotInfo:
        # The lookup also loads the snapshot: Zarr would take one that cannot be read for empty.
        return self._repository.lookup_snapshot(self._repository.lookup_branch(self.name))

    def _metadata(self) -> dict[str, Any]:
        seconds = self._seconds_before + time.monotonic() - self._started
        return {**self._provenance, "base": self.base, "duration": round(seconds, 3)}

    def _expect_base(self) -> None:
        if self._repository.lookup_branch(MAIN) != self.base:
            raise PublishConflictError(
                f"Another run published a version of {self._location.root} in the meantime. Run "
                "again; the run starts from the new version."
            )


def republish(
    location: Location, repository: icechunk.Repository, version: str, newest: str
) -> None:
    """Publish the content of an older version; a tag keeps the line that `main` leaves.

    Parameters
    ----------
    location, repository
        The store.
    version
        Id of the older version.
    newest
        Id of the newest version.

    Raises
    ------
    PublishConflictError
        If another version has been published since `newest`.
    """
    branch = f"{PREFIX}rollback-{version}"
    with location.lock(), reaching(location.root):
        if branch in branches(location.root):  # left by a process that was killed
            repository.delete_branch(branch)
        repository.create_branch(branch, version)
        attrs = root_attrs(repository.readonly_session(snapshot_id=newest))
        made = commit_version(
            repository,
            repository.writable_session(branch),
            f"rollback to {version}",
            {"stage": "rollback", "base": newest, "to": version},
            revision=int(attrs.get("revision", 0)),
        )
        tag = f"{LEFT}{newest}"
        if tag not in tags(location.root):
            repository.create_tag(tag, newest)
        try:
            move_main(repository, made, newest)
        except icechunk.IcechunkError as error:
            raise PublishConflictError(
                f"Another run published a version of {location.root} at the same time. Look at "
                f"`zpoints history {location.root}`, then decide again."
            ) from error
        finally:
            repository.delete_branch(branch)


def supersede(location: Location, repository: icechunk.Repository, reason: str) -> None:
    """Publish the newest content again, so that publications that began before fail.

    Parameters
    ----------
    location, repository
        The store.
    reason
        One line for the history.
    """
    with location.lock(), reaching(location.root):
        base = repository.lookup_branch(MAIN)
        facts = {"stage": "fence", "base": base}
        # A conflict means that another publication has moved `main`, which serves as well.
        with suppress(icechunk.ConflictError):
            commit_version(repository, repository.writable_session(MAIN), reason, facts)
