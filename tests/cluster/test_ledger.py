"""What a schedule leaves in the root: whether it lives, and who may keep it."""

import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from cluster.ledger import Health, Ledger, Line, TakenOverError, is_well
from storage import StoreLockedError, open_repository
from storage.blobs import Blobs


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
