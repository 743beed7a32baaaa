"""Remembers the stores that a user has submitted jobs to, so that an id alone identifies a job."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from zpoints.cluster.jobs.record import Jobs
from zpoints.pipeline.errors import ConfigError
from zpoints.storage.backend.location import Location
from zpoints.storage.errors import StoreError, StoreNotFoundError
from zpoints.storage.text import abbreviated_by, one_line

UNUSABLE = (OSError, RuntimeError, ValueError)
"""Raised without a home folder, or if it or the list cannot be read or written."""
REMEDY = "Name the store with --root, or set XDG_STATE_HOME to a folder of yours."

IDS_SHOWN = 6
"""Ids that a message lists."""

logger = logging.getLogger(__name__)


class AmbiguousJobError(ConfigError):
    """Several jobs have an id that begins or ends as given."""


def _list_path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "zpoints", "roots")


def known_roots() -> list[str]:
    """Distinct roots in the order of their first use; none, with a warning, if there is no list."""
    try:
        return _listed()
    except UNUSABLE as error:
        logger.warning(
            "The list of your stores cannot be read: %s. %s", str(error).rstrip("."), REMEDY
        )
        return []


def _listed() -> list[str]:
    try:
        lines = _list_path().read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return []
    return list(dict.fromkeys(_canonical(line) for line in lines if line))


def _canonical(root: str) -> str:
    """The root without links, dots and trailing slashes; a local one absolute."""
    return root.rstrip("/") if "://" in root else str(Path(root).resolve())


def remember(root: str) -> None:
    """Add a root to the list, unless it is there; the list is a convenience and stops no job."""
    try:
        root = _canonical(root)
        if root in _listed() or "\n" in root:
            return
        _list_path().parent.mkdir(parents=True, exist_ok=True)
        with _list_path().open("a", encoding="utf-8") as file:
            file.write(f"{root}\n")
    except UNUSABLE as error:
        logger.warning("%s cannot be added to the list of your stores: %s. %s", root, error, REMEDY)


def find_job(id_: str, root: str | None = None) -> tuple[str, str]:
    """Root of the store that has a job, and the whole id of the job.

    Parameters
    ----------
    id_
        Id of the job, or its beginning or end.
    root
        Root of the store; by default all that this account has submitted jobs to, the last one
        first.

    Raises
    ------
    StoreNotFoundError
        If there is no such job.
    AmbiguousJobError
        If there are several.
    """
    roots = reversed(known_roots()) if root is None else [Location.of(root).root]
    found: dict[str, str] = {}
    for place in roots:
        for job in abbreviated_by(id_, _ids(place, strict=root is not None)):
            found.setdefault(job, place)
        if id_ in found:
            return found[id_], id_
    if len(found) > 1:
        raise AmbiguousJobError(
            f"{len(found)} jobs begin or end with {one_line(id_)}: {_listing(found)}. Expected one "
            "of them; add characters."
        )
    if not found:
        raise StoreNotFoundError(_unknown(id_, root))
    ((job, place),) = found.items()
    return place, job


def _ids(root: str, *, strict: bool) -> list[str]:
    """Ids of the jobs of a store, whose records may be damaged; of a strange one only if strict."""
    try:
        return Jobs(root).ids()
    except StoreError:  # the store was removed, or its server does not answer
        if strict:
            raise
        return []


def _listing(found: Mapping[str, str]) -> str:
    ids = sorted(found)
    more = f", and {len(ids) - IDS_SHOWN} more" if len(ids) > IDS_SHOWN else ""
    return ", ".join(ids[:IDS_SHOWN]) + more


def _unknown(id_: str, root: str | None) -> str:
    name = one_line(id_) or "(empty)"
    if root is not None:
        return f"{root} has no job {name}; `zpoints jobs {root}` lists its jobs."
    return (
        f"Job {name} not found in any store that this account has submitted jobs to. Name the "
        "store with --root; zpoints jobs ROOT lists its jobs."
    )
