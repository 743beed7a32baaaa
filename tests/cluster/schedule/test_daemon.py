"""Schedules: their times, one run at a time, missed runs, and an end on request."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from tests.cluster.cli.commands import zpoints
from tests.cluster.schedule.test_ledger import health
from tests.cluster.users import LONG, a_job, written
from tests.conftest import SilentConsole
from tests.forks import script, zpoints_fork
from tests.waiting import wait_until
from zpoints.cluster.jobs.job import Job
from zpoints.cluster.jobs.record import ALIVE, Jobs
from zpoints.cluster.schedule.cron import Cron
from zpoints.cluster.schedule.daemon import Schedule
from zpoints.cluster.schedule.ledger import Ledger, RunRecord
from zpoints.cluster.signals import Interrupted
from zpoints.pipeline.config.run import RunConfig, load_config
from zpoints.pipeline.errors import ConfigError
from zpoints.storage import StoreError, open_repository
from zpoints.storage.backend.blobs import Blobs

pytestmark = pytest.mark.services

DAY = 86400.0
SCHEDULE = """
import sys
from apscheduler.triggers.interval import IntervalTrigger
from zpoints.cluster.terminal import PlainConsole, console_for
from zpoints.cluster.signals import Interrupted, install_handlers
from zpoints.cluster.schedule.ledger import Ledger
from zpoints.cluster.schedule.daemon import Schedule
from zpoints.pipeline.config.run import load_config

install_handlers()
ledger = Ledger(sys.argv[1], "often")
schedule = Schedule(
    lambda: load_config(sys.argv[2]), ledger, IntervalTrigger(seconds=2), "every 2 s"
)
try:
    schedule.run(console_for(PlainConsole()))
except Interrupted as stop:
    sys.exit(stop.code)
"""


@pytest.fixture
def config(small_config: RunConfig, folder: Path) -> Path:
    return written(small_config, folder / "small.yaml")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize(
    "text",
    [
        "0 3 * * *",
        "*/15 * * * *",
        "30 22 * * 1-5",
        "0 0 * * 0",
        "0 12 * * 7,3",
        "5-59/20 8-18/2 * * *",
        "0 4 1,15 * *",
        "0 4 29 2 *",
        "0 6 * jan,JUL mon",
        "10/25 1 */10 3-5 *",
    ],
)
def test_cron__apscheduler_and_systemd_agree_on_the_times(text: str) -> None:
    cron = Cron.parse(text)
    command = ["systemd-analyze", "calendar", "--iterations=6", cron.on_calendar()]
    message = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    expected = re.findall(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", message.partition("Next elapse")[2])

    trigger, now, times = cron.trigger(), datetime.now().astimezone(), []
    last = None
    for _ in expected:
        last = trigger.get_next_fire_time(last, last or now)
        times.append(f"{last:%Y-%m-%d %H:%M:%S}")

    assert times == expected
    assert len(times) == 6


def test_cron__counts_weekdays_from_sunday() -> None:
    monday = Cron.parse("0 3 * * 1").trigger()

    following = monday.get_next_fire_time(None, datetime(2026, 11, 22).astimezone())

    assert f"{following:%A %d}" == "Monday 23"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 3 * *", "4 fields"),
        ("61 3 * * *", "invalid minute '61'; expected 0 to 59"),
        ("0 3 * * fri-mon", "invalid day of week"),
        ("0 3 1 * 1", "Restrict only one of them"),
        ("0 3 31 2 *", "never matches"),
        ("0 three * * *", "invalid hour 'three'; expected 0 to 23"),
        ("*/0 3 * * *", "invalid minute"),
    ],
)
def test_cron__errors_name_the_field(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Cron.parse(text)


def test_schedule__one_run_makes_up_for_missed_nights_and_the_process_ends_on_request(
    config: Path, small_root: str, folder: Path
) -> None:
    root = shutil.copytree(small_root, folder / "store")
    ledger = Ledger(str(root), "small")
    long_ago = time.time() - 5 * DAY
    ledger.add(RunRecord(began=long_ago, ended=long_ago + 60, state="done"))
    command = ["schedule", config, "--cron", "0 3 * * *", "--root", "store"]

    process = zpoints_fork(*command, folder=folder)
    wait_until(lambda: len(ledger.runs()) == 2)
    other = zpoints(*command, folder=folder)
    time.sleep(1.5)
    status = zpoints("schedule", "--status", "store", folder=folder)
    process.send_signal(signal.SIGTERM)
    output = process.communicate(30)[0]

    runs = ledger.runs()[1:]
    assert [run.state for run in runs] == ["done"], runs
    assert [job.job.id for job in Jobs(str(root)).all()] == [runs[0].job]
    assert other.returncode == 3
    assert f"process {process.pid}" in other.stderr
    assert status.returncode == 0, status.stdout
    assert "waiting" in status.stdout or "running" in status.stdout
    assert runs[0].job[-4:] in status.stdout
    assert (process.returncode, "Traceback" in output) == (143, False)
    health = ledger.health()
    assert health is not None
    assert health.seen == "stopped"


def test_schedule__no_run_starts_while_another_is_active(
    config: Path, small_root: str, folder: Path
) -> None:
    root = shutil.copytree(small_root, folder / "store")
    ledger = Ledger(str(root), "often")

    process = script(SCHEDULE, root, config)
    wait_until(lambda: sum(run.state == "done" for run in ledger.runs()) == 1)
    wait_until(lambda: len(Jobs(str(root)).all()) == 2)
    process.send_signal(signal.SIGTERM)
    output = process.communicate(timeout=60)[0]

    assert process.returncode == 143, output
    runs = ledger.runs()
    jobs = [status.job for status in Jobs(str(root)).all()]
    assert len(jobs) == 2
    assert jobs[0].ended is not None
    assert jobs[0].ended <= jobs[1].submitted
    assert {"done", "skipped"} <= {run.state for run in runs}
    skipped = [run for run in runs if run.state == "skipped"]
    assert any(jobs[0].id in run.note for run in skipped)
    assert f"started {jobs[0].id}; zpoints logs" in output
    assert f"skipped: {jobs[0].id} is still at work." in output
    assert f"{jobs[0].id} is done after" in output
    assert "maximum number" not in output
    last = next(run for run in runs if run.job == jobs[1].id)
    assert last.state in ("cancelled", "done")
    assert Jobs(str(root)).status(jobs[1].id).over


@pytest.mark.parametrize("work", ["nothing", "a run"])
def test_schedule__reports_on_ctrl_c_what_happened_to_the_active_run(
    work: str, small_config: RunConfig, folder: Path
) -> None:
    ledger = Ledger(open_repository(folder / "store").root, "long")
    if work == "a run":
        long_ago = time.time() - 5 * DAY
        ledger.add(RunRecord(began=long_ago, ended=long_ago + 60, state="done"))
    config = written(small_config, folder / "long.yaml", *LONG)
    command = ("schedule", config, "--cron", "0 3 * * *", "--root", ledger.root)
    process = zpoints_fork(*command, folder=folder)
    state = "running" if work == "a run" else "waiting"
    wait_until(lambda: (seen := ledger.health()) is not None and seen.state == state)
    process.send_signal(signal.SIGINT)
    message = process.communicate(60)[0]

    assert process.returncode == 130
    assert ("no run was active" in message) == (work == "nothing"), message
    assert ("was cancelled; the next one continues" in message) == (work == "a run"), message


@pytest.fixture
def elsewhere(folder: Path) -> tuple[Ledger, Job]:
    """A schedule that was killed, and its job, which runs on another machine."""
    ledger = Ledger(open_repository(folder / "store").root, "often")
    job = a_job(state="running", host="node7", pid=12, born=1.0)
    Jobs(ledger.root).add(job)
    killed = health(born=1.0, job=job.id)
    ledger.claim(killed)
    ledger.heartbeat(killed)
    return ledger, job


def run_until(
    condition: Callable[[], object], ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Run a schedule that is asked to end on a condition, or after 30 s; returns its outcome."""
    limit = time.monotonic() + 30

    def interrupt() -> None:
        if condition() or time.monotonic() > limit:
            raise Interrupted(143)

    monkeypatch.setattr("zpoints.cluster.schedule.daemon.raise_if_interrupted", interrupt)
    schedule = Schedule(RunConfig, ledger, IntervalTrigger(days=1), "every day")
    with pytest.raises(Interrupted):
        schedule.run(SilentConsole())
    return schedule.outcome()


@pytest.mark.parametrize(("failures", "state"), [(1, "cancelled"), (9, "running")])
def test_schedule__a_job_that_cannot_be_cancelled_is_left_to_the_next_schedule(
    failures: int,
    state: str,
    elsewhere: tuple[Ledger, Job],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger, job = elsewhere
    jobs, replace, left = Jobs(ledger.root), Blobs.replace, iter(range(failures))

    def failing(blobs: Blobs, name: str, data: bytes, tag: str) -> str | None:
        if name.startswith("jobs/") and next(left, None) is not None:
            raise StoreError("no answer")
        return replace(blobs, name, data, tag)

    def active() -> bool:
        seen = ledger.health()
        return seen is not None and seen.state == "running"

    monkeypatch.setattr("zpoints.cluster.schedule.daemon.STOP_SECONDS", 0.1)
    with monkeypatch.context() as patch:
        patch.setattr(Blobs, "replace", failing)
        message = run_until(active, ledger, patch)
    last = ledger.health()

    assert last is not None
    assert (last.state, last.job) == ("stopped", job.id)
    assert jobs.read(job.id).state == state
    assert ledger.runs() == []
    assert message == f"Job {job.id} did not end in time; the next schedule follows it."

    jobs.change(job.id, (*ALIVE, "cancelled"), state="done", ended=time.time())
    assert run_until(ledger.runs, ledger, monkeypatch).endswith("no run was active.")
    assert [(run.state, run.job) for run in ledger.runs()] == [("done", job.id)]


def test_schedule__submits_nothing_after_another_process_has_taken_over(
    config: Path, elsewhere: tuple[Ledger, Job]
) -> None:
    ledger, job = elsewhere
    schedule = Schedule(lambda: load_config(str(config)), ledger, IntervalTrigger(days=1), "daily")

    schedule._rerun()

    assert [status.job for status in Jobs(ledger.root).all()] == [job]
    assert ledger.runs() == []
