"""One run at a time works on a store; a second one learns who does."""

import json
import logging
import os
import platform
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.location import Location
from zpoints.storage.errors import StoreError, StoreLockedError

logger = logging.getLogger(__name__)

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
        raise StoreLockedError(_refusal(location.root, _content(holder))) from error
    try:
        holder.write_text(json.dumps(facts), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


@contextmanager
def _hold_bucket(location: Location, facts: dict[str, Any]) -> Iterator[None]:
    claim = Claim(Blobs(location.root), facts)
    claim.take(location.root)
    ended = threading.Event()
    renewing = threading.Thread(target=claim.renew_until, args=(ended,), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        claim.release()


class Claim:
    """The object in a bucket that says who is at work, until when."""

    def __init__(self, blobs: Blobs, facts: dict[str, Any]) -> None:
        self._blobs = blobs
        self._facts = {**facts, "claim": uuid.uuid4().hex}
        self._tag: str | None = None

    def take(self, root: str) -> None:
        """Claim the root; raises StoreLockedError where another claim has not ended."""
        self._tag = self._blobs.create(HOLDER, self._content()) or self._own_tag()
        if self._tag is None and (found := self._blobs.read(HOLDER)) is not None:
            content, tag = found
            if float(_facts(content).get("until", 0.0)) > time.time():
                raise StoreLockedError(_refusal(root, content))
            self._tag = self._blobs.replace(HOLDER, self._content(), str(tag))
        if self._tag is None:
            raise StoreLockedError(_refusal(root, self._blobs.get(HOLDER)))

    def renew_until(self, ended: threading.Event) -> None:
        """Renew the claim now and then; what fails once is tried again."""
        while self._tag is not None and not ended.wait(CLAIM_SECONDS / RENEWALS):
            try:
                tag = self._blobs.replace(HOLDER, self._content(), self._tag)
                self._tag = tag or self._own_tag()
            except StoreError as error:
                logger.warning("The claim on the store was not renewed: %s", error)
        if self._tag is None:
            logger.warning("Another run has taken over the store; only one of them can publish.")

    def release(self) -> None:
        """Give the claim back, unless another run has taken it over."""
        try:
            if self._own_tag() is not None:
                self._blobs.delete(HOLDER)
        except StoreError as error:
            logger.warning(
                "The claim on the store ends by itself in %.0f s: %s", CLAIM_SECONDS, error
            )

    def _own_tag(self) -> str | None:
        """Tag of the claim if it is this one: a write may succeed and its answer be lost."""
        found = self._blobs.read(HOLDER)
        if found is None or _facts(found[0]).get("claim") != self._facts["claim"]:
            return None
        return found[1]

    def _content(self) -> bytes:
        return json.dumps({**self._facts, "until": time.time() + CLAIM_SECONDS}).encode()


def _facts(content: bytes | None) -> dict[str, Any]:
    """What a claim says; nothing if it is none, or is just being written."""
    try:
        facts = json.loads(content or b"")
    except ValueError:
        return {}
    return facts if isinstance(facts, dict) else {}


def _content(holder: Path) -> bytes | None:
    try:
        return holder.read_bytes()
    except OSError:  # it is just beginning or ending
        return None


def _refusal(root: str, holder: bytes | None) -> str:
    facts, who = _facts(holder), "Another run"
    if facts:
        who += (
            f" ({facts['purpose']}, process {facts['pid']} on {facts['host']}, since "
            f"{facts['since']})"
        )
    advice = "Wait until it ends, or stop it; then run again."
    if "until" in facts:
        advice += f" If it was killed, its claim ends at {_utc(facts['until'])}."
    return f"{who} is at work on {root}. {advice}"


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
