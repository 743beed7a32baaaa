"""Remembers the stores that a user has submitted jobs to, so that an id alone identifies a job."""

import logging
import os
from pathlib import Path

from zpoints.cluster.jobs.record import Jobs
from zpoints.storage.errors import DamagedRecordError, StoreError, StoreNotFoundError

UNUSABLE = (OSError, RuntimeError, ValueError)
"""Raised without a home folder, or if it or the list cannot be read or written."""
REMEDY = "Name the store with --root, or set XDG_STATE_HOME to a folder of yours."

logger = logging.getLogger(__name__)


def _list_path() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "zpoints", "roots")


def known_roots() -> list[str]:
    """Distinct roots in the order of their first use; none, with a warning, if there is no list."""
    try:
        return _listed()
    except UNUSABLE as error:
        logger.warning("The list of your stores cannot be read: %s. %s", error, REMEDY)
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


def root_of(id_: str) -> str:
    """Root of the store that has a job.

    Raises
    ------
    StoreNotFoundError
        If no known store has it.
    """
    for root in reversed(known_roots()):
        try:
            Jobs(root).read(id_)
        except DamagedRecordError:
            return root  # whoever reads the record reports the fault
        except StoreError:  # no such job, or the store was removed
            continue
        return root
    raise StoreNotFoundError(
        f"Job {id_} not found in any store that this account has submitted jobs to. Name the store "
        "with --root; zpoints jobs ROOT lists its jobs."
    )
