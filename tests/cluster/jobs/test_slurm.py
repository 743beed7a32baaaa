"""Jobs on Slurm: submitted, listed, followed, and cancelled while queued or running."""

import subprocess
from pathlib import Path

import pytest

from tests.cluster.cli.commands import ZPOINTS, zpoints
from tests.cluster.results import assert_same_results
from tests.cluster.slurm import Slurm, command
from tests.cluster.users import written
from tests.waiting import wait_until
from zpoints.cluster.batch_job import BatchJob
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.jobs.slurm import SlurmError, dequeue, enqueue, in_queue
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import Store, open_store

pytestmark = pytest.mark.services

DRIVER = [
    "cluster.kind=slurm",
    "cluster.jobs.cores=1",
    "cluster.jobs.memory=3GiB",
    "cluster.jobs.driver=[--time=5, --cpus-per-task=2]",
]


@pytest.fixture
def config(small_config: RunConfig, folder: Path) -> Path:
    shared = f"cluster.jobs.folder={folder / 'shared'}"
    return written(small_config, folder / "small.yaml", *DRIVER, shared)


def submitted(config: Path, *more: str, folder: Path) -> str:
    done = zpoints("submit", config, "--root", "store", *more, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_dequeue__a_users_options_of_slurm_do_not_keep_the_job(
    slurm: Slurm, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQUEUE_STATES", "RUNNING")
    monkeypatch.setenv("SCANCEL_STATE", "RUNNING")
    job = enqueue(["true"], name="held", output=str(folder / "log"), options=["--hold"])

    held = in_queue(job)
    dequeue(job)

    assert (held, in_queue(job)) == (True, False)


def test_submit__a_run_on_slurm_gives_the_bytes_of_a_local_one(
    config: Path, small_store: Store, folder: Path, slurm: Slurm
) -> None:
    root, jobs = folder / "store", Jobs(str(folder / "store"))
    id_ = submitted(config, "--until", "sample", folder=folder)
    follower = subprocess.Popen(
        [str(ZPOINTS), "logs", id_, "--follow"], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert follower.stdout is not None
    first = follower.stdout.readline()
    while_it_ran = jobs.status(id_)
    listed = zpoints("jobs", "store", folder=folder).stdout

    waited = zpoints("wait", id_, "--timeout", 250, folder=folder)
    rest = follower.stdout.read()  # not communicate(): it would lose what is buffered
    follower.wait(60)
    log = zpoints("logs", id_, folder=folder).stdout

    assert waited.stdout.strip() == f"{id_} done", waited.stderr + log
    assert (while_it_ran.state, "running" in listed) == ("running", True)
    assert "times in" in first
    assert "CelebA form" in log
    assert first + rest == log
    assert "1 job submitted to slurm" in log
    assert "samples/uniform: 80 samples" in log
    assert_same_results(open_store(root), small_store)
    batch = jobs.read(id_).batch
    assert batch is not None
    accounted = command("scontrol", "show", "job", batch)
    assert "ExitCode=0:0" in accounted
    assert "NumCPUs=2" in accounted
    slurm.wait_for_the_end()


def test_cancel__removes_a_queued_slurm_job(config: Path, folder: Path, slurm: Slurm) -> None:
    held = ["--set", "cluster.jobs.driver=[--hold]"]
    first = submitted(config, *held, folder=folder)
    second = submitted(config, *held, folder=folder)
    jobs = Jobs(str(folder / "store"))
    assert [jobs.status(id_).state for id_ in (first, second)] == ["queued", "queued"]

    done = zpoints("cancel", first, folder=folder)
    command("scancel", str(jobs.read(second).batch))

    assert done.stdout.strip() == f"{first} is cancelled."
    slurm.wait_for_the_end()
    wait_until(lambda: jobs.status(second).state == "lost", "the second job to be lost")
    assert "Slurm no longer has job" in jobs.status(second).note
    assert open_store(folder / "store").groups == ()


def test_dequeue__an_unknown_number_is_an_error_and_an_ended_job_is_not(slurm: Slurm) -> None:
    job = enqueue(["true"], name="t", output="/dev/null", options=["--hold"])
    assert in_queue(job)

    dequeue(job)
    slurm.wait_for_the_end()
    dequeue(job)

    assert not in_queue(job)
    with pytest.raises(SlurmError, match="Slurm knows no job 987654"):
        dequeue(BatchJob("987654"))
    assert not in_queue(BatchJob("987654"))


def test_cancel__ends_a_running_slurm_job(config: Path, folder: Path, slurm: Slurm) -> None:
    id_ = submitted(config, "--set", "train.epochs=500", "--until", "train", folder=folder)
    jobs = Jobs(str(folder / "store"))
    wait_until(
        lambda: jobs.status(id_).note.startswith("train: ") or jobs.status(id_).over,
        "its training",
        seconds=120,
    )
    assert jobs.status(id_).state == "running", jobs.status(id_)
    listed = zpoints("jobs", "store", folder=folder).stdout

    done = zpoints("cancel", id_, folder=folder)

    assert "train: " in listed
    assert "cancelled" in done.stdout
    slurm.wait_for_the_end()
    assert open_store(folder / "store").groups == ("images",)
    assert jobs.status(id_).state == "cancelled"


def test_submit__reports_a_refusal_by_slurm(config: Path, folder: Path, slurm: Slurm) -> None:
    option = ["--set", "cluster.jobs.driver=[--partition=none]"]

    done = zpoints("submit", config, "--root", "store", *option, folder=folder)

    assert done.returncode == 1
    assert "Slurm refused the job" in done.stderr
    assert "none" in done.stderr
    assert [s.state for s in Jobs(str(folder / "store")).all()] == ["failed"]
