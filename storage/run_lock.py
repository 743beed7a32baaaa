"""One run at a time works on a store; a second one learns who does."""

import json
import os
import platform
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from storage.blobs import Blobs
from storage.errors import StoreLockedError
from storage.location import Location

LOCK = "zpoints.run.lock"
HOLDER = "zpoints.run.json"
CLAIM_SECONDS = 90.0
"""How long a root on S3 stays held by a run that was killed."""
RENEWALS = 6  # within these seconds


@contextmanager
def run_lock(location: Location, purpose: str) -> Iterator[None]:
    """Hold a root while the block runs.

    On a disk the system frees the lock when the process dies. On S3 a claim, written on condition
    that there is none, is renewed while the process lives and ends by itself.

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
    facts = {
        "pid": os.getpid(),
        "host": platform.node(),
        "since": _utc(time.time()),
        "purpose": purpose,
    }
    hold = _hold_folder if location.is_local else _hold_bucket
    with hold(location, facts):
        yield


@contextmanager
def _hold_folder(location: Location, facts: dict[str, Any]) -> Iterator[None]:
    lock, holder = FileLock(Path(location.root, LOCK), timeout=0), Path(location.root, HOLDER)
    try:
        lock.acquire()
    except Timeout as error:
        found = holder.read_bytes() if holder.exists() else None
        raise StoreLockedError(_refusal(location.root, found)) from error
    try:
        holder.write_text(json.dumps(facts), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _hold_bucket(location: Location, facts: dict[str, Any]) -> Iterator[None]:
    blobs, ended = Blobs(location.root), threading.Event()

    def claim() -> bytes:
        return json.dumps({**facts, "until": time.time() + CLAIM_SECONDS}).encode()

    tag = blobs.create(HOLDER, claim())
    if tag is None:  # there is a claim: it may have ended
        found = blobs.get(HOLDER)
        if found is not None and json.loads(found)["until"] > time.time():
            raise StoreLockedError(_refusal(location.root, found))
        tag = blobs.replace(HOLDER, claim(), blobs.tag(HOLDER))
        if tag is None:
            raise StoreLockedError(_refusal(location.root, blobs.get(HOLDER)))

    def renew(tag: str | None) -> None:
        while tag is not None and not ended.wait(CLAIM_SECONDS / RENEWALS):
            tag = blobs.replace(HOLDER, claim(), tag)

    renewing = threading.Thread(target=renew, args=(tag,), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        blobs.delete(HOLDER)


def _refusal(root: str, holder: bytes | None) -> str:
    try:
        facts = json.loads(holder or b"")
    except ValueError:  # it is just beginning or ending
        facts = None
    who = "Another run"
    if facts is not None:
        who += (
            f" ({facts['purpose']}, process {facts['pid']} on {facts['host']}, since "
            f"{facts['since']})"
        )
    advice = "Wait until it ends, or stop it; then run again."
    if facts is not None and "until" in facts:
        advice += f" If it was killed, its claim ends at {_utc(facts['until'])}."
    return f"{who} is at work on {root}. {advice}"


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
