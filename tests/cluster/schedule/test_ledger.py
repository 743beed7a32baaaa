"""Health and runs of a schedule, as recorded in the store's root."""

import json
import platform
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cluster.cli.commands import zpoints
from tests.s3 import new_bucket
from tests.s3_proxy import failing_at
from zpoints.cluster.schedule.ledger import (
    Health,
    Ledger,
    RunRecord,
    TakenOverError,
    is_well,
    ledgers,
)
from zpoints.storage import StoreLockedError, open_repository
from zpoints.storage.backend.blobs import Blobs

JOB = "20261122-000000-abcd"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_repository(tmp_path / "store").root, "nightly")


def health(**facts: object) -> Health:
    """A heartbeat, by default of this process and time."""
    me = psutil.Process()
    here = {"host": platform.node(), "pid": me.pid, "born": me.create_time(), "beat": time.time()}
    plain = {"state": "waiting", "cron": "0 3 * * *", "following": None}
    return Health(**{**plain, **here, **facts})  # type: ignore[arg-type]


def test_ledger__one_process_holds_a_schedule_until_it_is_silent_or_stopped(
    ledger: Ledger,
) -> None:
    there = {"host": "node7", "pid": 4, "born": 1.0}
    silent, lively = health(**there, beat=time.time() - 1000, job=JOB), health(**there)
    other = health(host="node8")
    assert ledger.claim(silent) is None
    ledger.heartbeat(silent)
    assert ledger.claim(lively) == silent
    assert ledger.health() == replace(lively, job=JOB)

    with pytest.raises(StoreLockedError, match="schedule nightly already: process 4 on node7"):
        ledger.claim(other)
    ledger.heartbeat(replace(lively, state="stopped"))
    ledger.claim(other)
    with pytest.raises(TakenOverError, match="Another process has taken over"):
        ledger.heartbeat(lively)
    assert ledger.health() == other


def test_claim__one_of_several_at_once_succeeds(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, read = threading.Barrier(4), Blobs.read

    def with_the_others(blobs: Blobs, name: str) -> tuple[bytes, str | None] | None:
        found = read(blobs, name)
        if found is None:
            together.wait(timeout=30)  # nobody writes before all have read
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
@pytest.mark.parametrize("before", [None, health(host="node7", beat=0.0, job=JOB)])
def test_claim__succeeds_if_only_the_response_is_lost(before: Health | None, s3: Any) -> None:
    bucket = new_bucket(s3)
    root = f"s3://{bucket}/claimed"
    if before is not None:
        Ledger(root, "nightly").claim(before)
        Ledger(root, "nightly").heartbeat(before)
    mine, request = health(), f"PUT /{bucket}/claimed/schedules/nightly/health"
    with failing_at(request.encode(), "lost response") as proxy:
        found = Ledger(root, "nightly").claim(mine)
    last = Ledger(root, "nightly").health()

    assert proxy.failed.is_set()
    assert found == before
    assert last == replace(mine, job=JOB if before else "")


@pytest.mark.services
def test_add__a_run_is_recorded_once_if_the_response_is_lost(s3: Any) -> None:
    run, bucket = RunRecord(began=1.0, ended=2.0, state="done"), new_bucket(s3)
    with failing_at(
        f"PUT /{bucket}/added/schedules/nightly/runs".encode(), "lost response"
    ) as proxy:
        Ledger(f"s3://{bucket}/added", "nightly").add(run)
    runs = Ledger(f"s3://{bucket}/added", "nightly").runs()

    assert proxy.failed.is_set()
    assert runs == [run]


def test_add__two_processes_at_once_erase_no_run(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, read, met = threading.Barrier(2), Blobs.read, threading.local()

    def with_the_other(blobs: Blobs, name: str) -> tuple[bytes, str | None] | None:
        found = read(blobs, name)
        if not hasattr(met, "once"):
            met.once = together.wait(timeout=30)  # nobody writes before both have read
        return found

    runs = [RunRecord(began=float(i), ended=9.0, state="done") for i in range(2)]
    ledger.add(RunRecord(began=-1.0, ended=0.0, state="done"))
    with monkeypatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(Blobs, "read", with_the_other)
        list(pool.map(lambda run: Ledger(ledger.root, "nightly").add(run), runs))

    assert sorted(run.began for run in ledger.runs()) == [-1.0, 0.0, 1.0]


def test_health__a_silent_process_that_lives_on_this_machine_is_not_lost() -> None:
    assert health(beat=0.0).seen == "waiting"
    assert health(beat=0.0, born=1.0).seen == "lost"
    assert health(beat=0.0, host="node7").seen == "lost"


def health_with(**changes: object) -> bytes:
    """A heartbeat with other values."""
    return json.dumps({**asdict(health(host="node7")), **changes}).encode()


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
    runs = [RunRecord(began=1.0, ended=2.0, state=state) for state in states]

    assert is_well(health(), runs) is well
    assert not is_well(health(born=1.0), runs)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        b'{"state": "running", "host": "node7"}',
        health_with(pid="7"),
        health_with(beat=1e300),
        health_with(beat=float("nan")),
        health_with(job="../../x"),
        health_with(job="--all"),
        health_with(state="asleep"),
        health_with(colour="red"),
    ],
)
def test_ledger__a_damaged_heartbeat_is_reported_and_can_be_claimed(
    content: bytes, ledger: Ledger, tmp_path: Path
) -> None:
    path = Path(ledger.root, "schedules", "nightly", "health.json")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)

    shown = zpoints("schedule", "--status", "store", folder=tmp_path)
    faults = ledger.faults()

    assert ledger.health() is None
    assert len(faults) == (content != b"")
    assert (shown.returncode, shown.stderr) == (1, "")
    assert shown.stdout.count("health.json is damaged") == len(faults)
    assert ledger.claim(health()) is None
    assert ledger.health() is not None


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"null",
        b'{"began": "x", "ended": 2.0, "state": "done"}',
        b'{"began": 1e300, "ended": 2.0, "state": "done"}',
        b'{"began": 1.0, "ended": 2.0, "state": "done", "job": "-rf"}',
        b'{"began": 1.0, "ended": 2.0, "state": "splendid"}',
    ],
)
def test_ledger__a_damaged_run_is_one_line_among_the_others(
    line: bytes, ledger: Ledger, tmp_path: Path
) -> None:
    ledger.claim(health(state="stopped"))
    ledger.add(RunRecord(began=1.0, ended=2.0, state="done", note="a\x1b[2J\nnote"))
    path = Path(ledger.root, "schedules", "nightly", "runs.jsonl")
    path.write_bytes(line + b"\n" + path.read_bytes())
    ledger.add(RunRecord(began=3.0, ended=4.0, state="done"))

    shown = zpoints("schedule", "--status", "store", folder=tmp_path)

    assert [run.began for run in ledger.runs()] == [1.0, 3.0]
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "Line 1 of" in shown.stdout
    assert "a note" in shown.stdout


@pytest.mark.parametrize("name", ["health.json", "runs.jsonl"])
@pytest.mark.parametrize("target", ["itself", "/etc/hostname"])
def test_status__a_record_that_cannot_be_read_hides_no_other_schedule(
    name: str, target: str, ledger: Ledger, tmp_path: Path
) -> None:
    Ledger(ledger.root, "weekly").claim(health(cron="0 4 * * 0"))
    ledger.claim(health())
    record = Path(ledger.root, "schedules", "nightly", name)
    record.unlink(missing_ok=True)
    record.symlink_to(name if target == "itself" else target)

    shown = zpoints("schedule", "--status", ledger.root, folder=tmp_path)

    assert (shown.returncode, shown.stderr) == (1, "")
    assert "0 4 * * 0" in shown.stdout
    assert shown.stdout.count("damaged: ") == 1
    assert name in shown.stdout


@pytest.mark.parametrize("file", [None, ".DS_Store", "zarr.json"])
def test_ledgers__a_folder_of_another_program_is_no_schedule(
    file: str | None, ledger: Ledger
) -> None:
    ledger.claim(health())
    folder = Path(ledger.root, "schedules", "@eaDir")
    folder.mkdir()
    if file:
        (folder / file).write_text("{}")

    assert [it.name for it in ledgers(ledger.root)] == ["nightly"]
