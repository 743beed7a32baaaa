"""Commits with their provenance, and the move of `main` to one of them."""

import platform
import secrets
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from typing import Any

import icechunk

from zpoints.storage.backend.location import root_attrs, set_root_attrs
from zpoints.storage.schema.registry import SCHEMA_VERSION

MAIN = "main"
LIBRARIES = ("zpoints", "numpy", "dask", "xarray", "zarr", "icechunk", "torch")


def move_main(repository: icechunk.Repository, version: str, base: str) -> None:
    """Move the branch `main`.

    Parameters
    ----------
    repository
        The repository.
    version
        Id of the snapshot that `main` is to point to.
    base
        Id of the snapshot that `main` must point to now.

    Raises
    ------
    IcechunkError
        If `main` does not point to `version` afterwards.
    """
    try:
        repository.reset_branch(MAIN, version, from_snapshot_id=base)
    except icechunk.IcechunkError:
        # The write may have succeeded and its response been lost; the retry then conflicts with it.
        if repository.lookup_branch(MAIN) != version:
            raise


def commit_once(
    repository: icechunk.Repository,
    session: icechunk.Session,
    message: str,
    metadata: Mapping[str, Any],
) -> str:
    """Commit a session to its branch, even if the response to the commit is lost.

    Parameters
    ----------
    repository, session
        The store, and the session on a branch.
    message
        One line.
    metadata
        Metadata of the commit.

    Returns
    -------
    str
        Id of the snapshot.

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
        with suppress(icechunk.IcechunkError):  # the other process may have deleted the branch
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
    """Commit what becomes a version.

    Parameters
    ----------
    repository, session
        The store, and the session on a branch.
    message
        One line for the history.
    metadata
        Further metadata of the commit.
    revision
        The new revision is one above this number or that of the session, whichever is larger.

    Returns
    -------
    str
        Id of the snapshot.
    """
    number = 1 + max(revision, int(root_attrs(session).get("revision", 0)))
    set_root_attrs(session, {"revision": number, "schema_version": SCHEMA_VERSION})
    provenance = {
        "published": True,
        "revision": number,
        "versions": _versions(),
        "host": platform.node(),
    }
    return commit_once(repository, session, message, {**metadata, **provenance})


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for library in LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version_of(library)
    return versions
