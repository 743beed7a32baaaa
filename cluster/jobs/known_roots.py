"""The roots that this user has submitted jobs to, so that an id alone finds its job."""

import os
from pathlib import Path

from zpoints.cluster.jobs.record import Jobs
from zpoints.storage.errors import StoreError, StoreNotFoundError


def _list() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state, "zpoints", "roots")


def known_roots() -> list[str]:
    """Roots in the order in which they were first used, each under one name."""
    try:
        lines = _list().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return list(dict.fromkeys(_one_name(line) for line in lines if line))


def _one_name(root: str) -> str:
    """The root as all that lead to it have in common: absolute, without links, dots and slashes."""
    return root.rstrip("/") if "://" in root else str(Path(root).resolve())


def remember(root: str) -> None:
    """Note a root, once."""
    root = _one_name(root)
    if root not in known_roots():
        _list().parent.mkdir(parents=True, exist_ok=True)
        with _list().open("a", encoding="utf-8") as file:
            file.write(f"{root}\n")


def root_of(id_: str) -> str:
    """The root whose store has a job.

    Raises
    ------
    StoreNotFoundError
        If no known root has it.
    """
    for root in reversed(known_roots()):
        try:
            Jobs(root).read(id_)
        except StoreError:  # no such job, or the store is gone
            continue
        return root
    raise StoreNotFoundError(
        f"No store that jobs were submitted to from here has a job {id_}. Name the store with "
        "--root; zpoints jobs ROOT lists its jobs."
    )
