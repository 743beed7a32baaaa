"""The process of a job: does the run, leaves signs of life, heeds a cancellation.

``python -m zpoints.cluster.jobs.process ROOT ID OUTPUT`` starts it; it prints to the file OUTPUT.
"""

import logging
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from rich.console import Console as RichConsole

from zpoints.cluster.jobs.log import JobLog
from zpoints.cluster.jobs.record import ALIVE, ENDED, Job, Jobs
from zpoints.cluster.signals import Interrupted, ignore_further_signals, install_handlers
from zpoints.cluster.terminal import LogConsole
from zpoints.pipeline.config.run import validated
from zpoints.pipeline.progress import Advance
from zpoints.storage.errors import StoreError, ZpointsError

BEAT_SECONDS = 3.0
"""Time between two signs of life; a cancellation is noticed as fast."""

Outcome = tuple[str, str, int]
"""State, reason and exit code."""

logger = logging.getLogger(__name__)


class JobCancelledError(ZpointsError):
    """The job may not publish any more."""


class JobConsole(LogConsole):
    """Lines of a log, and for the signs of life what the run is at."""

    def __init__(self, output: RichConsole) -> None:
        super().__init__(output)
        self.doing = "starting"

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        with super().bar(label, total=total, unit=unit) as report:

            def advance(done: int, note: str) -> None:
                self.doing = f"{label}: {done:,} of {total:,} {unit}"
                report(done, note)

            self.doing = label
            yield advance


class Driver:
    """One job at work.

    Parameters
    ----------
    root
        Where the store lies.
    job
        The job, as it was when it began.
    """

    def __init__(self, root: str, job: Job) -> None:
        self._jobs = Jobs(root)
        self._root = root
        self._job = job
        self._log = JobLog(root, job.id)
        self._over = threading.Event()
        self.console = JobConsole(RichConsole(markup=False, highlight=False, width=160))

    def run(self) -> int:
        """Do the run and record how it ended; returns the exit code."""
        beating = threading.Thread(target=self._beat, daemon=True)
        beating.start()
        state, reason, code = self._settled()
        if reason:
            print(f"zpoints: {reason}", file=sys.stderr, flush=True)  # noqa: T201
        self._over.set()
        beating.join()
        self._show_life()
        self._tidy()
        if not self._jobs.change(
            self._job.id, ALIVE, state=state, reason=reason, ended=time.time()
        ):
            self._jobs.change(self._job.id, ENDED, ended=time.time())
        return code

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Enclose the one step of a publication: a job that is cancelled does not get in.

        Raises
        ------
        JobCancelledError
            If the job is cancelled.
        """
        if not self._jobs.change(self._job.id, ALIVE, state="publishing"):
            raise JobCancelledError(f"Job {self._job.id} was cancelled: it publishes nothing more.")
        yield
        # Not after a failure: the request may still be under way.
        self._jobs.change(self._job.id, ("publishing",), state="running")

    def _settled(self) -> Outcome:
        """How the run ended; nothing interrupts what is still to be recorded."""
        try:
            try:
                return self._outcome()
            finally:
                ignore_further_signals()
        except Interrupted as stop:
            name = signal.Signals(stop.code - 128).name
            return "failed", f"ended by {name}; submit again, and it goes on", stop.code

    def _outcome(self) -> Outcome:
        job = self._job
        try:
            from zpoints.cluster.run import run  # takes seconds: the job shows life before

            result = run(
                validated(job.config, origin=f"job {job.id}"),
                self._root,
                console=self.console,
                title=job.title,
                until=job.until,
                gate=self.gate,
            )
            if result.page is not None:
                self.console.line(f"report: {result.page}")
        except (ZpointsError, OSError) as error:
            return "failed", str(error), 1
        except Exception as error:
            traceback.print_exc()
            return "failed", f"{type(error).__name__}: {error}", 1
        return "done", "", 0

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            self._show_life()
            if self._cancelled():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _show_life(self) -> None:
        try:
            self._jobs.beat(self._job.id, self.console.doing)
            self._log.save(Path(self._job.output))
        except (StoreError, OSError) as error:
            logger.warning("No sign of life could be left: %s", error)

    def _tidy(self) -> None:
        """Remove the output's file if all of it is in the root."""
        output = Path(self._job.output)
        with suppress(OSError):  # then it stays
            if output.is_file() and self._log.saved == output.stat().st_size:
                output.unlink()

    def _cancelled(self) -> bool:
        try:
            return self._jobs.read(self._job.id)[0].state == "cancelled"
        except StoreError as error:
            logger.warning("The state of the job could not be read: %s", error)
            return False


def begin(root: str, id_: str, output: str) -> Job | None:
    """Make a queued job this process's; None if it was cancelled before."""
    jobs = Jobs(root)
    process = psutil.Process()
    me = {"pid": process.pid, "born": process.create_time(), "host": platform.node()}
    jobs.beat(id_, "starting")
    jobs.change(id_, ("queued",), state="running", began=time.time(), output=output, **me)
    job, _ = jobs.read(id_)
    # The record decides: the answer to a write that succeeded may have been lost.
    if job.state in ALIVE and me == {name: getattr(job, name) for name in me}:
        return job
    jobs.change(id_, ENDED, ended=time.time())
    return None


def main() -> int:
    """Do the job that the command line names."""
    install_handlers()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    root, id_, output = sys.argv[1:]
    job = begin(root, id_, output)
    return 0 if job is None else Driver(root, job).run()


if __name__ == "__main__":
    sys.exit(main())
