"""What a shell shows of the command line: help, completion, and first looks at a store."""

import json
import os
import shlex
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from tests.cluster.cli.commands import ZPOINTS, zpoints
from zpoints.cluster.cli.main import app
from zpoints.cluster.cli.shell.commands import entries
from zpoints.cluster.cli.shell.completion import (
    complete_group,
    complete_setting,
    complete_version,
)
from zpoints.storage import open_store

COLUMNS = 80


def commands() -> dict[str, Any]:
    group: Any = get_command(app)
    return dict(group.commands)


def test_commands__each_is_in_a_panel_and_has_an_example_that_parses() -> None:
    found, known = commands(), {name: entry for _, name, entry in entries()}

    assert set(found) <= set(known)
    for name, command in found.items():
        typed = known[name].example.replace("\\\n", " ").split(" > ")[0]
        program, called, *arguments = shlex.split(typed)
        assert (program, called) == ("zpoints", name)
        command.make_context(name, arguments)


@pytest.mark.parametrize("command", [[], *([name] for name in sorted(commands()))])
def test_help__fits_a_terminal_and_ends_in_an_example(command: list[str], tmp_path: Path) -> None:
    lines = zpoints(*command, "--help", folder=tmp_path).stdout.rstrip().splitlines()

    assert max(map(len, lines)) <= COLUMNS
    assert "<bool>" not in "".join(lines)
    assert (not command) or any("Example:" in line for line in lines[-4:])


def test_version__names_the_program_first(tmp_path: Path) -> None:
    first, second = zpoints("--version", folder=tmp_path).stdout.splitlines()

    assert first == f"zpoints {version('zpoints')}"
    assert f"dask {version('dask')}" in second


def test_quiet__leaves_results_and_drops_progress(faces: Path, tmp_path: Path) -> None:
    plan = ["run", "demo", "--root", "new", "--set", f"ingest.source={faces}", "--dry-run"]

    usual, quiet = (zpoints(*plan, *more, folder=tmp_path).stdout for more in ([], ["-q"]))

    assert "CelebA format" in usual
    assert "CelebA format" not in quiet
    assert "images, model" in quiet


def test_completion__offers_stages_to_a_shell(tmp_path: Path) -> None:
    words = {"COMP_WORDS": "zpoints run demo --until s", "COMP_CWORD": "4"}

    done = subprocess.run(
        [str(ZPOINTS)],
        env={**os.environ, **words, "_ZPOINTS_COMPLETE": "complete_bash"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["structure", "sample", "sweep"]


def test_completion__knows_settings_groups_and_versions(small_root: str) -> None:
    command: Any = get_command(app)
    context = typer.Context(command, info_name="export")
    context.params = {"root": small_root}
    newest = open_store(small_root).version

    assert "train.epochs=" in dict(complete_setting("train.ep"))
    assert complete_group(context, "samples/e") == ["samples/ellipse"]
    assert newest in dict(complete_version(context, newest[:4]))
    context.params = {"root": f"{small_root}/absent"}
    assert complete_group(context, "") == complete_version(context, "") == []


def test_info__shows_what_a_store_holds_and_what_to_do(small_root: str, tmp_path: Path) -> None:
    shown = zpoints("info", small_root, folder=tmp_path)
    found = json.loads(zpoints("info", small_root, "--json", folder=tmp_path).stdout)

    assert shown.returncode == 0, shown.stderr
    for part in ("160 of 32 x 32 pixels", "160 of 112 components", "8 attributes", "case 1"):
        assert part in shown.stdout
    assert "3 groups: ellipse, gaussian, uniform" in shown.stdout
    assert shown.stdout.split("Next:")[1].split()[:2] == ["zpoints", "explore"]
    assert found["version"] == open_store(small_root).version
    assert found["bytes"] > sum(group["bytes"] for group in found["groups"]) / 10


def test_doctor__checks_installation_and_store(small_root: str, tmp_path: Path) -> None:
    done = zpoints("doctor", small_root, "--json", folder=tmp_path)

    checks = {check["name"]: check for check in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert {"zpoints", "libraries", "device", "memory", "caches", "store", "run"} <= set(checks)
    assert small_root in checks["store"]["found"]
    assert not [check for check in checks.values() if check["state"] == "fail"]
