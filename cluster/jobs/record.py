"""Records jobs in the root of the store, and reports their status to every client."""

import json
import platform
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import psutil

from zpoints.cluster.jobs.job import Heartbeat, Job, parse_heartbeat, parse_job
from zpoints.cluster.jobs.slurm import in_queue
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.errors import ObjectStoreError, StoreError, StoreNotFoundError
from zpoints.storage.text import one_line

FOLDER = "jobs"
ALIVE = ("running", "publishing")
ENDED = ("done", "failed", "cancelled")
LOST_SECONDS = 60.0
"""Age of the last heartbeat after which a job counts as lost; clocks must agree much better."""
CLOCK_SECONDS = 5.0
"""How much the start time of a process may change when the clock is adjusted."""


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """State of a job as a client sees it.

    Attributes
    ----------
    job
        Record of the job.
    state
        ``queued``, ``running``, ``done``, ``failed``, ``cancelled``, ``lost`` or ``damaged``.
    note
        Stage and progress, or the reason for the end.
    over
        Whether the process has ended, or will never start.
    """

    job: Job
    state: str
    note: str
    over: bool


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
        DamagedRecordError
            If its record is damaged.
        """
        return self._unpacked(id_, self._blobs.get(_record(id_)))

    def _unpacked(self, id_: str, content: bytes | None) -> Job:
        if content is None:
            raise StoreNotFoundError(
                f"{self.root} has no job {id_}; `zpoints jobs {self.root}` lists its jobs."
            )
        return parse_job(content, id_, f"{self.root}/{_record(id_)}")

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
        DamagedRecordError
            If its record or its heartbeat is damaged.
        """
        name = _heartbeat_name(id_)
        content = self._blobs.get(name)
        job = self.read(id_)
        beat = parse_heartbeat(content, f"{self.root}/{name}")
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

    def ids(self) -> list[str]:
        """Ids of all folders of jobs, the newest last; one may hold no record."""
        return list(self._blobs.folders(FOLDER))

    def all(self) -> list[JobStatus]:
        """Status of all jobs, the newest last.

        Folders without a record are skipped. A record that is damaged, or that this user may not
        read, is one of the jobs, as ``damaged``.
        """
        found = []
        for id_ in self._blobs.folders(FOLDER):
            try:
                found.append(self.status(id_))
            except StoreNotFoundError:
                continue
            except ObjectStoreError:  # the server does not answer
                raise
            except StoreError as error:
                found.append(_damaged_job(id_, str(error)))
        return found


def _damaged_job(id_: str, fault: str) -> JobStatus:
    nothing = Job(
        id=one_line(id_), title="", until="", config={}, folder="", submitted=0.0, host=""
    )
    return JobStatus(job=nothing, state="damaged", note=fault, over=True)


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
