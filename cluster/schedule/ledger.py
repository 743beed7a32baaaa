"""Records the health and the runs of a schedule in the root of the store."""

import json
import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from zpoints.cluster.jobs.record import lives, utc
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.errors import StoreLockedError, ZpointsError

FOLDER = "schedules"
LINES = 1000
"""Number of runs that a ledger keeps, the last ones."""
SILENT_SECONDS = 120.0
"""Age of the last heartbeat after which a schedule counts as lost."""


class TakenOverError(ZpointsError):
    """Another process has taken over the schedule."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One run of a schedule, or one that was skipped; times in seconds since 1970."""

    began: float
    ended: float
    state: str
    job: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Health:
    """The last heartbeat of a schedule; times in seconds since 1970.

    Attributes
    ----------
    state
        ``waiting``, ``running`` or ``stopped``.
    cron
        Times of the runs in cron's notation.
    host, pid, born
        The process and its start time.
    beat
        Time of the heartbeat.
    following
        When the next run is due; None if the schedule has stopped.
    job
        Id of the active job; empty if there is none.
    """

    state: str
    cron: str
    host: str
    pid: int
    born: float
    beat: float
    following: float | None
    job: str = ""

    @property
    def seen(self) -> str:
        """The state as a client sees it: ``lost`` if the process is gone or sends no heartbeats."""
        if self.state == "stopped":
            return self.state
        if self.host == platform.node():
            return self.state if lives(self.pid, self.born) else "lost"
        return "lost" if time.time() - self.beat > SILENT_SECONDS else self.state

    def same_process(self, other: "Health") -> bool:
        """Whether both heartbeats come from one process."""
        return (self.host, self.pid, self.born) == (other.host, other.pid, other.born)


class Ledger:
    """Health and runs of one schedule of a store.

    Parameters
    ----------
    root
        Root of the store.
    name
        Name of the schedule, which is that of its configuration.
    """

    def __init__(self, root: str, name: str) -> None:
        self.root, self.name = root, name
        self._blobs = Blobs(root)
        self._turn = threading.Lock()

    def lines(self) -> list[Line]:
        """All recorded runs, the newest last."""
        content = self._blobs.get(self._runs) or b""
        return [Line(**json.loads(line)) for line in content.splitlines()]

    def add(self, line: Line) -> None:
        """Add a run, unless the very same line is there: the answer to a write may be lost."""
        mine = _packed(line)
        while True:  # each turn means that someone else has made progress
            found, tag = self._blobs.read(self._runs) or (b"", None)
            lines = found.splitlines()
            if mine in lines:
                return
            kept = [*lines, mine][-LINES:]
            if self._swapped(self._runs, b"".join(it + b"\n" for it in kept), tag):
                return

    def health(self) -> Health | None:
        """The last heartbeat; None if there never was one."""
        return self._seen()[0]

    def claim(self, mine: Health) -> Health | None:
        """Leave the first sign of life; returns the last one of the process before, if any.

        Of several that claim a schedule at once, one succeeds: its write is on condition that
        nothing has changed since it looked.

        Raises
        ------
        StoreLockedError
            If another process keeps this schedule.
        """
        written: Health | None = None
        before: Health | None = None
        while True:  # each turn means that someone else has made progress
            other, tag = self._seen()
            if other is not None and other == written:  # the answer to the write was lost
                return before
            if other is not None and other.seen in ("waiting", "running"):
                raise StoreLockedError(
                    f"{self.root} has a schedule {self.name} already: process {other.pid} on "
                    f"{other.host}, last seen {utc(other.beat)}. End it first, or name this "
                    "configuration otherwise."
                )
            job = "" if other is None else other.job  # to be found, whatever happens now
            before, written = other, replace(mine, job=job)
            if self._swapped(self._state, _packed(written), tag):
                return before

    def beat(self, mine: Health) -> None:
        """Leave a sign of life, after a claim.

        Raises
        ------
        TakenOverError
            If another process keeps the schedule now, as it may after a long silence.
        """
        with self._turn:
            while True:
                last, tag = self._seen()
                if last is None or not last.same_process(mine):
                    raise TakenOverError(
                        f"The schedule {self.name} of {self.root} was silent for so long that it "
                        "was taken for lost, and another process keeps it now; zpoints schedule "
                        "--status says which. This one ends."
                    )
                if self._swapped(self._state, _packed(mine), tag):
                    return

    def _seen(self) -> tuple[Health | None, str | None]:
        found = self._blobs.read(self._state)
        return (None, None) if found is None else (Health(**json.loads(found[0])), found[1])

    def _swapped(self, name: str, data: bytes, tag: str | None) -> bool:
        """Write an object if it still has this tag, or if there still is none."""
        if tag is None:
            return self._blobs.create(name, data) is not None
        return self._blobs.replace(name, data, tag) is not None

    @property
    def _runs(self) -> str:
        return f"{FOLDER}/{self.name}/runs.jsonl"

    @property
    def _state(self) -> str:
        return f"{FOLDER}/{self.name}/health.json"


def is_well(health: Health | None, lines: Sequence[Line]) -> bool:
    """Whether a schedule is alive or was stopped, and its last run did not fail."""
    runs = [line.state for line in lines if line.state != "skipped"]
    return health is not None and health.seen != "lost" and runs[-1:] not in (["failed"], ["lost"])


def ledgers(root: str) -> list[Ledger]:
    """Ledgers of all schedules of a store."""
    return [Ledger(root, name) for name in Blobs(root).folders(FOLDER)]


def _packed(it: Any) -> bytes:
    return json.dumps(asdict(it)).encode()
