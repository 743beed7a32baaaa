"""Lets one run at a time work on a store and reports which one does."""

import json
import logging
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import ConfigDict, TypeAdapter

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.lease import Facts, Lease, LeaseHeldError, LeaseLostError, parse_facts
from zpoints.storage.backend.location import Location
from zpoints.storage.backend.record import Line, ProcessNumber, Seconds, record_in
from zpoints.storage.errors import StoreError, StoreLockedError

logger = logging.getLogger(__name__)

LOCK = "zpoints.run.lock"
HOLDER = "zpoints.run.json"
RUN_LOCK_SECONDS = 90.0
"""How long a store in a bucket stays locked after its run was killed."""
RENEWALS = 6
"""How often a lease is renewed within its duration."""


@dataclass(frozen=True, kw_only=True)
class RunFacts:
    """The run that holds a lock.

    It may have other fields, so that the lock of a newer version of zpoints holds, too.

    Attributes
    ----------
    pid, host, since, purpose
        The process, when it began, and what it does, for people.
    claim
        Identifies the holder of a lease; empty on a disk.
    until
        When the lease expires, in seconds since 1970; 0 on a disk.
    """

    __pydantic_config__ = ConfigDict(strict=True)

    pid: ProcessNumber
    host: Line
    since: Line
    purpose: Line
    claim: str = ""
    until: Seconds = 0.0


_RUN_FACTS = TypeAdapter(RunFacts)


@contextmanager
def run_lock(location: Location, purpose: str) -> Iterator[None]:
    """Lock a store for one run while the block runs.

    On a disk the operating system frees the lock when the process dies. In a bucket the run holds a
    lease, which it renews while it lives and which expires by itself.

    Parameters
    ----------
    location
        A root that exists.
    purpose
        What the run does, for the error messages of others, e.g. `zpoints run celeba.yaml`.

    Raises
    ------
    StoreLockedError
        If another run holds the lock; the message names its purpose, process and start.
    """
    facts = {
        "pid": os.getpid(),
        "host": platform.node(),
        "since": _utc(time.time()),
        "purpose": purpose,
    }
    lock = _file_lock if location.is_local else _lease
    with lock(location, facts):
        yield


@contextmanager
def _file_lock(location: Location, facts: dict[str, Any]) -> Iterator[None]:
    lock, holder = FileLock(Path(location.root, LOCK), timeout=0), Path(location.root, HOLDER)
    try:
        lock.acquire()
    except Timeout as error:
        raise _locked(location.root, _facts_in(holder)) from error
    try:
        Blobs(location.root).put(HOLDER, json.dumps(facts).encode())
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _lease(location: Location, facts: dict[str, Any]) -> Iterator[None]:
    lease = Lease(
        Blobs(location.root),
        HOLDER,
        holder=lambda facts: str(facts.get("claim")),
        valid=lambda facts: (
            (run := record_in(_RUN_FACTS, facts)) is not None and run.until > time.time()
        ),
    )
    own = {**facts, "claim": uuid.uuid4().hex}
    try:
        lease.claim(lambda before: _with_expiry(own))
    except LeaseHeldError as error:
        raise _locked(location.root, error.facts) from None
    ended = threading.Event()
    renewing = threading.Thread(target=_renew_until, args=(ended, lease, own), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        try:
            lease.release(own)
        except StoreError as error:
            logger.warning("The lock on the store expires in %.0f s: %s", RUN_LOCK_SECONDS, error)


def _renew_until(ended: threading.Event, lease: Lease, own: Facts) -> None:
    """Renew a lease several times within its duration; a renewal that fails is tried again."""
    while not ended.wait(RUN_LOCK_SECONDS / RENEWALS):
        try:
            lease.renew(_with_expiry(own))
        except LeaseLostError:
            logger.warning("Another run has taken over the store; only one of them can publish.")
            return
        except StoreError as error:
            logger.warning("The lock on the store was not renewed: %s", error)


def _with_expiry(facts: Facts) -> Facts:
    return {**facts, "until": time.time() + RUN_LOCK_SECONDS}


def _facts_in(holder: Path) -> Facts:
    """Facts of the run that holds the lock; empty while it is just starting or ending."""
    try:
        return parse_facts(holder.read_bytes())
    except OSError:
        return {}


def _locked(root: str, facts: Facts) -> StoreLockedError:
    run, found = "Another run", record_in(_RUN_FACTS, facts)
    if found is not None:
        run += f" ({found.purpose}, process {found.pid} on {found.host}, since {found.since})"
    advice = "Wait until it ends, or stop it; then run again."
    if found is not None and found.until:
        advice += f" If it was killed, its lock expires at {_utc(found.until)}."
    return StoreLockedError(f"{run} is working on {root}. {advice}")


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
