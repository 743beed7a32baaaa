"""Terminals that cannot show every character, and text that a terminal would obey."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cli.commands import ZPOINTS, zpoints, zpoints_process
from tests.cluster.users import a_job, written
from zpoints.cluster.jobs.log import JobLog
from zpoints.cluster.jobs.record import Jobs
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import open_store
from zpoints.storage.errors import PathError

NO_PATHS = ("run", "submit", "config", "history", "verify", "--help")
"""Commands that print no path, or not each time."""
ENDED = {"began": 1.0, "ended": 2.0, "reason": "Jörg hat es beendet", "title": "Gesichter für Jörg"}


@pytest.fixture
def home(small_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose name is not ASCII, with a store, a job and its log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    home = tmp_path / "Jörg"
    root = shutil.copytree(small_root, str(home / "store"))
    job = a_job(id="20261122-000000-abcd", state="failed", **ENDED)
    Jobs(root).add(job)
    (home / "log").write_text("Gesichter für Jörg\n")
    JobLog(root, job.id).save(home / "log")
    return home


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["run", "{home}/small.yaml", "--root", "{home}/store"], 0),
        (["run", "{home}/small.yaml", "--root", "{home}/store", "--dry-run"], 0),
        (["run", "{home}/absent.yaml"], 2),
        (["run", "demo", "--set", "ingest.source={home}/absent"], 2),
        (["history", "{home}/store", "--verbose"], 0),
        (["history", "{home}/absent"], 2),
        (["rollback", "{home}/store", "absent"], 2),
        (["diff", "{home}/store", "absent"], 2),
        (["verify", "{home}/store"], 0),
        (["export", "{home}/store", "statistics", "{home}/out"], 0),
        (["synthesize", "{home}/faces", "--count", "1"], 0),
        (["config", "demo", "--set", "ingest.source={home}"], 0),
        (["submit", "demo", "--root", "{home}/store"], 2),
        (["jobs", "{home}/store"], 0),
        (["jobs", "{home}/absent"], 2),
        (["logs", "20261122-000000-abcd", "--root", "{home}/store"], 0),
        (["wait", "20261122-000000-abcd", "--root", "{home}/store"], 1),
        (["cancel", "20261122-000000-abcd", "--root", "{home}/store"], 1),
        (["schedule", "--status", "{home}/store"], 0),
        (["schedule", "demo", "--cron", "Jörg"], 2),
        (["--help"], 0),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_command__replaces_what_the_terminal_cannot_show(
    command: list[str], code: int, home: Path, small_config: RunConfig
) -> None:
    written(small_config, home / "small.yaml")

    done = zpoints(*(it.format(home=home) for it in command), folder=home, encoding="ascii")

    assert done.returncode == code, done.stderr
    shown = done.stdout + done.stderr
    assert shown.isascii()
    assert "Traceback" not in shown
    assert "J?rg" in shown or command[0] in NO_PATHS


@pytest.mark.parametrize("kind", ["systemd", "cron", "slurm", "kubernetes"])
def test_print__a_unit_is_utf_8_whatever_the_terminal_is(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "Jörg"
    folder.mkdir()
    command = ["schedule", "demo", "--cron", "0 3 * * *", "--root", "x", "--print", kind]
    source = ["--set", "ingest.source=faces"]

    plain = zpoints(*command, *source, folder=folder)
    ascii_ = zpoints(*command, *source, folder=folder, encoding="ascii")

    assert (ascii_.returncode, ascii_.stdout) == (0, plain.stdout)
    assert ("Jörg" in plain.stdout) == (kind != "kubernetes")  # YAML escapes it


@pytest.mark.services
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1", "TERM": "dumb"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "TERM": "dumb", "COLUMNS": "20"},
        {},
    ],
    ids=str,
)
def test_process__has_no_traceback_in_any_locale(environment: dict[str, str], home: Path) -> None:
    variables = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}

    def call(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(ZPOINTS), *arguments],
            cwd=home,
            env={**variables, **environment},
            capture_output=True,
            check=False,
        )

    for arguments in (
        ["jobs", f"{home}/store"],
        ["history", "absent"],
    ):
        done = call(*arguments)
        assert b"Traceback" not in done.stderr + done.stdout, done.stderr.decode()
        assert done.returncode in (0, 2)


@pytest.mark.services
def test_process__works_without_standard_output(home: Path) -> None:
    closed = ("sh", "-c", 'exec "$@" >&-', "sh")

    listed = zpoints_process("jobs", "store", folder=home, shell=closed)
    absent = zpoints_process("jobs", "absent", folder=home, shell=closed)

    assert (listed.returncode, listed.stderr) == (0, "")
    assert (absent.returncode, len(absent.stderr.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a \x1b[31mred\x1b[0m title", "a red title"),
        ("\x1b]0;owned\x07title", "title"),
        ("title\rforged", "titleforged"),
        ("two\nlines", "two lines"),
        ("c1 \x9b2J", "c1 2J"),
        ("abc\u202edcba", "abcdcba"),
        (":smile: [red]x[/red]", ":smile: [red]x[/red]"),
    ],
)
def test_jobs__shows_text_without_what_a_terminal_obeys(text: str, shown: str, home: Path) -> None:
    jobs = Jobs(str(home / "store"))
    jobs.add(a_job(state="failed", **{**ENDED, "title": text, "reason": text}))

    listed = zpoints("jobs", home / "store", folder=home).stdout

    assert listed.splitlines()[-1].count(shown) == 2


def test_logs__shows_text_without_what_a_terminal_obeys(home: Path) -> None:
    job = a_job(state="failed", **ENDED)
    Jobs(str(home / "store")).add(job)
    (home / "log").write_bytes(b"one\x1b[2J\ttwo\nthree \xff\n")
    JobLog(str(home / "store"), job.id).save(home / "log")

    shown = zpoints("logs", job.id, "--root", home / "store", folder=home).stdout

    assert shown == "one\ttwo\nthree \ufffd\n"


@pytest.mark.parametrize("name", [b"J\xf6rg", b"\xff"])
def test_open_store__refuses_a_path_that_is_not_utf_8(name: bytes, tmp_path: Path) -> None:
    root: Any = os.path.join(tmp_path, os.fsdecode(name))

    with pytest.raises(PathError, match=r"is not UTF-8 here.*PYTHONUTF8=1"):
        open_store(root)
