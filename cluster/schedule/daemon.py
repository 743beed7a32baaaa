"""Repeats a run at set times: each run is a job, and one run makes up for all missed ones."""

import logging
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import psutil
from apscheduler.events import EVENT_JOB_MAX_INSTANCES
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from zpoints.cluster.jobs.cancel import JobEndedError, cancel
from zpoints.cluster.jobs.record import Jobs, JobStatus
from zpoints.cluster.jobs.submit import submit
from zpoints.cluster.jobs.wait import wait
from zpoints.cluster.run_ids import short
from zpoints.cluster.schedule.ledger import Health, Ledger, RunRecord, TakenOverError
from zpoints.cluster.signals import Interrupted, raise_if_interrupted
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console, spent
from zpoints.storage.errors import (
    DamagedRecordError,
    StoreError,
    StoreNotFoundError,
    ZpointsError,
)

BEAT_SECONDS = 20.0
POLL_SECONDS = 1.0
STOP_SECONDS = 60.0
"""How long a stopping schedule waits for the end of the job that it has cancelled."""
ONE_AT_A_TIME = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
"""APScheduler by default drops a run that starts more than a second late."""

logger = logging.getLogger(__name__)


class Schedule:
    """Repeats a run while this process lives.

    Parameters
    ----------
    load
        Reads the configuration. It is called before every run, so that changes take effect.
    ledger
        Records the schedule's health and its runs.
    trigger
        Times of the runs.
    cron
        The times in cron's notation, for display.
    """

    def __init__(
        self, load: Callable[[], RunConfig], ledger: Ledger, trigger: BaseTrigger, cron: str
    ) -> None:
        self._load = load
        self._ledger = ledger
        self._trigger = trigger
        self._cron = cron
        self._stopping = threading.Event()
        # The active job, which may be one that an earlier process has started.
        self._job = ""
        # The run that ended while the schedule was stopping.
        self._last: RunRecord | None = None
        pool = {"default": ThreadPoolExecutor(1)}
        self._scheduler = BackgroundScheduler(executors=pool, job_defaults=ONE_AT_A_TIME)
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        self._planned: Any = None
        self._console: Console | None = None
        self._taken_over = False
        process = psutil.Process()
        self._me: dict[str, Any] = {
            "pid": process.pid,
            "born": process.create_time(),
            "host": platform.node(),
        }

    def run(self, console: Console) -> None:
        """Run at the set times until the process is asked to end.

        Parameters
        ----------
        console
            Gets a line whenever a run is due, starts, ends or is skipped.

        Raises
        ------
        StoreLockedError
            If another process runs this schedule.
        TakenOverError
            If another process has taken over the schedule, and with it the active job.
        Interrupted
            When the process was asked to end. The active job has been cancelled; if that failed,
            the health record names it to the next process.
        """
        before = self._ledger.claim(self._health())
        self._job = "" if before is None else self._unfinished(before)
        self._console = console
        # The scheduler logs skipped runs in terms of its own.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        due = self._first_time()
        self._planned = self._scheduler.add_job(self._rerun, self._trigger, next_run_time=due)
        if self._job:
            console.line(f"following {self._job}, which an earlier schedule started.")
        else:
            console.line(f"The next run is due {due:%Y-%m-%d %H:%M:%S %Z}.")
        self._scheduler.start()
        try:
            while True:
                self._heartbeat()
                for _ in range(int(BEAT_SECONDS)):
                    raise_if_interrupted()
                    time.sleep(1)
        except TakenOverError:
            self._taken_over = True
            raise
        finally:
            self._stopping.set()
            self._scheduler.shutdown(wait=True)
            with suppress(TakenOverError):  # already raised
                self._heartbeat()

    def outcome(self) -> str:
        """What happened to the active run when the schedule was asked to end, as a sentence."""
        if self._job:
            return f"Job {self._job} did not end in time; the next schedule follows it."
        if self._last is None:
            return "The schedule has ended; no run was active."
        if self._last.state == "cancelled":
            return "The active run was cancelled; the next one continues from there."
        return f"The schedule has ended; its last run is {self._last.state}."

    def _unfinished(self, before: Health) -> str:
        """The job that a killed schedule has left unfinished; if it has ended, record it.

        Without its entry in the ledger, the run would count as missed.
        """
        if not before.job or any(run.job == before.job for run in self._ledger.runs()):
            return ""
        try:
            status = Jobs(self._ledger.root).status(before.job)
        except StoreNotFoundError:
            return ""
        except DamagedRecordError:
            return before.job  # following it records the fault
        if not status.over:
            return before.job
        self._ledger.add(_run_record(status))
        return ""

    def _first_time(self) -> datetime:
        """The next time; now if a run was missed since the last one, or a job is active."""
        now = datetime.now().astimezone()
        if self._job:
            return now
        runs = self._ledger.runs()
        last = datetime.fromtimestamp(runs[-1].began).astimezone() if runs else None
        following: datetime = self._trigger.get_next_fire_time(last, now)
        return max(now, following)

    def _rerun(self) -> None:
        began = time.time()
        try:
            if not self._job:
                self._heartbeat()  # raises if another process has taken over the schedule
                job = submit(self._load(), self._ledger.root, title=self._ledger.name)
                self._job = job.id
                self._line(f"started {job.id}; zpoints logs {short(job.id)} shows its output.")
                self._heartbeat()  # at once, so that the next process finds the job after a kill
            run = _run_record(self._followed(self._job))
        except TakenOverError:
            return
        except Exception as error:  # a failed run must not end the schedule
            if not isinstance(error, (ZpointsError, OSError)):
                logger.exception("The run of the schedule %s failed.", self._ledger.name)
            note = str(error) or type(error).__name__
            if self._stopping.is_set() and self._job:  # the last heartbeat names the job
                logger.warning("Job %s is left to the next schedule: %s", self._job, note)
                return
            run = RunRecord(
                began=began, ended=time.time(), state="failed", job=self._job, note=note
            )
        if self._add(run):
            self._job = ""
            self._line(_ending(run, None if self._planned is None else self._planned.next_run_time))
            if self._stopping.is_set():
                self._last = run

    def _followed(self, id_: str) -> JobStatus:
        """The job after its end; it is cancelled if the schedule stops first."""
        jobs = Jobs(self._ledger.root)
        while True:
            try:
                status = jobs.status(id_)
                if status.over:
                    return status
            except (StoreNotFoundError, DamagedRecordError):
                raise
            except StoreError as error:
                logger.warning(
                    "The status of job %s could not be read; trying again: %s", id_, error
                )
            if self._stopping.wait(POLL_SECONDS):
                if self._taken_over:
                    raise TakenOverError
                return self._cancelled(id_)

    def _cancelled(self, id_: str) -> JobStatus:
        """The job after a cancellation has ended it."""
        root = self._ledger.root
        with suppress(JobEndedError):
            try:
                cancel(root, id_)
            except StoreError as error:
                logger.warning("Job %s could not be cancelled; trying again: %s", id_, error)
                cancel(root, id_)
        return wait(root, id_, seconds=STOP_SECONDS)

    def _skipped(self, event: object) -> None:
        now, job = time.time(), self._job
        note = f"{job} is still at work" if job else "the run before is still starting"
        self._line(f"skipped: {note}.")
        self._ledger.add(RunRecord(began=now, ended=now, state="skipped", note=note))

    def _line(self, text: str) -> None:
        """Print a line, from any thread; an interruption is for the main one."""
        if self._console is not None:
            with suppress(Interrupted):
                self._console.line(text)

    def _add(self, run: RunRecord) -> bool:
        """Add a run to the ledger; try again while the store does not answer.

        False if the schedule stops first; the last heartbeat then names the job to the next one.
        """
        while True:
            try:
                self._ledger.add(run)
                return True
            except StoreError as error:
                logger.warning("The ledger could not be written; trying again: %s", error)
                if self._stopping.wait(BEAT_SECONDS):
                    return False

    def _health(self) -> Health:
        stopped = self._stopping.is_set()
        following = None if self._planned is None else self._planned.next_run_time
        return Health(
            state="stopped" if stopped else "running" if self._job else "waiting",
            cron=self._cron,
            beat=time.time(),
            following=None if stopped or following is None else following.timestamp(),
            job=self._job,
            **self._me,
        )

    def _heartbeat(self) -> None:
        try:
            self._ledger.heartbeat(self._health())
        except StoreError as error:  # a schedule without heartbeats counts as lost
            logger.warning("The heartbeat could not be written: %s", error)


def _ending(run: RunRecord, following: datetime | None) -> str:
    """How a run ended, and when the next one is due."""
    because = f": {run.note.rstrip('.')}" if run.note else ""
    if run.job:
        ended = f"{run.job} is {run.state} after {spent(run.ended - run.began)}{because}."
    else:
        ended = f"could not start{because}."
    due = "" if following is None else f" The next run is due {following:%Y-%m-%d %H:%M:%S %Z}."
    return ended + due


def _run_record(status: JobStatus) -> RunRecord:
    """Ledger entry of a job that has ended."""
    job, ended = status.job, status.job.ended or time.time()
    return RunRecord(
        began=job.submitted, ended=ended, state=status.state, job=job.id, note=status.note
    )
