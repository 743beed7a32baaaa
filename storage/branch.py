"""A branch of its own for each piece of work: commits on it, and the one step that publishes it."""

import logging
import platform
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import Any

import icechunk

from zpoints.storage.backend.location import Location, reaching, root_attrs, set_root_attrs
from zpoints.storage.errors import PublishConflictError, StoreError
from zpoints.storage.schema.registry import SCHEMA_VERSION

logger = logging.getLogger(__name__)

MAIN = "main"
PREFIX = "wip-"
LEFT = "left-"
"""Tags on what a rollback took off `main`."""
Gate = Callable[[], AbstractContextManager[None]]
"""Makes what encloses the moving of `main`; it raises where nothing may be published any more."""
LIBRARIES = ("zpoints", "numpy", "dask", "xarray", "zarr", "icechunk", "torch")


class WorkBranch:
    """The branch `wip-<fingerprint>`: begun at `main`, or taken up where a run left it.

    Branches that build on an older version than `main` are dropped: Icechunk cannot rebase them.

    Parameters
    ----------
    location, repository
        The store.
    fingerprint
        Letters and digits.
    provenance
        What every commit records beside `base` and `duration`.
    """

    def __init__(
        self,
        location: Location,
        repository: icechunk.Repository,
        fingerprint: str,
        provenance: Mapping[str, Any],
    ) -> None:
        if not re.fullmatch(r"[0-9A-Za-z_-]+", fingerprint):
            raise StoreError(f"A fingerprint is letters and digits, not {fingerprint!r}.")
        self._location = location
        self._repository = repository
        self._provenance = dict(provenance)
        self.name = PREFIX + fingerprint
        self._started = time.monotonic()
        with location.lock(), reaching(location.root):
            self.base = repository.lookup_branch(MAIN)
            self._drop_outdated()
            if self.name not in repository.list_branches():
                self._create()
            tip = self._tip()
        self.resumed = tip.id != self.base
        self._seconds_before = float(tip.metadata.get("duration", 0.0)) if self.resumed else 0.0

    def _create(self) -> None:
        try:
            self._repository.create_branch(self.name, self.base)
        except icechunk.IcechunkError:
            # The answer to the request may be lost; a second one then meets the first.
            if self.name not in self._repository.list_branches():
                raise

    def _drop_outdated(self) -> None:
        for branch in self._repository.list_branches():
            if not branch.startswith(PREFIX):
                continue
            tip = self._repository.lookup_snapshot(self._repository.lookup_branch(branch))
            if self.base not in (tip.id, tip.metadata.get("base")):
                if branch == self.name:
                    logger.info("Unfinished work builds on an older version: starting anew")
                self._repository.delete_branch(branch)

    def restart(self) -> None:
        """Forget the commits of an earlier run."""
        with self._location.lock(), reaching(self._location.root):
            self._repository.reset_branch(self.name, self.base)
        self.resumed = False
        self._seconds_before = 0.0

    def reader(self) -> icechunk.Session:
        """A session that sees the branch as it is now."""
        return self._repository.readonly_session(self.name)

    def writer(self) -> icechunk.Session:
        """A session whose changes `commit` adds to the branch."""
        return self._repository.writable_session(self.name)

    @contextmanager
    def committed(self, message: str) -> Iterator[icechunk.Session]:
        """A writable session, committed when the block ends well."""
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
            If another process has committed to it meanwhile.
        """
        with self._location.lock():
            try:
                commit_once(self._repository, session, message, self._metadata())
            except icechunk.ConflictError as error:
                raise PublishConflictError(
                    f"Another process does the same work in {self._location.root}: "
                    "wait for it, then run again."
                ) from error

    def publish(
        self, message: str, metadata: Mapping[str, Any], *, gate: Gate = nullcontext
    ) -> str:
        """Move `main` to the branch with compare-and-swap; returns the version's id.

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
        return self._repository.lookup_snapshot(self._repository.lookup_branch(self.name))

    def _metadata(self) -> dict[str, Any]:
        seconds = self._seconds_before + time.monotonic() - self._started
        return {**self._provenance, "base": self.base, "duration": round(seconds, 3)}

    def _expect_base(self) -> None:
        if self._repository.lookup_branch(MAIN) != self.base:
            raise PublishConflictError(
                f"Another run published a version of {self._location.root} while this one was at "
                "work. Run again: it starts from the new version."
            )


def move_main(repository: icechunk.Repository, version: str, base: str) -> None:
    """Move `main` from `base` to `version`; raises IcechunkError unless it then lies there."""
    try:
        repository.reset_branch(MAIN, version, from_snapshot_id=base)
    except icechunk.IcechunkError:
        # The write may have succeeded and its answer be lost; a second one then meets the first.
        if repository.lookup_branch(MAIN) != version:
            raise


def commit_once(
    repository: icechunk.Repository,
    session: icechunk.Session,
    message: str,
    metadata: Mapping[str, Any],
) -> str:
    """Commit a session to its branch, even if the answer is lost; returns the snapshot's id.

    Raises
    ------
    icechunk.ConflictError
        If another process has committed to the branch.
    """
    mine = secrets.token_hex(8)
    try:
        return session.commit(message, metadata={**metadata, "commit": mine})
    except icechunk.ConflictError:
        assert session.branch is not None
        with suppress(icechunk.IcechunkError):  # the branch is another's, and may be gone
            tip = repository.lookup_snapshot(repository.lookup_branch(session.branch))
            if tip.metadata.get("commit") == mine:
                return tip.id
        raise


def commit_version(
    repository: icechunk.Repository,
    session: icechunk.Session,
    message: str,
    metadata: Mapping[str, Any],
    *,
    revision: int = 0,
) -> str:
    """Commit what becomes a version: its number is one above the session's, or above `revision`."""
    number = 1 + max(revision, int(root_attrs(session).get("revision", 0)))
    set_root_attrs(session, {"revision": number, "schema_version": SCHEMA_VERSION})
    provenance = {
        "published": True,
        "revision": number,
        "versions": _versions(),
        "host": platform.node(),
    }
    return commit_once(repository, session, message, {**metadata, **provenance})


def republish(
    location: Location, repository: icechunk.Repository, version: str, newest: str
) -> None:
    """Make the content of `version` the newest; a tag keeps what `main` leaves in the history."""
    branch = f"{PREFIX}rollback-{version}"
    with location.lock(), reaching(location.root):
        if branch in repository.list_branches():  # of a process that was killed here
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
        if tag not in repository.list_tags():
            repository.create_tag(tag, newest)
        try:
            move_main(repository, made, newest)
        except icechunk.IcechunkError as error:
            raise PublishConflictError(
                f"Another run published a version of {location.root} at this moment. Look at "
                f"zpoints history {location.root}, then decide again."
            ) from error
        finally:
            repository.delete_branch(branch)


def supersede(location: Location, repository: icechunk.Repository, reason: str) -> None:
    """Publish the newest content once more; whoever was about to move `main` cannot any longer."""
    with location.lock(), reaching(location.root):
        base = repository.lookup_branch(MAIN)
        facts = {"stage": "fence", "base": base}
        # A conflict means that `main` has moved by itself.
        with suppress(icechunk.ConflictError):
            commit_version(repository, repository.writable_session(MAIN), reason, facts)


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version_of(library)
    return versions
