"""Reruns at set times: each a job, never two at once, runs that were missed made up for by one."""

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
from zpoints.cluster.schedule.ledger import Health, Ledger, Line, TakenOverError
from zpoints.cluster.signals import raise_if_interrupted
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console
from zpoints.storage.errors import StoreError, StoreNotFoundError, ZpointsError

BEAT_SECONDS = 20.0
LOOK_SECONDS = 1.0
STOP_SECONDS = 60.0
"""How long a schedule that is stopped waits for the end of the job that it has cancelled."""
ONE_AT_A_TIME = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
"""APScheduler drops a run that begins a second late, unless it is told otherwise."""

logger = logging.getLogger(__name__)


class Schedule:
    """A run again and again, while this process lives.

    Parameters
    ----------
    load
        Reads the configuration; called before every run, so that changes count from the next one.
    ledger
        Where health and runs are written.
    trigger
        The times.
    cron
        The times in cron's notation, for people.
    """

    def __init__(
        self, load: Callable[[], RunConfig], ledger: Ledger, trigger: BaseTrigger, cron: str
    ) -> None:
        self._load = load
        self._ledger = ledger
        self._trigger = trigger
        self._cron = cron
        self._stopping = threading.Event()
        # The run at work, or one that is to be followed to its end before any other begins.
        self._job = ""
        # The run that ended because the schedule was to end, or meanwhile.
        self._last: Line | None = None
        pool = {"default": ThreadPoolExecutor(1)}
        self._scheduler = BackgroundScheduler(executors=pool, job_defaults=ONE_AT_A_TIME)
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        self._planned: Any = None
        self._taken_over = False
        process = psutil.Process()
        self._me: dict[str, Any] = {
            "pid": process.pid,
            "born": process.create_time(),
            "host": platform.node(),
        }

    def run(self, console: Console) -> None:
        """Wait for the times and rerun, until the process is asked to end.

        Raises
        ------
        StoreLockedError
            If another process keeps this schedule.
        TakenOverError
            If another process has taken it over; the job at work is left to that.
        Interrupted
            When the process was asked to end; the job at work has been cancelled, or is named to
            the next schedule if that failed.
        """
        before = self._ledger.claim(self._health())
        self._job = "" if before is None else self._left(before)
        due = self._first()
        self._planned = self._scheduler.add_job(self._rerun, self._trigger, next_run_time=due)
        self._scheduler.start()
        console.line(f"The next run is due {due:%Y-%m-%d %H:%M:%S %Z}.")
        try:
            while True:
                self._beat()
                for _ in range(int(BEAT_SECONDS)):
                    raise_if_interrupted()
                    time.sleep(1)
        except TakenOverError:
            self._taken_over = True
            raise
        finally:
            self._stopping.set()
            self._scheduler.shutdown(wait=True)
            with suppress(TakenOverError):  # said already
                self._beat()

    def outcome(self) -> str:
        """What became of the run at work when the schedule was asked to end, as a sentence."""
        if self._job:
            return f"Job {self._job} was not over in time; the next schedule follows it."
        if self._last is None:
            return "The schedule has ended; no run was at work."
        if self._last.state == "cancelled":
            return "The run that was at work is cancelled; the next one goes on from there."
        return f"The schedule has ended; the run that was at work is {self._last.state}."

    def _left(self, before: Health) -> str:
        """The job that a schedule has left at work that was killed; one that is over gets its line.

        Without the line, the run would not count, and be made up for.
        """
        if not before.job or any(line.job == before.job for line in self._ledger.lines()):
            return ""
        try:
            found = Jobs(self._ledger.root).status(before.job)
        except StoreNotFoundError:
            return ""
        if not found.over:
            return before.job
        self._ledger.add(_line(found))
        return ""

    def _first(self) -> datetime:
        """The next time, or now if one was missed since the last run or a job is at work."""
        now = datetime.now().astimezone()
        if self._job:
            return now
        lines = self._ledger.lines()
        last = datetime.fromtimestamp(lines[-1].began).astimezone() if lines else None
        following: datetime = self._trigger.get_next_fire_time(last, now)
        return max(now, following)

    def _rerun(self) -> None:
        began = time.time()
        try:
            if not self._job:
                self._beat()  # not after another process has taken the schedule over
                job = submit(self._load(), self._ledger.root, title=self._ledger.name)
                self._job = job.id
                self._beat()  # at once: whoever comes after a kill finds the job
            line = _line(self._followed(self._job))
        except TakenOverError:
            return
        except Exception as error:  # whatever it is: there are more nights to come
            if not isinstance(error, (ZpointsError, OSError)):
                logger.exception("The run of the schedule %s failed.", self._ledger.name)
            note = str(error) or type(error).__name__
            if self._stopping.is_set() and self._job:  # the last sign of life names it
                logger.warning("Job %s is left to the next schedule: %s", self._job, note)
                return
            line = Line(began=began, ended=time.time(), state="failed", job=self._job, note=note)
        if self._add(line):
            self._job = ""
            if self._stopping.is_set():
                self._last = line

    def _followed(self, id_: str) -> JobStatus:
        """The job when it is over; cancelled if the schedule stops first."""
        jobs = Jobs(self._ledger.root)
        while True:
            try:
                found = jobs.status(id_)
                if found.over:
                    return found
            except StoreNotFoundError:
                raise
            except StoreError as error:
                logger.warning("Job %s cannot be seen; looked for again: %s", id_, error)
            if self._stopping.wait(LOOK_SECONDS):
                if self._taken_over:
                    raise TakenOverError
                return self._cancelled(id_)

    def _cancelled(self, id_: str) -> JobStatus:
        """The job when its cancellation has ended it."""
        root = self._ledger.root
        with suppress(JobEndedError):
            try:
                cancel(root, id_)
            except StoreError as error:
                logger.warning("Job %s is cancelled once more: %s", id_, error)
                cancel(root, id_)
        return wait(root, id_, seconds=STOP_SECONDS)

    def _skipped(self, event: object) -> None:
        now = time.time()
        note = f"job {self._job} is still at work"
        self._ledger.add(Line(began=now, ended=now, state="skipped", note=note))

    def _add(self, line: Line) -> bool:
        """Add a line to the ledger; a store that does not answer is asked again.

        False if the schedule stops first: the last sign of life then names the job to the next one.
        """
        while True:
            try:
                self._ledger.add(line)
                return True
            except StoreError as error:
                logger.warning("The ledger cannot be written: %s", error)
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

    def _beat(self) -> None:
        try:
            self._ledger.beat(self._health())
        except StoreError as error:  # a silent schedule is seen to be lost
            logger.warning("No sign of life could be left: %s", error)


def _line(found: JobStatus) -> Line:
    """The line of a job that is over."""
    job, ended = found.job, found.job.ended or time.time()
    return Line(began=job.submitted, ended=ended, state=found.state, job=job.id, note=found.note)
