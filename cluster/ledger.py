"""What a schedule leaves in the store's root: whether it lives, and a line per run."""

import json
import platform
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from cluster.jobs import lives, utc
from storage.blobs import Blobs
from storage.errors import StoreLockedError

FOLDER = "schedules"
LINES = 1000
"""How many of its last runs a ledger tells."""
SILENT_SECONDS = 120.0
"""How old the last sign of life of a schedule may be."""


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
    """The last sign of life of a schedule.

    Attributes
    ----------
    state
        ``waiting``, ``running`` or ``stopped``.
    following
        When the next run is due; None for a schedule that has stopped.
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
        """The state as a client sees it: ``lost`` if the process is gone or silent."""
        if self.state == "stopped":
            return self.state
        gone = self.host == platform.node() and not lives(self.pid, self.born)
        return "lost" if gone or time.time() - self.beat > SILENT_SECONDS else self.state


class Ledger:
    """Health and runs of one schedule of a store.

    Parameters
    ----------
    root
        Where the store lies.
    name
        Of the schedule; that of its configuration.
    """

    def __init__(self, root: str, name: str) -> None:
        self.root, self.name = root, name
        self._blobs = Blobs(root)
        self._turn = threading.Lock()

    def lines(self) -> list[Line]:
        """The runs, the newest last."""
        content = self._blobs.get(self._runs) or b""
        return [Line(**json.loads(line)) for line in content.splitlines()]

    def add(self, line: Line) -> None:
        """Add a run."""
        with self._turn:
            kept = [*self.lines(), line][-LINES:]
            self._blobs.put(self._runs, b"".join(_packed(it) + b"\n" for it in kept))

    def health(self) -> Health | None:
        """The last sign of life; None if there never was one."""
        content = self._blobs.get(self._state)
        return None if content is None else Health(**json.loads(content))

    def beat(self, health: Health) -> None:
        """Leave a sign of life."""
        self._blobs.put(self._state, _packed(health))

    def claim(self) -> None:
        """Make sure that no other process keeps this schedule.

        Raises
        ------
        StoreLockedError
            If one does.
        """
        other = self.health()
        if other is not None and other.seen in ("waiting", "running"):
            raise StoreLockedError(
                f"{self.root} has a schedule {self.name} already: process {other.pid} on "
                f"{other.host}, last seen {utc(other.beat)}. End it first, or name this "
                "configuration otherwise."
            )

    @property
    def _runs(self) -> str:
        return f"{FOLDER}/{self.name}/runs.jsonl"

    @property
    def _state(self) -> str:
        return f"{FOLDER}/{self.name}/health.json"


def ledgers(root: str) -> list[Ledger]:
    """The ledgers of all schedules of a store."""
    return [Ledger(root, name) for name in Blobs(root).folders(FOLDER)]


def _packed(it: Any) -> bytes:
    return json.dumps(asdict(it)).encode()
