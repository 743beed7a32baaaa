"""Jobs on this machine: they outlive their client, report their status, and end on request."""

import os
import re
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.cli.commands import zpoints, zpoints_process
from tests.cluster.users import LONG, a_job, with_a_damaged_one, written
from tests.s3 import new_bucket
from tests.s3_proxy import failing_at
from tests.waiting import wait_until
from zpoints.cluster.jobs.cancel import JobEndedError, cancel
from zpoints.cluster.jobs.known_roots import known_roots
from zpoints.cluster.jobs.log import JobLog
from zpoints.cluster.jobs.record import Jobs, JobStatus, lives
from zpoints.cluster.jobs.wait import wait
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage import StoreError, StoreNotFoundError, open_repository, open_store

pytestmark = pytest.mark.services


@pytest.fixture
def config(small_config: RunConfig, folder: Path) -> Path:
    return written(small_config, folder / "small.yaml")


@pytest.fixture
def long(small_config: RunConfig, folder: Path) -> Path:
    return written(small_config, folder / "long.yaml", *LONG)


def training(root: Path, id_: str) -> JobStatus:
    """Status of the job, once its training has started."""
    jobs = Jobs(str(root))
    wait_until(lambda: jobs.status(id_).note.startswith("train") or jobs.status(id_).over)
    status = jobs.status(id_)
    assert status.state == "running", status
    return status


def test_submit__the_run_finishes_without_its_client(
    config: Path, small_root: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    root = shutil.copytree(small_root, folder / "store")
    id_ = zpoints_process("submit", config, "--root", "store", folder=folder).stdout.strip()

    waited = zpoints("wait", id_, "--timeout", 100, folder=folder)

    assert waited.returncode == 0, waited.stdout + waited.stderr
    assert waited.stdout.strip() == f"{id_} done"
    log = zpoints("logs", id_, folder=folder).stdout
    assert "CelebA form" in log
    assert f"Report: file://{root}/report/index.html" in log
    assert not Path(Jobs(str(root)).read(id_).output).exists()
    listed = zpoints("jobs", "store", folder=folder).stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [["job", "state"], [id_, "done"]]
    refused = zpoints("cancel", id_, folder=folder)
    assert refused.returncode == 1
    assert "it is done" in refused.stderr
    files = [path for path in (root / "jobs").rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"job.json", "beat.json", "000000"}
    assert not any(b"wJalrXUtnFEMI" in path.read_bytes() for path in files)


def test_submit__the_driver_has_its_own_session_and_its_death_is_noticed(
    long: Path, folder: Path
) -> None:
    id_ = zpoints("submit", long, "--root", "store", folder=folder).stdout.strip()
    job = training(folder / "store", id_).job
    assert job.pid is not None
    assert os.getsid(job.pid) == job.pid
    assert psutil.Process(job.pid).terminal() is None

    os.kill(job.pid, signal.SIGKILL)
    waited = zpoints("wait", id_, "--timeout", 20, folder=folder)

    assert waited.returncode == 1
    assert f"lost: process {job.pid} on" in waited.stdout
    assert open_store(folder / "store").groups == ("images",)


def test_cancel__ends_the_job_and_leaves_the_store_unchanged(long: Path, folder: Path) -> None:
    id_ = zpoints("submit", long, "--root", "store", folder=folder).stdout.strip()
    job = training(folder / "store", id_).job
    version = open_store(folder / "store").version

    done = zpoints("cancel", id_, folder=folder)

    assert done.stdout.strip() == f"{id_} is cancelled."
    wait_until(lambda: not lives(job.pid or 0, job.born), "its end")
    assert open_store(folder / "store").version == version
    found = zpoints("wait", id_, folder=folder)
    assert (found.returncode, found.stdout.strip()) == (1, f"{id_} cancelled: on request")
    log = zpoints("logs", id_, "--follow", folder=folder)
    assert "ended by SIGTERM" in log.stdout
    assert "Traceback" not in log.stdout


def test_submit__a_failed_run_records_its_reason(config: Path, faces: Path, folder: Path) -> None:
    source = with_a_damaged_one(faces, folder / "faces")
    options = ["--root", "store", "--set", f"ingest.source={source}", "--strict"]
    id_ = zpoints("submit", config, *options, folder=folder).stdout.strip()
    root = str(folder / "store")

    status = wait(root, id_, seconds=60)

    assert status.state == "failed"
    assert status.job.config["source"]["strict"]
    assert "000003.jpg" in status.note
    assert "000003.jpg" in JobLog(root, id_).read().decode()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["submit", "demo"], 2, "ingest.source is not set"),
        (["wait", "20261122-000000-abcd"], 2, "Name the store with --root"),
        (["jobs", "absent"], 2, "There is no store"),
    ],
)
def test_mistakes__end_in_a_message(
    arguments: list[str], code: int, message: str, folder: Path
) -> None:
    done = zpoints(*arguments, folder=folder)

    assert (done.returncode, message in done.stderr) == (code, True), done.stderr
    assert "Traceback" not in done.stderr
    assert known_roots() == []


def test_wait__ends_at_the_timeout(folder: Path) -> None:
    root = open_repository(folder / "store").root
    job = a_job()
    Jobs(root).add(job)

    done = zpoints("wait", job.id, "--root", root, "--timeout", 0.5, folder=folder)

    assert done.returncode == 6
    assert f"Job {job.id} is queued after" in done.stderr


def test_status__a_silent_job_is_lost(folder: Path) -> None:
    jobs = Jobs(open_repository(folder / "store").root)
    elsewhere = {"host": "node7", "pid": 12, "born": 1.0, "state": "running"}
    silent = a_job(submitted=time.time() - 100, **elsewhere)
    lively = a_job(submitted=time.time() - 100, **elsewhere)
    for job in (silent, lively):
        jobs.add(job)
    jobs.heartbeat(lively.id, "encode: 3 of 9 images")

    assert jobs.status(silent.id).state == "lost"
    assert jobs.status(silent.id).note.startswith("no heartbeat from process 12 on node7 since")
    assert jobs.status(lively.id).state == "running"
    assert jobs.status(lively.id).note == "encode: 3 of 9 images"
    assert cancel(jobs.root, silent.id).state == "cancelled"
    jobs.change(lively.id, ("running",), state="failed", ended=time.time())
    with pytest.raises(JobEndedError, match="it is failed"):
        cancel(jobs.root, lively.id)
    with pytest.raises(StoreNotFoundError, match="zpoints jobs"):
        cancel(jobs.root, "20261122-000000-abcd")


def test_status__a_silent_process_that_lives_on_this_machine_is_not_lost(folder: Path) -> None:
    jobs, me = Jobs(open_repository(folder / "store").root), psutil.Process()
    facts = {"submitted": time.time() - 3600, "state": "running", "pid": me.pid}
    silent, later = a_job(**facts, born=me.create_time()), a_job(**facts, born=1.0)
    for job in (silent, later):
        jobs.add(job)

    assert (jobs.status(silent.id).state, jobs.status(silent.id).over) == ("running", False)
    assert jobs.status(later.id).state == "lost"  # another process has this number now


def test_add__succeeds_if_only_the_response_is_lost(s3: Any) -> None:
    job, bucket = a_job(), new_bucket(s3)
    with failing_at(f"PUT /{bucket}/added/jobs/{job.id}/".encode(), "lost response") as proxy:
        Jobs(f"s3://{bucket}/added").add(job)
    recorded = Jobs(f"s3://{bucket}/added").read(job.id)

    assert proxy.failed.is_set()
    assert recorded == job


def test_add__another_job_with_the_same_id_is_refused(folder: Path) -> None:
    jobs, job = Jobs(open_repository(folder / "store").root), a_job()
    jobs.add(job)

    with pytest.raises(StoreError, match=f"has a job {job.id} already"):
        jobs.add(a_job(id=job.id, title="another"))
    assert jobs.read(job.id) == job


def test_jobs__skips_a_folder_without_a_record(folder: Path) -> None:
    jobs, job = Jobs(open_repository(folder / "store").root), a_job()
    jobs.add(job)
    (folder / "store" / "jobs" / "20261122-000000-abcd").mkdir()

    listed = zpoints("jobs", "store", folder=folder)

    assert listed.returncode == 0, listed.stderr
    assert [line.split()[0] for line in listed.stdout.splitlines()] == ["job", job.id]


def test_cancel__of_a_queued_slurm_job_without_slurm_names_the_remaining_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, job = open_repository(folder / "store").root, a_job(batch="17")
    Jobs(root).add(job)
    monkeypatch.setenv("PATH", str(folder))

    done = zpoints("cancel", job.id, "--root", root, folder=folder)

    assert (done.returncode, done.stdout) == (1, "")
    assert f"{job.id} is cancelled. Slurm job 17 may still be queued" in done.stderr
    assert "scancel 17" in done.stderr
    assert Jobs(root).read(job.id).state == "cancelled"


@pytest.mark.parametrize("command", ["run", "submit"])
def test_help__names_every_stage_and_option(command: str, folder: Path) -> None:
    help_text = zpoints(command, "--help", folder=folder).stdout

    assert set(STAGES) <= set(re.findall(r"\w+", help_text))
    assert "--strict" in help_text
