"""Records in a store are data of unknown origin: validated, and one line among the others."""

import json
import os
import random
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.cluster.cli.commands import zpoints
from tests.cluster.users import a_job
from tests.s3 import new_bucket
from zpoints.cluster.jobs.job import Heartbeat, Job, output_file, parse_heartbeat, parse_job
from zpoints.cluster.jobs.known_roots import remember
from zpoints.cluster.jobs.log import PIECE, JobLog, unsaved_output
from zpoints.cluster.jobs.record import Jobs
from zpoints.cluster.schedule.ledger import Health, RunRecord
from zpoints.storage import open_repository
from zpoints.storage.backend.record import parse_record
from zpoints.storage.errors import DamagedRecordError

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]")
SECRET = "the reader's own secret"


@pytest.fixture
def jobs(folder: Path) -> Jobs:
    """A store with one job that has ended."""
    jobs = Jobs(open_repository(folder / "store").root)
    jobs.add(a_job(state="done", began=1.0, ended=2.0, title="sound"))
    return jobs


def stored(jobs: Jobs, content: bytes, name: str = "job.json", **facts: object) -> Job:
    """A job with a part of its record replaced."""
    job = a_job(**facts)
    jobs.add(job)
    Path(jobs.root, "jobs", job.id, name).write_bytes(content)
    return job


def record(job: Job, **changes: object) -> bytes:
    return json.dumps({**asdict(job), **changes}).encode()


BIG = 10**400
CHANGES = [
    pytest.param({"output": "{secret}"}, "output", id="a file of the reader"),
    pytest.param({"output": "/tmp/../{secret}"}, "output", id="a path with dots"),
    pytest.param({"output": "zpoints-{id}.log"}, "output", id="a relative path"),
    pytest.param({"output": "/tmp/x/../zpoints-{id}.log"}, "output", id="not the shortest path"),
    pytest.param({"output": 3}, "output", id="a number as output"),
    pytest.param({"batch": "--user=root"}, "batch", id="an option as number"),
    pytest.param({"batch": "17 18"}, "batch", id="two numbers"),
    pytest.param({"batch": "17\n"}, "batch", id="a number with a newline"),
    pytest.param({"batch": 17}, "batch", id="a number that is not text"),
    pytest.param({"batch": "17", "batch_cluster": "-x"}, "batch_cluster", id="a cluster's option"),
    pytest.param({"pid": -1}, "pid", id="a negative process"),
    pytest.param({"pid": BIG}, "pid", id="a huge process"),
    pytest.param({"pid": True}, "pid", id="a process that is true"),
    pytest.param({"submitted": "now"}, "submitted", id="a time as text"),
    pytest.param({"submitted": 1e300}, "submitted", id="a time after the year 3000"),
    pytest.param({"ended": float("nan")}, "ended", id="a time that is not a number"),
    pytest.param({"ended": float("inf")}, "ended", id="a time without end"),
    pytest.param({"state": "paused"}, "state", id="an unknown state"),
    pytest.param({"id": "20261122-000000-0000"}, "its job is", id="another job"),
    pytest.param({"config": []}, "config", id="a list as configuration"),
    pytest.param({"command": "rm"}, "command", id="an unknown field"),
    pytest.param({"title": None}, "title", id="no title"),
]
CONTENTS = [
    pytest.param(b"", id="empty"),
    pytest.param(b'{"id": "2026', id="cut"),
    pytest.param(b"[]", id="a list"),
    pytest.param(b"null", id="null"),
    pytest.param(b"\xff\xfe\x00", id="binary"),
    pytest.param(b"[" * 100_000, id="nested"),
    pytest.param(b'{"version": 2}', id="foreign"),
]


@pytest.mark.parametrize(("changes", "fault"), CHANGES)
def test_jobs__a_record_with_wrong_values_is_one_line_among_the_others(
    changes: dict[str, Any], fault: str, jobs: Jobs, folder: Path
) -> None:
    secret = folder / "secret"
    secret.write_text(SECRET)
    job = a_job(state="failed", began=1.0, ended=2.0)
    known = {"secret": secret, "id": job.id}
    changes = {k: v.format(**known) if isinstance(v, str) else v for k, v in changes.items()}
    jobs.add(job)
    Path(jobs.root, "jobs", job.id, "job.json").write_bytes(record(job, **changes))

    listed = zpoints("jobs", "store", folder=folder)
    others = [zpoints(c, job.id, "--root", "store", folder=folder) for c in COMMANDS]

    assert (listed.returncode, listed.stderr) == (0, "")
    assert "sound" in listed.stdout
    assert f"{job.id}  damaged" in listed.stdout
    for done in others:
        assert (done.returncode, done.stdout) == (1, "")
        assert "job.json is damaged" in done.stderr
        assert fault in done.stderr
        assert SECRET not in done.stderr


COMMANDS = ("logs", "wait", "cancel")


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", ["job.json", "beat.json"])
def test_jobs__a_record_that_is_anything_else_is_one_line_among_the_others(
    content: bytes, name: str, jobs: Jobs, folder: Path
) -> None:
    job = stored(jobs, content, name, state="running", host="node7", pid=4, born=1.0)

    listed = zpoints("jobs", "store", folder=folder)
    shown = zpoints("logs", job.id, "--root", "store", folder=folder)

    assert (listed.returncode, listed.stderr) == (0, "")
    assert "sound" in listed.stdout
    assert f"{job.id}  damaged" in listed.stdout
    assert shown.returncode == 1
    assert f"{name} is damaged" in shown.stderr


@pytest.mark.parametrize("name", ["job.json", "beat.json"])
def test_jobs__a_record_that_cannot_be_read_is_one_line_among_the_others(
    name: str, jobs: Jobs, folder: Path
) -> None:
    job = stored(jobs, b"", name, state="running", host="node7", pid=4, born=1.0)
    record_file = Path(jobs.root, "jobs", job.id, name)
    record_file.unlink()
    record_file.symlink_to(name)  # fails for every user, as another's file does without permission

    listed = zpoints("jobs", "store", folder=folder)

    assert (listed.returncode, listed.stderr) == (0, "")
    assert "sound" in listed.stdout
    assert f"{job.id}  damaged" in listed.stdout
    shown = "".join(listed.stdout.split())  # the table breaks long paths
    assert "".join(f"{name} cannot be read or written".split()) in shown
    assert "Debug source" not in listed.stdout


def test_logs__of_a_damaged_record_in_a_known_store_name_it(jobs: Jobs, folder: Path) -> None:
    job = stored(jobs, b"{")
    remember(jobs.root)

    done = zpoints("logs", job.id, folder=folder)

    assert (done.returncode, done.stdout) == (1, "")
    assert "job.json is damaged" in done.stderr


def test_logs__follow_no_link(jobs: Jobs, folder: Path, tmp_path: Path) -> None:
    secret = folder / "secret"
    secret.write_text(SECRET)
    link, pipe, second = (Path(output_file(str(folder), a_job().id)) for _ in range(3))
    link.symlink_to(secret)
    os.mkfifo(pipe)
    second.hardlink_to(secret)
    job = a_job(state="failed", began=1.0, ended=2.0)
    jobs.add(job)
    log = Path(jobs.root, "jobs", job.id, "log")
    log.mkdir()
    (log / "000000").symlink_to(secret)

    shown = zpoints("logs", job.id, "--root", "store", folder=folder)

    assert [unsaved_output(path, 0) for path in (link, pipe, second)] == [None, None, None]
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "that leads out of" in shown.stderr


def test_log__a_piece_that_is_too_long_or_missing_ends_it(jobs: Jobs) -> None:
    job = stored(jobs, b"x" * (PIECE + 5), "job.json")
    log = Path(jobs.root, "jobs", job.id, "log")
    log.mkdir()
    (log / "000000").write_bytes(b"a" * (PIECE + 5))
    (log / "000001").write_bytes(b"b")
    (log / "000002").write_bytes(b"c")

    assert JobLog(jobs.root, job.id).read() == b"a" * PIECE + b"b"


@pytest.mark.parametrize(
    ("name", "lines"),
    [("stranger", 1), (".snapshot\u202e", 1), ("\x1b[31mred", 0), ("a\nb", 0), ("\udcff", 0)],
)
def test_jobs__a_folder_with_another_name_hides_no_job(
    name: str, lines: int, jobs: Jobs, folder: Path
) -> None:
    home = Path(jobs.root, "jobs", name)
    home.mkdir()
    (home / "job.json").write_bytes(record(a_job()))

    listed = zpoints("jobs", "store", folder=folder)

    assert (listed.returncode, listed.stderr) == (0, "")
    assert "sound" in listed.stdout
    assert listed.stdout.count("  damaged  ") == lines
    assert not CONTROL.search(listed.stdout.replace("\n", ""))


def test_jobs__an_irregular_key_in_a_bucket_hides_no_job(s3: Any) -> None:
    bucket = new_bucket(s3)
    jobs = Jobs(open_repository(f"s3://{bucket}/store").root)
    job = a_job(state="done", began=1.0, ended=2.0)
    jobs.add(job)
    s3.put_object(Bucket=bucket, Key="store/jobs//stranger", Body=b"x")

    assert [status.job.id for status in jobs.all()] == [job.id]


VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 17, 2.5, 1e300, BIG, float("nan"), float("-inf"), [], {}, [[{}]]),
    *("", "17", "--all", "../../x", "\x1b[2J\u202e", "a\nb\x9b", "\ud800", "x" * 10_000),
)
JOB = a_job(state="running", pid=7, born=1.0, batch="17", host="node7")
RECORDS: dict[str, tuple[Any, Callable[[bytes], Any], tuple[str, ...]]] = {
    "job": (
        JOB,
        lambda content: parse_job(content, JOB.id, "job.json"),
        ("title", "reason", "host", "until", "where"),
    ),
    "heartbeat": (
        Heartbeat(time=1.0, doing="train"),
        lambda content: parse_heartbeat(content, "beat.json"),
        ("doing",),
    ),
    "health": (
        Health(
            state="running", cron="0 3", host="h", pid=7, born=1.0, beat=1.0, following=2.0, job=""
        ),
        lambda content: parse_record(TypeAdapter(Health), content, "health.json"),
        ("state", "cron", "host", "job"),
    ),
    "run": (
        RunRecord(began=1.0, ended=2.0, state="done", note="a note"),
        lambda content: parse_record(TypeAdapter(RunRecord), content, "runs.jsonl"),
        ("state", "job", "note"),
    ),
}
"""A sound record, the function that reads it, and its fields that are printed."""


def mutated(sound: Any, rng: random.Random) -> bytes:
    """A record with other values, without a field or with one more, cut, or with other bytes."""
    facts = asdict(sound)
    for name in rng.sample([*facts, "other"], rng.randint(0, 2)):
        facts[name] = rng.choice(VALUES)
    if rng.random() < 0.1:
        del facts[rng.choice(list(facts))]
    content = bytearray(json.dumps(facts).encode())
    if rng.random() < 0.2:
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content[: rng.randrange(len(content)) if rng.random() < 0.1 else None])


@pytest.mark.parametrize("kind", RECORDS)
def test_parse__2500_mutated_records_are_sound_or_damaged(kind: str) -> None:
    sound, parse, printed = RECORDS[kind]
    rng, damaged = random.Random(kind), 0

    for _ in range(2_500):
        content = mutated(sound, rng)
        try:
            found = parse(content)
            texts = [getattr(found, name) for name in printed]
        except DamagedRecordError as error:
            damaged += 1
            texts = [str(error)]
        assert not CONTROL.search("".join(texts)), content

    assert 250 < damaged < 2_250
