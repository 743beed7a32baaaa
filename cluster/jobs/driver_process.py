"""Drives a job in its own process: runs it, sends heartbeats, stops when cancelled.

``python -m zpoints.cluster.jobs.driver_process ROOT ID OUTPUT`` starts it; its output goes to the
file OUTPUT.
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

from zpoints.cluster.garbage import collect_rarely
from zpoints.cluster.jobs.job import Job
from zpoints.cluster.jobs.log import JobLog
from zpoints.cluster.jobs.record import ALIVE, ENDED, Jobs
from zpoints.cluster.progress_line import PERCENT, Pace, progress_text
from zpoints.cluster.signals import Interrupted, ignore_further_signals, install_handlers
from zpoints.cluster.terminal import LogConsole, PlainConsole, replace_unencodable
from zpoints.pipeline.config.run import validated
from zpoints.pipeline.progress import Advance
from zpoints.pipeline.report.destination import link_of
from zpoints.storage.errors import StoreError, ZpointsError

BEAT_SECONDS = 3.0
"""Time between two heartbeats, and until a cancellation is noticed."""

Ending = tuple[str, str, int]
"""State, reason and exit code at the end of a run."""

logger = logging.getLogger(__name__)


class JobCancelledError(ZpointsError):
    """The job is cancelled and must not publish."""


class JobConsole(LogConsole):
    """Writes lines of a log, and notes the current progress for the heartbeats."""

    def __init__(self, output: PlainConsole) -> None:
        super().__init__(output)
        self.doing = "starting"

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        pace = Pace(total)
        with super().bar(label, total=total, unit=unit) as report:

            def advance(done: int, note: str) -> None:
                pace.report(done)
                self.doing = progress_text(label, pace, unit=PERCENT)  # for a column of a table
                report(done, note)

            self.doing = label
            yield advance


class Driver:
    """Runs one job.

    Parameters
    ----------
    root
        Root of the store.
    job
        Record of the job at its start.
    """

    def __init__(self, root: str, job: Job) -> None:
        self._jobs = Jobs(root)
        self._root = root
        self._job = job
        self._log = JobLog(root, job.id)
        self._over = threading.Event()
        self.console = JobConsole(PlainConsole(width=160))

    def run(self) -> int:
        """Run the job and record how it ended; returns the exit code."""
        beating = threading.Thread(target=self._beat, daemon=True)
        beating.start()
        state, reason, code = self._settled()
        if reason:
            print(f"zpoints: {reason}", file=sys.stderr, flush=True)  # noqa: T201
        self._over.set()
        beating.join()
        self._heartbeat()
        self._tidy()
        if not self._jobs.change(
            self._job.id, ALIVE, state=state, reason=reason, ended=time.time()
        ):
            self._jobs.change(self._job.id, ENDED, ended=time.time())
        return code

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Context manager around publishing, which a cancelled job cannot enter.

        Raises
        ------
        JobCancelledError
            If the job is cancelled.
        """
        if not self._jobs.change(self._job.id, ALIVE, state="publishing"):
            raise JobCancelledError(f"Job {self._job.id} was cancelled; it publishes nothing more.")
        yield
        # Skipped after a failure, because the request may still be in flight.
        self._jobs.change(self._job.id, ("publishing",), state="running")

    def _settled(self) -> Ending:
        """How the run ended; later signals are ignored so that it can be recorded."""
        try:
            try:
                return self._outcome()
            finally:
                ignore_further_signals()
        except Interrupted as stop:
            name = signal.Signals(stop.code - 128).name
            return "failed", f"ended by {name}; submit again to continue", stop.code

    def _outcome(self) -> Ending:
        job = self._job
        try:
            from zpoints.cluster.run import run  # slow to load: heartbeats have to start first

            result = run(
                validated(job.config, origin=f"job {job.id}"),
                self._root,
                console=self.console,
                title=job.title,
                until=job.until,
                gate=self.gate,
                id_=job.id,
            )
            if result.page is not None:
                self.console.line(f"Report: {link_of(result.page)}")
        except (ZpointsError, OSError) as error:
            return "failed", str(error), 1
        except Exception as error:
            traceback.print_exc()
            return "failed", f"{type(error).__name__}: {error}", 1
        return "done", "", 0

    def _beat(self) -> None:
        while not self._over.wait(BEAT_SECONDS):
            self._heartbeat()
            if self._cancelled():
                os.kill(os.getpid(), signal.SIGTERM)
                return

    def _heartbeat(self) -> None:
        try:
            self._jobs.heartbeat(self._job.id, self.console.doing)
            self._log.save(Path(self._job.output))
        except (StoreError, OSError) as error:
            logger.warning("The heartbeat could not be written: %s", error)

    def _tidy(self) -> None:
        """Remove the output file if all of it is saved in the root."""
        output = Path(self._job.output)
        with suppress(OSError):  # an output file may stay
            if output.is_file() and self._log.saved == output.stat().st_size:
                output.unlink()

    def _cancelled(self) -> bool:
        try:
            return self._jobs.read(self._job.id).state == "cancelled"
        except StoreError as error:
            logger.warning("The state of the job could not be read: %s", error)
            return False


def begin(root: str, id_: str, output: str) -> Job | None:
    """Take a queued job; None if it was cancelled before.

    Parameters
    ----------
    root
        Root of the store.
    id_
        Id of the job.
    output
        File on this machine for the output of this process.

    Returns
    -------
    Job or None
        Record of the job, which now names this process.
    """
    jobs = Jobs(root)
    process = psutil.Process()
    born, host = process.create_time(), platform.node()
    me = {"pid": process.pid, "born": born, "host": host, "output": output}
    jobs.heartbeat(id_, "starting")
    jobs.change(id_, ("queued",), state="running", began=time.time(), **me)
    job = jobs.read(id_)
    # The record decides, because the response to a successful write may have been lost.
    if job.state in ALIVE and me == {name: getattr(job, name) for name in me}:
        return job
    jobs.change(id_, ENDED, ended=time.time())
    return None


def main() -> int:
    """Drive the job that the command line names."""
    install_handlers()
    collect_rarely()
    replace_unencodable(encoding="utf-8")  # the encoding of logs
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    root, id_, output = sys.argv[1:]
    try:
        job = begin(root, id_, output)
        return 0 if job is None else Driver(root, job).run()
    except StoreError as error:  # the record cannot be read or written
        print(f"zpoints: {error}", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
