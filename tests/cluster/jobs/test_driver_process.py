"""The process of a job: its start, and the record of its end."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cluster.users import a_job
from tests.waiting import wait_until
from zpoints.cluster.jobs.driver_process import Driver, begin
from zpoints.cluster.jobs.job import output_file
from zpoints.cluster.jobs.launch import launch
from zpoints.cluster.jobs.record import Jobs, lives
from zpoints.cluster.run_ids import new_id
from zpoints.storage import open_repository
from zpoints.storage.backend.blobs import Blobs

pytestmark = pytest.mark.services

LATE = """
import sys, threading
from zpoints.cluster.jobs.driver_process import Driver, begin
from zpoints.cluster.signals import install_handlers

class Late(Driver):
    read = threading.Event()

    def _outcome(self):
        return ("done", "", 0) if self.read.wait(60) else ("failed", "the record was not read", 1)

    def _cancelled(self):  # answers after the end of the run
        self.read.set()
        return self._over.wait(60)

install_handlers()
root, id_ = sys.argv[1:3]
sys.exit(Late(root, begin(root, id_, sys.argv[3])).run())
"""


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(open_repository(tmp_path / "store").root)


@pytest.mark.parametrize("exists", [True, False])
def test_launch__the_driver_works_where_the_job_was_submitted_or_in_the_root(
    exists: bool, jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "zpoints.cluster.jobs.launch.DRIVER",
        (sys.executable, "-c", "import os; print(os.getcwd())"),
    )
    folder = tmp_path if exists else tmp_path / "absent"

    facts = launch(jobs.root, new_id(), str(folder))

    wait_until(lambda: not lives(facts["pid"], facts["born"]), "its end")
    output = Path(facts["output"])
    assert output.read_text().strip() == (str(tmp_path) if exists else "/")
    assert output.stat().st_mode & 0o077 == 0
    output.unlink()


def test_launch__a_driver_that_has_ended_leaves_no_zombie(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "zpoints.cluster.jobs.launch.DRIVER", (sys.executable, "-c", "import sys; sys.exit(3)")
    )

    facts = launch(jobs.root, new_id(), "/")

    wait_until(lambda: not psutil.pid_exists(facts["pid"]), "the end of a zombie")
    Path(facts["output"]).unlink()


def test_begin__succeeds_if_only_the_response_is_lost(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, replace = a_job(), Blobs.replace
    jobs.add(job)

    def unanswered(blobs: Blobs, name: str, data: bytes, tag: str) -> str | None:
        """The write succeeds, its response is lost, and a second attempt finds another tag."""
        replace(blobs, name, data, tag)
        return replace(blobs, name, data, tag)

    monkeypatch.setattr(Blobs, "replace", unanswered)
    begun = begin(jobs.root, job.id, output_file("/tmp", job.id))

    assert begun is not None
    assert (begun.state, begun.pid) == ("running", os.getpid())


def test_begin__a_cancelled_job_does_not_start(jobs: Jobs) -> None:
    job = a_job(state="cancelled", reason="on request")
    jobs.add(job)

    assert begin(jobs.root, job.id, output_file("/tmp", job.id)) is None
    assert jobs.read(job.id).ended is not None


def test_begin__leaves_a_job_of_another_process_alone(jobs: Jobs) -> None:
    job = a_job(state="running", host="node7", pid=os.getpid(), born=1.0)
    jobs.add(job)

    assert begin(jobs.root, job.id, output_file("/tmp", job.id)) is None
    assert jobs.read(job.id) == job


def test_driver__a_cancellation_noticed_after_the_end_of_the_run_changes_nothing(
    jobs: Jobs, tmp_path: Path
) -> None:
    job = a_job()
    output = Path(output_file(str(tmp_path), job.id))
    output.touch()
    jobs.add(job)

    done = subprocess.run(
        [sys.executable, "-c", LATE, jobs.root, job.id, str(output)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert jobs.status(job.id).state == "done"
    assert not output.exists()


def test_driver__keeps_an_output_that_is_not_a_regular_file(jobs: Jobs, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    Driver(jobs.root, a_job(output=str(pipe)))._tidy()

    assert pipe.exists()
