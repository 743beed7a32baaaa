"""One run at a time works on a store; a second one learns who does."""

import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from storage.errors import StoreLockedError
from storage.location import Location

LOCK = "zpoints.run.lock"
HOLDER = "zpoints.run.json"


@contextmanager
def run_lock(location: Location, purpose: str) -> Iterator[None]:
    """Hold the lock of a local root while the block runs; the system frees it if the process dies.

    On S3 there is none yet: publishing by compare-and-swap alone keeps two runs apart.

    Parameters
    ----------
    location
        A root that exists.
    purpose
        What the holder does, for those who meet it, e.g. `zpoints run celeba.yaml`.

    Raises
    ------
    StoreLockedError
        If another process holds it; the message says which, since when and for what.
    """
    if not location.is_local:
        yield
        return
    lock, holder = FileLock(Path(location.root, LOCK), timeout=0), Path(location.root, HOLDER)
    try:
        lock.acquire()
    except Timeout as error:
        raise StoreLockedError(
            f"{_described(holder)} is at work on {location.root}. Wait until it ends, or stop it; "
            "then run again."
        ) from error
    try:
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        facts = {"pid": os.getpid(), "host": platform.node(), "since": since, "purpose": purpose}
        holder.write_text(json.dumps(facts), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _described(holder: Path) -> str:
    try:
        facts = json.loads(holder.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it is just beginning or ending
        return "Another run"
    return (
        f"Another run ({facts['purpose']}, process {facts['pid']} on {facts['host']}, since "
        f"{facts['since']})"
    )
