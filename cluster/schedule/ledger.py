"""Records the health and the runs of a schedule in the root of the store."""

import json
import platform
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from zpoints.cluster.jobs.record import lives, utc
from zpoints.cluster.run_ids import ID
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.lease import Facts, Lease, LeaseHeldError, LeaseLostError
from zpoints.storage.backend.record import (
    RECORD,
    Line,
    ProcessNumber,
    Seconds,
    parse_record,
    record_in,
)
from zpoints.storage.errors import DamagedRecordError, StoreError, StoreLockedError, ZpointsError

FOLDER = "schedules"
RUNS = 1000
"""Number of runs that a ledger keeps, the last ones."""
SILENT_SECONDS = 120.0
"""Age of the last heartbeat after which a schedule counts as lost."""


class TakenOverError(ZpointsError):
    """Another process has taken over the schedule."""


JobId = Annotated[str, Field(pattern=f"^({ID})?$")]


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run of a schedule, or one that was skipped; times in seconds since 1970."""

    __pydantic_config__ = RECORD

    began: Seconds
    ended: Seconds
    state: Annotated[str, Field(pattern="^(done|failed|cancelled|lost|skipped)$")]
    job: JobId = ""
    note: Line = ""


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

    __pydantic_config__ = RECORD

    state: Annotated[str, Field(pattern="^(waiting|running|stopped)$")]
    cron: Line
    host: Line
    pid: ProcessNumber
    born: Seconds
    beat: Seconds
    following: Seconds | None
    job: JobId = ""

    @property
    def seen(self) -> str:
        """The state as a client sees it: ``lost`` if the process is gone or sends no heartbeats."""
        if self.state == "stopped":
            return self.state
        if self.host == platform.node():
            return self.state if lives(self.pid, self.born) else "lost"
        return "lost" if time.time() - self.beat > SILENT_SECONDS else self.state


_RUN, _HEALTH = TypeAdapter(RunRecord), TypeAdapter(Health)


class Ledger:
    """Health and runs of one schedule of a store.

    Records that are damaged count as absent; `faults` names them.

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
        self._lease = Lease(
            self._blobs,
            self._health_name,
            holder=lambda facts: tuple(str(facts.get(name)) for name in ("host", "pid", "born")),
            valid=lambda facts: (
                (other := record_in(_HEALTH, facts)) is not None
                and other.seen in ("waiting", "running")
            ),
        )
        self._turn = threading.Lock()

    def has_records(self) -> bool:
        """Whether there is a record, damaged or not."""
        try:
            names = (self._health_name, self._runs_name)
            return any(self._blobs.get(name) is not None for name in names)
        except StoreError:
            return True  # whoever reads the record reports the fault

    def runs(self) -> list[RunRecord]:
        """All recorded runs, the newest last."""
        return self._read_runs()[0]

    def faults(self) -> list[str]:
        """Messages about the damaged records of this schedule."""
        faults = [str(error) for error in self._read_runs()[1]]
        if content := self._blobs.get(self._health_name):
            try:
                parse_record(_HEALTH, content, f"{self.root}/{self._health_name}")
            except DamagedRecordError as error:
                faults.append(str(error))
        return faults

    def _read_runs(self) -> tuple[list[RunRecord], list[DamagedRecordError]]:
        runs, faults = [], []
        lines = (self._blobs.get(self._runs_name) or b"").splitlines()
        for number, line in enumerate(lines, 1):
            try:
                runs.append(
                    parse_record(_RUN, line, f"Line {number} of {self.root}/{self._runs_name}")
                )
            except DamagedRecordError as error:
                faults.append(error)
        return runs, faults

    def add(self, run: RunRecord) -> None:
        """Add a run, unless the ledger has the same record already."""
        mine = _packed(run)

        def added(content: bytes | None) -> bytes | None:
            lines = (content or b"").splitlines()
            if mine in lines:
                return None
            return b"".join(it + b"\n" for it in [*lines, mine][-RUNS:])

        self._blobs.update(self._runs_name, added)

    def health(self) -> Health | None:
        """The last heartbeat; None if there never was one."""
        return record_in(_HEALTH, self._lease.facts())

    def claim(self, mine: Health) -> Health | None:
        """Write the first heartbeat; of several processes that try at once, one succeeds.

        Parameters
        ----------
        mine
            The heartbeat.

        Returns
        -------
        Health or None
            The last heartbeat of the process before, if any.

        Raises
        ------
        StoreLockedError
            If another process runs this schedule.
        """

        def following(before: Facts) -> Facts:
            # Keeps the job of the process before, so that this one finds it even after a kill.
            found = record_in(_HEALTH, before)
            return asdict(mine if found is None else replace(mine, job=found.job))

        try:
            before = self._lease.claim(following)
        except LeaseHeldError as error:
            other = record_in(_HEALTH, error.facts)
            assert other is not None  # the lease is valid
            raise StoreLockedError(
                f"{self.root} has a schedule {self.name} already: process {other.pid} on "
                f"{other.host}, last heartbeat {utc(other.beat)}. End it first, or give this "
                "configuration another name."
            ) from None
        return record_in(_HEALTH, before)

    def heartbeat(self, mine: Health) -> None:
        """Write a heartbeat, after a claim.

        Raises
        ------
        TakenOverError
            If another process runs the schedule now, because heartbeats were missing for too long.
        """
        with self._turn:
            try:
                self._lease.renew(asdict(mine))
            except LeaseLostError:
                raise TakenOverError(
                    f"Another process has taken over the schedule {self.name} of {self.root}, "
                    f"because this one sent no heartbeat for {SILENT_SECONDS:.0f} s. This process "
                    "ends; zpoints schedule --status shows the other one."
                ) from None

    @property
    def _health_name(self) -> str:
        return f"{FOLDER}/{self.name}/health.json"

    @property
    def _runs_name(self) -> str:
        return f"{FOLDER}/{self.name}/runs.jsonl"


def is_well(health: Health | None, runs: Sequence[RunRecord]) -> bool:
    """Whether a schedule is alive or was stopped, and its last run did not fail."""
    states = [run.state for run in runs if run.state != "skipped"]
    healthy = health is not None and health.seen != "lost"
    return healthy and states[-1:] not in (["failed"], ["lost"])


def ledgers(root: str) -> list[Ledger]:
    """Ledgers of all schedules of a store; folders of other programs are none."""
    found = [Ledger(root, name) for name in Blobs(root).folders(FOLDER)]
    return [ledger for ledger in found if ledger.has_records()]


def _packed(it: Any) -> bytes:
    return json.dumps(asdict(it)).encode()
