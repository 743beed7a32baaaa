"""Cancelled jobs publish nothing: real publishers, cancelled at the worst moments."""

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.users import a_job
from tests.forks import script
from tests.s3 import new_bucket
from tests.waiting import random_delays
from zpoints.cluster.jobs.cancel import cancel
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.run_ids import new_id
from zpoints.storage import StoreLockedError, open_repository, open_store

pytestmark = pytest.mark.services

PUBLISHER = """
import sys, time
import numpy as np, xarray as xr
from zpoints.cluster.jobs.driver_process import Driver, JobCancelledError, begin
from contextlib import contextmanager
from zpoints.storage import PublishConflictError, open_repository

root, id_, pause = sys.argv[1], sys.argv[2], float(sys.argv[3])
driver = Driver(root, begin(root, id_, ""))

@contextmanager
def gate():
    with driver.gate():
        print("publishing", flush=True)
        time.sleep(pause)
        yield

repository, rows = open_repository(root), np.zeros((2, 4), np.float32)
dataset = xr.Dataset(
    {"z": (("sample", "component"), rows), "v": (("sample", "pc"), rows),
     "pixels": (("sample", "y", "x", "channel"), np.zeros((2, 8, 8, 3), np.uint8))},
    attrs={"generator": "uniform", "parameters": {"b": 1.0}, "seed": 0, "constraint": "all"},
)
for number in range(10_000):
    name = f"samples/{id_[-4:]}-{number}"
    try:
        work = repository.begin(stage="sample", fingerprint=name[8:], groups=(name,))
        work.create(name, dataset)
        work.publish(message=name, rows=2, gate=gate)
        print("published", flush=True)
    except (JobCancelledError, PublishConflictError) as error:
        print(type(error).__name__, flush=True)
        break
"""


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    """Prefix of roots in a bucket on a server that supports conditional writes."""
    return f"s3://{new_bucket(s3)}/fence"


class Publisher:
    """A job whose process publishes one small version after another."""

    def __init__(self, root: str, pause: float) -> None:
        self.root = open_repository(root).root
        self.id = new_id()
        Jobs(self.root).add(a_job(id=self.id))
        self.process = script(PUBLISHER, self.root, self.id, pause)

    def until(self, word: str) -> None:
        for line in self.process.stdout:
            if line.strip() == word:
                return
        pytest.fail(f"the publisher ended before it printed {word!r}")

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def remaining_output(self) -> list[str]:
        return self.process.communicate(timeout=60)[0].split()


@pytest.mark.parametrize("where", ["disk", "bucket"])
def test_cancel__no_version_appears_after_it_at_any_moment(
    where: str, tmp_path: Path, bucket: str
) -> None:
    root = str(tmp_path / "store") if where == "disk" else f"{bucket}-race"
    moment = random_delays()
    for _ in range(4):
        publisher = Publisher(root, pause=0.005)
        publisher.until("published")
        time.sleep(moment.uniform(0, 0.3))

        cancel(publisher.root, publisher.id)
        version = open_store(root).version

        assert publisher.remaining_output()[-1] == "JobCancelledError"
        assert open_store(root).version == version


def test_cancel__waits_for_a_publication_in_progress(tmp_path: Path) -> None:
    publisher = Publisher(str(tmp_path / "store"), pause=2.0)
    publisher.until("publishing")

    cancel(publisher.root, publisher.id)

    published = len(open_store(publisher.root).history())
    assert published >= 1
    printed = publisher.remaining_output()
    assert printed.count("published") == published
    assert printed[-1] == "JobCancelledError"
    assert len(open_store(publisher.root).history()) == published


def test_cancel__makes_the_publication_of_a_stopped_publisher_fail(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zpoints.cluster.jobs.cancel.PUBLISHING_SECONDS", 0.5)
    publisher = Publisher(f"{bucket}-stopped", pause=0.5)
    publisher.until("published")
    publisher.until("publishing")
    publisher.signal(signal.SIGSTOP)

    cancel(publisher.root, publisher.id)
    fenced = open_store(publisher.root)
    publisher.signal(signal.SIGCONT)

    assert publisher.remaining_output() == ["PublishConflictError"]
    assert open_store(publisher.root).version == fenced.version
    assert [version.stage for version in fenced.history()] == ["fence", "sample"]
    assert len(fenced.sample_names) == 1


def test_cancel__reports_a_failure_if_a_publisher_stopped_with_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zpoints.cluster.jobs.cancel.PUBLISHING_SECONDS", 0.2)
    monkeypatch.setattr("zpoints.storage.backend.location.LOCK_SECONDS", 0.2)
    publisher = Publisher(str(tmp_path / "store"), pause=0.5)
    publisher.until("publishing")
    publisher.signal(signal.SIGSTOP)

    with pytest.raises(StoreLockedError, match="Another process has held"):
        cancel(publisher.root, publisher.id)
    resumed = threading.Timer(0.3, publisher.signal, [signal.SIGCONT])
    resumed.start()
    monkeypatch.undo()
    cancel(publisher.root, publisher.id)

    version = open_store(publisher.root).version
    assert publisher.remaining_output()[-1] == "JobCancelledError"
    assert open_store(publisher.root).version == version


@pytest.mark.parametrize("where", ["disk", "bucket"])
def test_cancel__of_a_publisher_that_was_killed(where: str, tmp_path: Path, bucket: str) -> None:
    root = str(tmp_path / "store") if where == "disk" else f"{bucket}-killed"
    publisher = Publisher(root, pause=5.0)
    publisher.until("publishing")
    publisher.process.kill()
    publisher.process.communicate()
    assert Jobs(publisher.root).status(publisher.id).state == "lost"

    status = cancel(publisher.root, publisher.id)

    assert (status.state, status.over) == ("cancelled", True)
    assert open_store(root).groups == ()
    assert Jobs(publisher.root).status(publisher.id).state == "cancelled"
