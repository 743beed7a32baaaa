"""Records jobs in the root of the store, and reports their status to every client."""

import json
import platform
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import psutil

from zpoints.cluster.batch_job import BatchJob
from zpoints.cluster.jobs.slurm import in_queue
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.errors import StoreError, StoreNotFoundError

FOLDER = "jobs"
ALIVE = ("running", "publishing")
ENDED = ("done", "failed", "cancelled")
LOST_SECONDS = 60.0
"""Age of the last heartbeat after which a job counts as lost; clocks must agree much better."""
CLOCK_SECONDS = 5.0
"""How much the start time of a process may change when the clock is adjusted."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """Record of a job, which is changed by conditional writes only.

    Attributes
    ----------
    id
        Time of submission in UTC, and four random digits.
    state
        ``queued``, ``running``, ``publishing``, ``done``, ``failed`` or ``cancelled``.
    title, until, config
        Arguments of the run; ``config`` is the whole configuration as JSON.
    folder
        Working folder of the driver, to which relative paths in the configuration refer.
    submitted, began, ended
        Seconds since 1970; None before the event. The process of a cancelled job may not have ended
        yet.
    reason
        Why the job failed or was cancelled.
    host, pid, born
        The driver's process; its start time ``born`` distinguishes it from a later process with the
        same number. Before the process starts, ``host`` is the client's.
    batch, batch_cluster
        Number of the Slurm job and, if sbatch named it, the Slurm cluster that has the number; None
        if the job is a process on another kind of cluster.
    output
        File on ``host`` with the output of the process; empty until it is known.
    writes
        Number of writes of the record. It makes every version unique in content, hence in its
        entity tag.
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
    batch_cluster: str | None = None
    output: str = ""
    writes: int = 0

    @property
    def where(self) -> str:
        """The process or the Slurm job, for display."""
        if self.pid is not None:
            return f"process {self.pid} on {self.host}"
        return self.host if self.batch_job is None else f"Slurm job {self.batch_job}"

    @property
    def batch_job(self) -> BatchJob | None:
        """The Slurm job, if there is one."""
        return None if self.batch is None else BatchJob(self.batch, self.batch_cluster)


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """The last heartbeat of a job: seconds since 1970, and the progress at that time."""

    time: float
    doing: str = ""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """State of a job as a client sees it.

    Attributes
    ----------
    job
        Record of the job.
    state
        ``queued``, ``running``, ``done``, ``failed``, ``cancelled`` or ``lost``.
    note
        Stage and progress, or the reason for the end.
    over
        Whether the process has ended, or will never start.
    """

    job: Job
    state: str
    note: str
    over: bool


def new_id() -> str:
    """A new id; ids sort by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


class Jobs:
    """Jobs of one store.

    Parameters
    ----------
    root
        Root of the store.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._blobs = Blobs(root)

    def add(self, job: Job) -> None:
        """Create the record of a job.

        Raises
        ------
        StoreError
            If another job has the same id.
        """

        def created(content: bytes | None) -> bytes | None:
            return _packed(job) if content is None else None

        if not self._blobs.update(_record(job.id), created, unique=True):
            raise StoreError(f"{self.root} has a job {job.id} already; submit again.")

    def read(self, id_: str) -> Job:
        """Record of a job.

        Raises
        ------
        StoreNotFoundError
            If the store has no such job.
        """
        return self._unpacked(id_, self._blobs.get(_record(id_)))

    def _unpacked(self, id_: str, content: bytes | None) -> Job:
        if content is None:
            raise StoreNotFoundError(
                f"{self.root} has no job {id_}; `zpoints jobs {self.root}` lists its jobs."
            )
        return Job(**json.loads(content))

    def swap(self, job: Job, **changes: Any) -> bool:
        """Change a job if its record is still this one; returns whether it was changed."""
        return self._update(job.id, lambda found: found == job, changes)

    def change(self, id_: str, states: Collection[str], **changes: Any) -> bool:
        """Change a job if it is in one of these states; returns whether it was changed."""
        return self._update(id_, lambda found: found.state in states, changes)

    def _update(
        self, id_: str, condition: Callable[[Job], bool], changes: Mapping[str, Any]
    ) -> bool:
        def changed(content: bytes | None) -> bytes | None:
            job = self._unpacked(id_, content)
            if not condition(job):
                return None
            return _packed(replace(job, writes=job.writes + 1, **changes))

        return self._blobs.update(_record(id_), changed)

    def heartbeat(self, id_: str, doing: str) -> None:
        """Write a heartbeat with the current progress."""
        beat = Heartbeat(time=time.time(), doing=doing)
        self._blobs.put(_heartbeat_name(id_), json.dumps(asdict(beat)).encode())

    def status(self, id_: str) -> JobStatus:
        """Current status of a job.

        Raises
        ------
        StoreNotFoundError
            If the store has no such job.
        """
        content = self._blobs.get(_heartbeat_name(id_))
        beat = None if content is None else Heartbeat(**json.loads(content))
        job = self.read(id_)
        if job.ended is not None:
            return JobStatus(job=job, state=job.state, note=job.reason, over=True)
        lost = _lost(job, beat)
        if lost and self.read(id_) != job:  # it changed during the check
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
        """Status of all jobs, the newest last; folders without a record are skipped."""
        found = []
        for id_ in self._blobs.folders(FOLDER):
            with suppress(StoreNotFoundError):
                found.append(self.status(id_))
        return found


def _lost(job: Job, beat: Heartbeat | None) -> str:
    """Why a job that is not recorded as ended counts as lost; empty if it does not."""
    if job.batch_job is not None and job.pid is None:
        return "" if in_queue(job.batch_job) else f"Slurm no longer has job {job.batch_job}"
    if job.pid is not None and job.host == platform.node():
        # A live process may be silent: the machine slept, or the bucket did not answer.
        return "" if lives(job.pid, job.born) else f"{job.where} is gone"
    last = max(job.submitted, 0.0 if beat is None else beat.time)
    if time.time() - last > LOST_SECONDS:
        return f"no heartbeat from {job.where} since {utc(last)}"
    return ""


def lives(pid: int, born: float | None) -> bool:
    """Whether a process of this machine runs and started at ``born``, in seconds since 1970."""
    try:
        process = psutil.Process(pid)
        same = born is not None and abs(process.create_time() - born) < CLOCK_SECONDS
        return same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def utc(seconds: float) -> str:
    """Seconds since 1970 as a UTC time for display."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _record(id_: str) -> str:
    return f"{FOLDER}/{id_}/job.json"


def _heartbeat_name(id_: str) -> str:
    return f"{FOLDER}/{id_}/beat.json"


def _packed(job: Job) -> bytes:
    facts: Mapping[str, Any] = asdict(job)
    return json.dumps(facts, indent=1).encode()
