"""``--json``: one document on standard output with the documented keys, all else on errors."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cluster.cli.commands import zpoints
from tests.cluster.users import a_job, written
from zpoints.cluster.jobs.record import Jobs
from zpoints.pipeline.config.run import RunConfig

RUN_KEYS = ["run", "title", "began", "ended", "seconds", "version", "versions"]
VERSION_KEYS = ["version", "time", "stage", "group", "rows", "seconds"]
VERSION_KEYS += ["seed", "fingerprint", "host", "libraries"]
JOB_KEYS = ["job", "root", "state", "note", "over", "title", "until"]
JOB_KEYS += ["submitted", "began", "ended", "seconds", "where"]


@pytest.fixture
def config(small_config: RunConfig, tmp_path: Path) -> Path:
    return written(small_config, tmp_path / "small.yaml", "sample.count=90")


def test_json__of_a_plan(config: Path, small_root: str, tmp_path: Path) -> None:
    command = ["run", config, "--root", small_root, "--dry-run"]

    done = zpoints(*command, "--json", folder=tmp_path)
    shown = zpoints(*command, folder=tmp_path)

    plan = json.loads(done.stdout)
    assert list(plan) == ["root", "up_to_date", "to_run", "results"]
    assert (plan["up_to_date"], plan["to_run"]) == (7, 7)
    made = {it["result"]: it["reason"] for it in plan["results"] if it["run"]}
    assert made["samples/gaussian"] == "sample.count: 80 -> 90"
    assert made["quality/gaussian"] == "new samples/gaussian"
    assert "CelebA format" in done.stderr
    rows = [line.split("  ") for line in shown.stdout.splitlines()]
    assert ["3 in samples/", "sample.count: 80 -> 90"] in [[*filter(None, row)] for row in rows]
    assert len(rows) < 12


def test_json__of_a_history(small_root: str, tmp_path: Path) -> None:
    done = zpoints("history", small_root, "--json", folder=tmp_path)
    listed = zpoints("history", small_root, folder=tmp_path).stdout.splitlines()

    (run,) = json.loads(done.stdout)["runs"]
    assert done.stderr == ""
    assert list(run) == RUN_KEYS
    assert run["title"] == "small"
    assert {tuple(version) for version in run["versions"]} == {tuple(VERSION_KEYS)}
    assert run["versions"][-1]["group"] == "images"
    head, row = listed
    assert head.split() == ["run", "ended", "(UTC)", "took", "version", "made"]
    assert row.split()[0] == run["run"][-4:]
    assert "images, model, latents, statistics, structure, 3 in samples/" in row
    expanded = zpoints("history", small_root, run["run"][-4:], folder=tmp_path).stdout
    assert len(expanded.splitlines()) == 1 + len(run["versions"])


def test_json__of_jobs_and_their_abbreviated_ids(small_root: str, tmp_path: Path) -> None:
    root = shutil.copytree(small_root, str(tmp_path / "store"))
    for id_ in ("20261122-000000-abcd", "20261123-000000-abce", "20261123-000000-ffff"):
        Jobs(root).add(a_job(id=id_, state="done", began=1.0, ended=3.5))

    listed = json.loads(zpoints("jobs", root, "--json", folder=tmp_path).stdout)["jobs"]
    by_end = zpoints("wait", "abcd", "--root", root, folder=tmp_path)
    by_beginning = zpoints("wait", "20261122", "--root", root, folder=tmp_path)
    several = zpoints("wait", "20261123", "--root", root, folder=tmp_path)
    none = zpoints("logs", "", "--root", root, folder=tmp_path)

    assert [list(job) for job in listed] == 3 * [JOB_KEYS]
    assert [listed[0][key] for key in ("began", "seconds", "over")] == [
        "1970-01-01T00:00:01+00:00",
        2.5,
        True,
    ]
    for found in (by_end, by_beginning):
        assert (found.returncode, found.stdout) == (0, "20261122-000000-abcd done\n")
    assert (several.returncode, several.stdout) == (2, "")
    assert "2 jobs begin or end with 20261123: 20261123-000000-abce, 2026" in several.stderr
    assert none.returncode != 0
    assert "has no job (empty)" in none.stderr


def test_json__of_a_verification(small_root: str, tmp_path: Path) -> None:
    root = shutil.copytree(small_root, tmp_path / "store")
    sound = zpoints("verify", root, "--json", folder=tmp_path)
    max((root / "chunks").iterdir(), key=lambda path: path.stat().st_size).unlink()

    damaged = zpoints("verify", root, "--json", folder=tmp_path)
    shown = zpoints("verify", root, folder=tmp_path).stdout.splitlines()

    first, second = json.loads(sound.stdout), json.loads(damaged.stdout)
    assert (first["ok"], first["faults"], first["findings"]) == (True, 0, [])
    assert (sound.returncode, damaged.returncode) == (0, 4)
    assert list(second) == ["ok", "version", "chunks", "bytes", "sample", "faults", "findings"]
    assert second["findings"][0]["kind"] == "damage"
    assert shown[0].startswith(f"{second['faults']} fault")
    assert shown[-1].startswith("Roll back to an older version")


def test_json__is_refused_for_a_run(config: Path, tmp_path: Path) -> None:
    done = zpoints("run", config, "--json", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "add --dry-run" in " ".join(done.stderr.replace("│", " ").split())
