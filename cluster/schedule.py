"""Reruns at set times: each a job, never two at once, runs that were missed made up for by one."""

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

from cluster.cancel import JobEndedError, cancel, wait
from cluster.interruption import check
from cluster.jobs import Jobs, Sighting
from cluster.ledger import Health, Ledger, Line
from cluster.submit import submit
from pipeline.config import RunConfig
from pipeline.console import Console
from storage.errors import StoreError, ZpointsError

BEAT_SECONDS = 20.0
STOP_SECONDS = 60.0
"""How long a schedule that is stopped waits for the end of the job that it has cancelled."""
ONE_AT_A_TIME = {"max_instances": 1, "coalesce": True, "misfire_grace_time": None}
"""APScheduler drops a run that begins a second late, unless it is told otherwise."""


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
        self._job = ""
        pool = {"default": ThreadPoolExecutor(1)}
        self._scheduler = BackgroundScheduler(executors=pool, job_defaults=ONE_AT_A_TIME)
        self._scheduler.add_listener(self._skipped, EVENT_JOB_MAX_INSTANCES)
        process = psutil.Process()
        self._me: dict[str, Any] = {
            "pid": process.pid,
            "born": process.create_time(),
            "host": platform.node(),
        }

    def keep(self, console: Console) -> None:
        """Wait for the times and rerun, until the process is asked to end.

        Raises
        ------
        StoreLockedError
            If another process keeps this schedule.
        Interrupted
            When the process was asked to end; the job at work has been cancelled.
        """
        self._ledger.claim()
        due = self._first()
        planned = self._scheduler.add_job(self._rerun, self._trigger, next_run_time=due)
        self._scheduler.start()
        console.line(f"The next run is due {due:%Y-%m-%d %H:%M:%S %Z}.")
        try:
            while True:
                self._beat(planned.next_run_time)
                for _ in range(int(BEAT_SECONDS)):
                    check()
                    time.sleep(1)
        finally:
            self._stopping.set()
            self._scheduler.shutdown(wait=True)
            self._beat(None)

    def _first(self) -> datetime:
        """The next time, or now if one was missed since the last run."""
        now = datetime.now().astimezone()
        lines = self._ledger.lines()
        last = datetime.fromtimestamp(lines[-1].began).astimezone() if lines else None
        following: datetime = self._trigger.get_next_fire_time(last, now)
        return max(now, following)

    def _rerun(self) -> None:
        began, state, note = time.time(), "failed", ""
        try:
            job = submit(self._load(), self._ledger.root, title=self._ledger.name)
            self._job = job.id
            found = self._followed(job.id)
            state, note = found.state, found.note
        except (ZpointsError, OSError) as error:
            note = str(error)
        line = Line(began=began, ended=time.time(), state=state, job=self._job, note=note)
        self._job = ""
        self._ledger.add(line)

    def _followed(self, id_: str) -> Sighting:
        """The job when it is over; cancelled if the schedule stops first."""
        jobs = Jobs(self._ledger.root)
        while not (found := jobs.sight(id_)).over:
            if self._stopping.wait(1.0):
                with suppress(JobEndedError):
                    cancel(self._ledger.root, id_)
                return wait(self._ledger.root, id_, seconds=STOP_SECONDS)
        return found

    def _skipped(self, event: object) -> None:
        now = time.time()
        note = f"job {self._job} is still at work"
        self._ledger.add(Line(began=now, ended=now, state="skipped", note=note))

    def _beat(self, following: datetime | None) -> None:
        stopped = self._stopping.is_set()
        health = Health(
            state="stopped" if stopped else "running" if self._job else "waiting",
            cron=self._cron,
            beat=time.time(),
            following=None if stopped or following is None else following.timestamp(),
            job=self._job,
            **self._me,
        )
        try:
            self._ledger.beat(health)
        except StoreError:  # tried again at the next beat; a silent schedule is seen to be lost
            return
