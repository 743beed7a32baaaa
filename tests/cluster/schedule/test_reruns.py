"""Reruns that go wrong: schedules that are killed, stores that do not answer, any other failure."""

import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.cli.commands import ScheduleProcess, zpoints
from tests.cluster.users import LONG, a_job, written
from tests.waiting import wait_until
from zpoints.cluster.jobs.known_roots import remember
from zpoints.cluster.jobs.record import Jobs, JobStatus
from zpoints.cluster.schedule.cron import Cron
from zpoints.cluster.schedule.daemon import Schedule
from zpoints.cluster.schedule.ledger import Health, Ledger, Line
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import StoreError, open_repository

pytestmark = pytest.mark.services

DAY = 86400.0


@pytest.fixture
def root(folder: Path) -> str:
    return open_repository(folder / "store").root


def left(ledger: Ledger) -> str:
    """The job that a schedule says is at work."""
    health = ledger.health()
    return "" if health is None else health.job


def a_schedule(load: Callable[[], RunConfig], ledger: Ledger) -> Schedule:
    """A schedule of this process, whose times never come by themselves."""
    schedule = Schedule(load, ledger, Cron.parse("0 3 29 2 *").trigger(), "0 3 29 2 *")
    ledger.claim(schedule._health())
    return schedule


def test_schedule__after_a_kill_the_next_one_follows_the_job_that_is_at_work(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    config = written(small_config, folder / "long.yaml", *LONG)
    ledger, jobs = Ledger(root, "long"), Jobs(root)
    long_ago = time.time() - 5 * DAY
    ledger.add(Line(began=long_ago, ended=long_ago + 60, state="done"))
    first = ScheduleProcess(config, root)
    wait_until(lambda: left(ledger), "a job")
    id_ = left(ledger)

    first.kill()
    second = ScheduleProcess(config, root)
    wait_until(lambda: vars(ledger.health())["pid"] == second.pid, "the second schedule")
    wait_until(lambda: jobs.status(id_).state == "running", "the driver")
    assert left(ledger) == id_
    assert len(ledger.lines()) == 1
    zpoints("cancel", id_, folder=folder)
    wait_until(lambda: len(ledger.lines()) == 2, "the line of the job")
    second.end()

    line = ledger.lines()[-1]
    assert (line.job, line.state) == (id_, "cancelled")
    assert [seen.job.id for seen in jobs.all()] == [id_]


def test_schedule__a_job_that_ended_while_no_schedule_lived_gets_its_line(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    now = time.time()
    job = a_job(state="done", submitted=now - 60, ended=now)
    Jobs(root).add(job)
    ledger = Ledger(root, "small")
    dead = {"host": platform.node(), "pid": 2**22 + 1, "born": 1.0}
    last = Health(state="running", cron="", beat=now, following=None, **dead)  # type: ignore[arg-type]
    ledger.claim(last)
    ledger.beat(replace(last, job=job.id))

    schedule = ScheduleProcess(written(small_config, folder / "small.yaml"), root)
    wait_until(ledger.lines, "the line of the job")

    assert schedule.end() == 143
    (line,) = ledger.lines()
    assert (line.job, line.state, line.began, line.ended) == (job.id, "done", now - 60, now)


def test_rerun__a_store_that_does_not_answer_for_a_while_loses_no_run(
    small_config: RunConfig, small_root: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = str(shutil.copytree(small_root, folder / "copy"))
    ledger, sight, add, failures = Ledger(root, "small"), Jobs.sight, Ledger.add, [3, 1]

    def sometimes(jobs: Jobs, id_: str) -> JobStatus:
        if failures[0]:
            failures[0] -= 1
            raise StoreError("no answer")
        return sight(jobs, id_)

    def at_the_second_try(kept: Ledger, line: Line) -> None:
        if failures[1]:
            failures[1] -= 1
            raise StoreError("no answer")
        add(kept, line)

    monkeypatch.setattr(Jobs, "sight", sometimes)
    monkeypatch.setattr(Ledger, "add", at_the_second_try)
    monkeypatch.setattr("zpoints.cluster.schedule.daemon.BEAT_SECONDS", 0.1)

    a_schedule(lambda: small_config, ledger)._rerun()

    assert failures == [0, 0]
    (line,), (job,) = ledger.lines(), Jobs(root).all()
    assert (line.state, line.job) == ("done", job.job.id)
    assert left(ledger) == job.job.id  # whoever had come after a kill would have found it


@pytest.mark.parametrize("error", [RuntimeError("what nobody expected"), KeyError()])
def test_rerun__any_failure_leaves_a_line_and_the_schedule_goes_on(
    error: Exception, root: str
) -> None:
    def load() -> RunConfig:
        raise error

    ledger = Ledger(root, "small")
    schedule = a_schedule(load, ledger)

    schedule._rerun()
    schedule._rerun()

    assert [line.state for line in ledger.lines()] == ["failed", "failed"]
    assert ledger.lines()[0].note in ("what nobody expected", "KeyError")
    assert schedule._health().state == "waiting"


def test_schedule__refuses_at_once_what_could_only_fail_at_night(folder: Path) -> None:
    done = zpoints("schedule", "demo", "--cron", "0 3 * * *", "--root", "store", folder=folder)

    assert done.returncode == 2
    assert "ingest.source is not set" in done.stderr
    assert not (folder / "store").exists()


def test_status__of_the_stores_that_are_known(
    small_config: RunConfig, folder: Path, root: str
) -> None:
    nothing = zpoints("schedule", "--status", folder=folder)
    gone = open_repository(folder / "gone").root
    remember(gone)
    shutil.rmtree(gone)
    schedule = ScheduleProcess(written(small_config, folder / "small.yaml"), root)
    ledger = Ledger(root, "small")
    wait_until(ledger.health, "the schedule")
    waiting = zpoints("schedule", "--status", folder=folder)
    ledger.add(Line(began=1.0, ended=2.0, state="lost", note="process 4 is gone"))
    lost = zpoints("schedule", "--status", folder=folder)
    schedule.end()

    assert (nothing.returncode, "no schedule" in nothing.stderr) == (0, True)
    assert (waiting.returncode, "waiting" in waiting.stdout) == (0, True), waiting.stderr
    assert (lost.returncode, "process 4 is gone" in lost.stdout) == (1, True)
    assert waiting.stdout.splitlines()[0] == f"{Path(root).resolve()}:"
