"""Jobs on a real Slurm: submitted, listed, read, cancelled while they wait and while they run."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from cluster.cancel import wait
from cluster.jobs import Jobs
from pipeline.config import RunConfig, override
from storage import open_store
from tests.cluster.commands import zpoints
from tests.cluster.slurm import Slurm, command

pytestmark = pytest.mark.services

DRIVER = [
    "cluster.kind=slurm",
    "cluster.jobs.cores=1",
    "cluster.jobs.memory=3GiB",
    "cluster.jobs.driver=[--time=5, --cpus-per-task=2]",
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture
def config(small_config: RunConfig, folder: Path) -> Path:
    path = folder / "small.yaml"
    driver = [*DRIVER, f"cluster.jobs.folder={folder / 'shared'}"]
    path.write_text(yaml.safe_dump(override(small_config, driver).model_dump(mode="json")))
    return path


def submitted(config: Path, *more: str, folder: Path) -> str:
    done = zpoints("submit", config, "--root", "store", *more, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.2)


def test_submit__to_slurm_runs_in_an_allocation(
    config: Path, small_root: str, folder: Path, slurm: Slurm
) -> None:
    root = shutil.copytree(small_root, folder / "store")

    id_ = submitted(config, folder=folder)

    found = wait(str(root), id_, seconds=90)
    assert found.state == "done", found
    assert found.job.batch is not None
    accounted = command("scontrol", "show", "job", found.job.batch)
    assert "ExitCode=0:0" in accounted
    assert "NumCPUs=2" in accounted
    assert f"report: {root}/report/index.html" in zpoints("logs", id_, folder=folder).stdout


def test_cancel__of_a_slurm_job_that_waits_takes_it_out_of_the_queue(
    config: Path, folder: Path, slurm: Slurm
) -> None:
    held = ["--set", "cluster.jobs.driver=[--hold]"]
    first = submitted(config, *held, folder=folder)
    second = submitted(config, *held, folder=folder)
    jobs = Jobs(str(folder / "store"))
    assert [jobs.sight(id_).state for id_ in (first, second)] == ["queued", "queued"]

    done = zpoints("cancel", first, folder=folder)
    command("scancel", str(jobs.read(second)[0].batch))

    assert done.stdout.strip() == f"{first} is cancelled."
    until(lambda: slurm.jobs() == [])
    until(lambda: jobs.sight(second).state == "lost")
    assert "Slurm knows no job" in jobs.sight(second).note
    assert open_store(folder / "store").groups == ()


def test_cancel__of_a_slurm_job_that_trains_ends_it(
    config: Path, folder: Path, slurm: Slurm
) -> None:
    id_ = submitted(config, "--set", "train.epochs=500", "--until", "train", folder=folder)
    jobs = Jobs(str(folder / "store"))
    until(lambda: jobs.sight(id_).note.startswith("train: ") or jobs.sight(id_).over)
    assert jobs.sight(id_).state == "running", jobs.sight(id_)
    listed = zpoints("jobs", "store", folder=folder).stdout

    done = zpoints("cancel", id_, folder=folder)

    assert "train: " in listed
    assert "cancelled" in done.stdout
    until(lambda: slurm.jobs() == [])
    assert open_store(folder / "store").groups == ("images",)
    assert jobs.sight(id_).state == "cancelled"


def test_submit__what_slurm_refuses_is_said(config: Path, folder: Path, slurm: Slurm) -> None:
    option = ["--set", "cluster.jobs.driver=[--partition=none]"]

    done = zpoints("submit", config, "--root", "store", *option, folder=folder)

    assert done.returncode == 1
    assert "Slurm does not take the job" in done.stderr
    assert "none" in done.stderr
    assert [s.state for s in Jobs(str(folder / "store")).all()] == ["failed"]
