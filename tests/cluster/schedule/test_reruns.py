"""Schedules under failures: killed processes, stores that do not answer, runs that fail."""

import platform
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints
from tests.cluster.users import LONG, a_job, written
from tests.forks import Fork, zpoints_fork
from tests.waiting import wait_until
from zpoints.cluster.jobs.known_roots import remember
from zpoints.cluster.jobs.record import Jobs, JobStatus
from zpoints.cluster.schedule.cron import Cron
from zpoints.cluster.schedule.daemon import Schedule
from zpoints.cluster.schedule.ledger import Health, Ledger, RunRecord
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import StoreError, open_repository

pytestmark = pytest.mark.services

DAY = 86400.0


@pytest.fixture
def root(folder: Path) -> str:
    return open_repository(folder / "store").root


def active_job(ledger: Ledger) -> str:
    """The job that the last heartbeat names."""
    health = ledger.health()
    return "" if health is None else health.job


def a_schedule(load: Callable[[], RunConfig], ledger: Ledger) -> Schedule:
    """A schedule of this process whose next time is years away."""
    schedule = Schedule(load, ledger, Cron.parse("0 3 29 2 *").trigger(), "0 3 29 2 *")
    ledger.claim(schedule._health())
    return schedule


def killed(job: str = "") -> Health:
    """Heartbeat of a schedule whose process has been killed on this machine."""
    return Health(
        state="running",
        cron="",
        host=platform.node(),
        pid=2**22 + 1,
        born=1.0,
        beat=time.time(),
        following=None,
        job=job,
    )


def a_process(config: Path, root: str) -> Fork:
    """A schedule in its own process, for every night at 3."""
    command = ("schedule", config, "--cron", "0 3 * * *", "--root", root)
    return zpoints_fork(*command, folder=config.parent)


def end(schedule: Fork) -> int | None:
    """Ask a schedule to end; its exit code."""
    schedule.send_signal(signal.SIGTERM)
    schedule.wait(60)
    return schedule.returncode


def test_schedule__after_a_kill_the_next_one_follows_the_active_job(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    config = written(small_config, folder / "long.yaml", *LONG)
    ledger, jobs = Ledger(root, "long"), Jobs(root)
    long_ago = time.time() - 5 * DAY
    ledger.add(RunRecord(began=long_ago, ended=long_ago + 60, state="done"))
    first = a_process(config, root)
    wait_until(lambda: active_job(ledger), "a job")
    id_ = active_job(ledger)

    first.kill()
    second = a_process(config, root)
    wait_until(lambda: vars(ledger.health())["pid"] == second.pid, "the second schedule")
    wait_until(lambda: jobs.status(id_).state == "running", "the driver")
    assert active_job(ledger) == id_
    assert len(ledger.runs()) == 1
    zpoints("cancel", id_, folder=folder)
    wait_until(lambda: len(ledger.runs()) == 2, "the record of the run")
    end(second)

    run = ledger.runs()[-1]
    assert (run.job, run.state) == (id_, "cancelled")
    assert [status.job.id for status in jobs.all()] == [id_]


def test_schedule__records_a_job_that_ended_while_no_schedule_was_alive(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    now = time.time()
    job = a_job(state="done", submitted=now - 60, ended=now)
    Jobs(root).add(job)
    ledger = Ledger(root, "small")
    ledger.claim(killed())
    ledger.heartbeat(killed(job=job.id))

    schedule = a_process(written(small_config, folder / "small.yaml"), root)
    wait_until(ledger.runs, "the record of the run")

    assert end(schedule) == 143
    (run,) = ledger.runs()
    assert (run.job, run.state, run.began, run.ended) == (job.id, "done", now - 60, now)


def test_schedule__a_damaged_record_of_the_active_job_is_a_failed_run(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    job, ledger = a_job(state="running"), Ledger(root, "small")
    Jobs(root).add(job)
    Path(root, "jobs", job.id, "job.json").write_bytes(b"{")
    ledger.claim(killed())
    ledger.heartbeat(killed(job=job.id))

    schedule = a_process(written(small_config, folder / "small.yaml"), root)
    wait_until(ledger.runs, "the record of the run")

    assert end(schedule) == 143
    (run,) = ledger.runs()
    assert (run.job, run.state) == (job.id, "failed")
    assert "job.json is damaged" in run.note


def test_rerun__a_store_that_is_unavailable_for_a_while_loses_no_run(
    small_config: RunConfig, small_root: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(shutil.copytree(small_root, folder / "copy"))
    ledger, status, add, failures = Ledger(root, "small"), Jobs.status, Ledger.add, [3, 1]

    def sometimes(jobs: Jobs, id_: str) -> JobStatus:
        if failures[0]:
            failures[0] -= 1
            raise StoreError("no answer")
        return status(jobs, id_)

    def at_the_second_try(ledger: Ledger, run: RunRecord) -> None:
        if failures[1]:
            failures[1] -= 1
            raise StoreError("no answer")
        add(ledger, run)

    monkeypatch.setattr(Jobs, "status", sometimes)
    monkeypatch.setattr(Ledger, "add", at_the_second_try)
    monkeypatch.setattr("zpoints.cluster.schedule.daemon.BEAT_SECONDS", 0.1)

    a_schedule(lambda: small_config, ledger)._rerun()

    assert failures == [0, 0]
    (run,), (status_at_end,) = ledger.runs(), Jobs(root).all()
    assert (run.state, run.job) == ("done", status_at_end.job.id)
    # After a kill, the next schedule would have found the job.
    assert active_job(ledger) == status_at_end.job.id


@pytest.mark.parametrize("error", [RuntimeError("unexpected"), KeyError()])
def test_rerun__any_failure_is_recorded_and_the_schedule_continues(
    error: Exception, root: str
) -> None:
    def load() -> RunConfig:
        raise error

    ledger = Ledger(root, "small")
    schedule = a_schedule(load, ledger)

    schedule._rerun()
    schedule._rerun()

    assert [run.state for run in ledger.runs()] == ["failed", "failed"]
    assert ledger.runs()[0].note in ("unexpected", "KeyError")
    assert schedule._health().state == "waiting"


def test_schedule__refuses_a_configuration_without_photographs_at_once(folder: Path) -> None:
    done = zpoints("schedule", "demo", "--cron", "0 3 * * *", "--root", "store", folder=folder)

    assert done.returncode == 2
    assert "ingest.source is not set" in done.stderr
    assert not (folder / "store").exists()


def test_status__shows_the_schedules_of_all_known_stores(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    nothing = zpoints("schedule", "--status", folder=folder)
    gone = open_repository(folder / "gone").root
    remember(gone)
    shutil.rmtree(gone)
    schedule = a_process(written(small_config, folder / "small.yaml"), root)
    ledger = Ledger(root, "small")
    wait_until(ledger.health, "the schedule")
    waiting = zpoints("schedule", "--status", folder=folder)
    ledger.add(RunRecord(began=1.0, ended=2.0, state="lost", note="process 4 is gone"))
    lost = zpoints("schedule", "--status", folder=folder)
    end(schedule)

    assert (nothing.returncode, "no schedule" in nothing.stderr) == (0, True)
    assert (waiting.returncode, "waiting" in waiting.stdout) == (0, True), waiting.stderr
    assert (lost.returncode, "process 4 is gone" in lost.stdout) == (1, True)
    assert waiting.stdout.splitlines()[0] == f"{Path(root).resolve()}:"
