"""The process of a job: how it begins, and that its end is recorded whatever comes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster.driver import begin
from cluster.jobs import Jobs
from storage import open_repository
from storage.blobs import Blobs
from tests.cluster.users import a_job

pytestmark = pytest.mark.services

LATE = """
import sys, time
from cluster.driver import Driver, begin
from cluster.interruption import heed_signals

class Late(Driver):
    def _outcome(self):
        time.sleep(float(sys.argv[3]))
        return "done", "", 0

    def _cancelled(self):  # the answer comes after the end of the run
        time.sleep(2)
        return True

heed_signals()
root, id_ = sys.argv[1:3]
sys.exit(Late(root, begin(root, id_, "/dev/null")).run())
"""


@pytest.fixture
def jobs(tmp_path: Path) -> Jobs:
    return Jobs(open_repository(tmp_path / "store").root)


def test_begin__a_job_whose_first_write_was_not_answered_is_begun(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, replace = a_job(), Blobs.replace
    jobs.add(job)

    def unanswered(blobs: Blobs, name: str, data: bytes, tag: str) -> str | None:
        """The write arrives, its answer does not, and a second attempt finds another tag."""
        replace(blobs, name, data, tag)
        return replace(blobs, name, data, tag)

    monkeypatch.setattr(Blobs, "replace", unanswered)
    begun = begin(jobs.root, job.id, "/dev/null")

    assert begun is not None
    assert (begun.state, begun.pid) == ("running", os.getpid())


def test_begin__a_job_that_was_cancelled_before_is_over(jobs: Jobs) -> None:
    job = a_job(state="cancelled", reason="on request")
    jobs.add(job)

    assert begin(jobs.root, job.id, "/dev/null") is None
    assert jobs.read(job.id)[0].ended is not None


def test_begin__a_job_that_another_process_does_is_left_alone(jobs: Jobs) -> None:
    job = a_job(state="running", host="node7", pid=os.getpid(), born=1.0)
    jobs.add(job)

    assert begin(jobs.root, job.id, "/dev/null") is None
    assert jobs.read(job.id)[0] == job


def test_driver__a_cancellation_noticed_after_the_end_of_the_run_changes_nothing(
    jobs: Jobs,
) -> None:
    job = a_job()
    jobs.add(job)

    done = subprocess.run(
        [sys.executable, "-c", LATE, jobs.root, job.id, "4"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert jobs.sight(job.id).state == "done"
