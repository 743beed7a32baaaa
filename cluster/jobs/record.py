"""Jobs: runs that outlive their client, recorded in the store's root for every client to see."""

import json
import platform
import secrets
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import psutil

from zpoints.cluster.jobs.slurm import in_queue
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.errors import StoreError, StoreNotFoundError

FOLDER = "jobs"
ALIVE = ("running", "publishing")
ENDED = ("done", "failed", "cancelled")
LOST_SECONDS = 60.0
"""How old the last sign of life of a job may be; clocks must agree to much less."""

CLOCK_SECONDS = 5.0
"""How far the time at which a process began may move when the clock is set."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is recorded of a job; changed by conditional writes only.

    Attributes
    ----------
    id
        Time of submission in UTC and four random digits.
    state
        ``queued``, ``running``, ``publishing``, ``done``, ``failed`` or ``cancelled``.
    title, until, config
        What to run; ``config`` is the whole configuration as JSON.
    folder
        Where relative paths of the configuration begin: there the driver works.
    submitted, began, ended
        Seconds since 1970; None where it has not come to that. A job may be cancelled and its
        process not have ended.
    reason
        Why it failed or was cancelled.
    host, pid, born
        The driver's process; ``born`` tells it from a later one with the same number. Before it
        has begun, ``host`` is the client's.
    batch
        Number of the Slurm job; None for a process of its own.
    output
        File on ``host`` with everything that the process prints; empty until it is known.
    writes
        How often the record was written: two versions of it never have the same content, hence
        never the same entity tag.
    """

    id: str
    state: str = "queued"
    title: str
    until: str
    config: dict[str, Any]
    folder: str
    submitted: float
    began: float | None = None
    ended: float | None = None
    reason: str = ""
    host: str = field(default_factory=platform.node)
    pid: int | None = None
    born: float | None = None
    batch: str | None = None
    output: str = ""
    writes: int = 0

    @property
    def where(self) -> str:
        """The process or the Slurm job, for people."""
        if self.pid is not None:
            return f"process {self.pid} on {self.host}"
        return f"Slurm job {self.batch}" if self.batch else self.host


@dataclass(frozen=True, kw_only=True)
class Beat:
    """The last sign of life of a job: when, and what it was at."""

    time: float
    doing: str = ""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """A job as a client sees it.

    Attributes
    ----------
    state
        ``queued``, ``running``, ``done``, ``failed``, ``cancelled`` or ``lost``.
    note
        Stage and progress, or the reason.
    over
        Whether its process has ended, or will never begin.
    """

    job: Job
    state: str
    note: str
    over: bool


def new_id() -> str:
    """An id that sorts by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


class Jobs:
    """The jobs of one store.

    Parameters
    ----------
    root
        Where the store lies.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._blobs = Blobs(root)

    def add(self, job: Job) -> None:
        """Record a new job.

        Raises
        ------
        StoreError
            If another job has its id.
        """
        name, data = _record(job.id), _packed(job)
        # The very same record: it was written, and the answer to that was lost.
        if self._blobs.create(name, data) is None and self._blobs.get(name) != data:
            raise StoreError(f"{self.root} has a job {job.id} already; submit again.")

    def read(self, id_: str) -> tuple[Job, str]:
        """A job and the tag of its record.

        Raises
        ------
        StoreNotFoundError
            If there is none.
        """
        found = self._blobs.read(_record(id_))
        if found is None:
            raise StoreNotFoundError(
                f"{self.root} has no job {id_}; `zpoints jobs {self.root}` lists those it has."
            )
        return Job(**json.loads(found[0])), str(found[1])

    def swap(self, job: Job, tag: str, **changes: Any) -> bool:
        """Write a job anew if its record still has this tag; False if it has another."""
        changed = replace(job, writes=job.writes + 1, **changes)
        return self._blobs.replace(_record(job.id), _packed(changed), tag) is not None

    def change(self, id_: str, states: Collection[str], **changes: Any) -> bool:
        """Write a job anew if it is in one of these states; False if it is in another."""
        while True:  # each turn means that someone else has made progress
            job, tag = self.read(id_)
            if job.state not in states:
                return False
            if self.swap(job, tag, **changes):
                return True

    def beat(self, id_: str, doing: str) -> None:
        """Leave a sign of life."""
        beat = Beat(time=time.time(), doing=doing)
        self._blobs.put(_beat(id_), json.dumps(asdict(beat)).encode())

    def status(self, id_: str) -> JobStatus:
        """A job as it is now."""
        content = self._blobs.get(_beat(id_))
        beat = None if content is None else Beat(**json.loads(content))
        job, _ = self.read(id_)
        if job.ended is not None:
            return JobStatus(job=job, state=job.state, note=job.reason, over=True)
        lost = _lost(job, beat)
        if lost and self.read(id_)[0] != job:  # it has moved on while it was looked for
            return self.status(id_)
        if job.state == "cancelled":
            note = job.reason if lost else f"{job.where} is ending"
            return JobStatus(job=job, state=job.state, note=note, over=bool(lost))
        if lost:
            return JobStatus(job=job, state="lost", note=lost, over=True)
        state = "queued" if job.state == "queued" else "running"
        doing = "" if beat is None else beat.doing
        return JobStatus(job=job, state=state, note=doing, over=False)

    def all(self) -> list[JobStatus]:
        """All jobs, the newest last; a folder whose record was removed is none."""
        found = []
        for id_ in self._blobs.folders(FOLDER):
            with suppress(StoreNotFoundError):
                found.append(self.status(id_))
        return found


def _lost(job: Job, beat: Beat | None) -> str:
    """Why nothing more will come of a job that has not ended; empty if it may."""
    if job.batch is not None and job.pid is None:
        return "" if in_queue(job.batch) else f"Slurm knows no job {job.batch} any more"
    if job.pid is not None and job.host == platform.node():
        # It is seen here, so that silence says nothing: the machine slept, or the bucket did.
        return "" if lives(job.pid, job.born) else f"{job.where} is gone"
    seen = max(job.submitted, 0.0 if beat is None else beat.time)
    if time.time() - seen > LOST_SECONDS:
        return f"no sign of life from {job.where} since {utc(seen)}"
    return ""


def lives(pid: int, born: float | None) -> bool:
    """Whether a process of this machine still is the one that was born then."""
    try:
        process = psutil.Process(pid)
        same = born is not None and abs(process.create_time() - born) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def utc(seconds: float) -> str:
    """A time for people."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _record(id_: str) -> str:
    return f"{FOLDER}/{id_}/job.json"


def _beat(id_: str) -> str:
    return f"{FOLDER}/{id_}/beat.json"


def _packed(job: Job) -> bytes:
    facts: Mapping[str, Any] = asdict(job)
    return json.dumps(facts, indent=1).encode()
