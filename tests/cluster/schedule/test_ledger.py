"""What a schedule leaves in the root: whether it lives, and who may keep it."""

import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.s3 import new_bucket
from tests.s3_proxy import failing_at
from zpoints.cluster.schedule.ledger import Health, Ledger, Line, TakenOverError, is_well
from zpoints.storage import StoreLockedError, open_repository
from zpoints.storage.backend.blobs import Blobs


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_repository(tmp_path / "store").root, "nightly")


def health(**facts: object) -> Health:
    """A sign of life that this process leaves now, unless the facts say otherwise."""
    me = psutil.Process()
    here = {"host": platform.node(), "pid": me.pid, "born": me.create_time(), "beat": time.time()}
    plain = {"state": "waiting", "cron": "0 3 * * *", "following": None}
    return Health(**{**plain, **here, **facts})  # type: ignore[arg-type]


def test_ledger__one_process_keeps_a_schedule_until_it_is_silent_or_stopped(
    ledger: Ledger,
) -> None:
    there = {"host": "node7", "pid": 4, "born": 1.0}
    silent, lively = health(**there, beat=time.time() - 1000, job="a job"), health(**there)
    other = health(host="node8")
    assert ledger.claim(silent) is None
    ledger.beat(silent)
    assert ledger.claim(lively) == silent
    assert ledger.health() == replace(lively, job="a job")

    with pytest.raises(StoreLockedError, match="schedule nightly already: process 4 on node7"):
        ledger.claim(other)
    ledger.beat(replace(lively, state="stopped"))
    ledger.claim(other)
    with pytest.raises(TakenOverError, match="another process keeps it now"):
        ledger.beat(lively)
    assert ledger.health() == other


def test_claim__of_many_at_once_one_succeeds(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, read = threading.Barrier(4), Blobs.read

    def with_the_others(blobs: Blobs, name: str) -> tuple[bytes, str | None] | None:
        found = read(blobs, name)
        if found is None:
            together.wait(timeout=30)  # nobody writes before all have looked
        return found

    def claimed(_: int) -> bool:
        try:
            Ledger(ledger.root, "nightly").claim(health())
        except StoreLockedError:
            return False
        return True

    monkeypatch.setattr(Blobs, "read", with_the_others)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(claimed, range(4))) == [False, False, False, True]


@pytest.mark.services
@pytest.mark.parametrize("before", [None, health(host="node7", beat=0.0, job="a job")])
def test_claim__succeeds_though_the_answer_is_lost(before: Health | None, s3: Any) -> None:
    bucket = new_bucket(s3)
    root = f"s3://{bucket}/claimed"
    if before is not None:
        Ledger(root, "nightly").claim(before)
        Ledger(root, "nightly").beat(before)
    mine, request = health(), f"PUT /{bucket}/claimed/schedules/nightly/health"
    with failing_at(request.encode(), "lost answer") as proxy:
        found = Ledger(root, "nightly").claim(mine)
    last = Ledger(root, "nightly").health()

    assert proxy.failed.is_set()
    assert found == before
    assert last == replace(mine, job="a job" if before else "")


@pytest.mark.services
def test_add__a_line_whose_answer_is_lost_is_there_once(s3: Any) -> None:
    line, bucket = Line(began=1.0, ended=2.0, state="done"), new_bucket(s3)
    with failing_at(f"PUT /{bucket}/added/schedules/nightly/runs".encode(), "lost answer") as proxy:
        Ledger(f"s3://{bucket}/added", "nightly").add(line)
    lines = Ledger(f"s3://{bucket}/added", "nightly").lines()

    assert proxy.failed.is_set()
    assert lines == [line]


def test_add__of_two_processes_at_once_erases_neither_line(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, read, met = threading.Barrier(2), Blobs.read, threading.local()

    def with_the_other(blobs: Blobs, name: str) -> tuple[bytes, str | None] | None:
        found = read(blobs, name)
        if not hasattr(met, "once"):
            met.once = together.wait(timeout=30)  # nobody writes before both have looked
        return found

    lines = [Line(began=float(i), ended=9.0, state="done") for i in range(2)]
    ledger.add(Line(began=-1.0, ended=0.0, state="done"))
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Blobs, "read", with_the_other)
        list(pool.map(lambda line: Ledger(ledger.root, "nightly").add(line), lines))

    assert sorted(line.began for line in ledger.lines()) == [-1.0, 0.0, 1.0]


def test_health__a_silent_process_that_is_seen_to_live_is_not_lost() -> None:
    assert health(beat=0.0).seen == "waiting"
    assert health(beat=0.0, born=1.0).seen == "lost"
    assert health(beat=0.0, host="node7").seen == "lost"


@pytest.mark.parametrize(
    ("states", "well"),
    [
        ([], True),
        (["failed", "done"], True),
        (["done", "failed"], False),
        (["done", "lost"], False),
        (["lost", "skipped"], False),
        (["done", "cancelled"], True),
    ],
)
def test_is_well__the_last_run_decides(states: list[str], well: bool) -> None:
    lines = [Line(began=1.0, ended=2.0, state=state) for state in states]

    assert is_well(health(), lines) is well
    assert not is_well(health(born=1.0), lines)
