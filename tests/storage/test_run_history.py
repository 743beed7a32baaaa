"""Versions grouped by the run that published them, also those of earlier zpoints."""

from datetime import UTC, datetime, timedelta

import pytest

from zpoints.storage import StoreNotFoundError, Version
from zpoints.storage.errors import VersionError
from zpoints.storage.run_history import chosen_run, runs_of

START = datetime(2026, 11, 30, 3, tzinfo=UTC)


def version(number: int, minutes: float, seconds: object = 30.0, **facts: object) -> Version:
    """A version that was published some minutes after the start."""
    metadata = {"group": f"group{number}", "host": "node7", "duration": seconds, **facts}
    time = START + timedelta(minutes=minutes)
    return Version(f"V{number}", time, str(facts.get("stage", "train")), "message", metadata)


def test_runs_of__groups_by_the_named_run_or_by_pauses() -> None:
    versions = [
        version(0, 1),
        version(1, 2.5),
        version(2, 60),
        version(3, 61, stage="rollback", duration=None),
        version(4, 62, run="20261130-040100-ab12", title="small"),
        version(5, 63, run="20261130-040100-ab12", title="small"),
        version(6, 63.5, run="20261130-050000-cd12"),
        version(7, 64, host=["x"], duration="1", run={}, title=3),
    ]

    runs = runs_of(versions[::-1])

    assert [run.groups for run in runs[::-1]] == [
        ("group0", "group1"),
        ("group2",),
        ("group3",),
        ("group4", "group5"),
        ("group6",),
        ("group7",),
    ]
    named = runs[2]
    assert (named.id, named.title, named.seconds) == ("20261130-040100-ab12", "small", 90.0)
    assert runs[-1].began == START + timedelta(seconds=30)
    assert len({run.id for run in runs}) == len(runs)
    assert runs == runs_of(versions[::-1])


def test_chosen_run__takes_the_beginning_or_the_end_of_an_id() -> None:
    runs = runs_of(
        [version(2, 9, run="20261130-050000-cd12"), version(1, 2, run="20261130-040100-ab12")]
    )

    assert chosen_run(runs, "ab12", "store") is runs[1]
    assert chosen_run(runs, "20261130-05", "store") is runs[0]
    with pytest.raises(VersionError, match="2 runs of store begin or end with 12: 20261130-05"):
        chosen_run(runs, "12", "store")
    for absent in ("xy", ""):
        with pytest.raises(StoreNotFoundError, match="has no run"):
            chosen_run(runs, absent, "store")
