"""What a release and the pages of the project on GitHub name agrees with the project."""

import re
import tomllib
from typing import Any

import pytest
import yaml

from tests.project.imports import ROOT

GITHUB = ROOT / ".github"
DATED = re.compile(r"^## \[?(\d+\.\d+\.\d+)\]? — (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def test_citation__is_that_of_the_newest_release() -> None:
    citation = read("CITATION.cff")
    newest = DATED.findall((ROOT / "CHANGELOG.md").read_text())[0]

    assert (citation["version"], citation["date-released"]) == newest


def test_changelog__has_a_place_for_the_next_change() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert headings[0] == "Unreleased"


@pytest.mark.skipif(not GITHUB.exists(), reason="needs the repository")
def test_workflows__read_only_and_run_what_contributors_run() -> None:
    workflows = [yaml.safe_load(path.read_text()) for path in GITHUB.glob("workflows/*.yml")]
    jobs = [job for workflow in workflows for job in workflow["jobs"].values()]
    steps = [step for job in jobs for step in job["steps"]]
    matrix = read(".github/workflows/tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["include"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    targets = re.findall(r"^([a-z-]+)(?= |:)", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert all(workflow["permissions"] == {"contents": "read"} for workflow in workflows)
    assert all(re.fullmatch(r"[\w/-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    assert matrix[0] == {
        "python": project["requires-python"].removeprefix(">="),
        "command": ".ci/run",
    }
    commands = [row["command"] for row in matrix[1:]]
    commands += [s["run"] for s in steps if s.get("run", "").startswith("make")]
    assert all(set(command.split()[1:]) <= set(targets) for command in commands)


@pytest.mark.skipif(not GITHUB.exists(), reason="needs the repository")
def test_forms__ask_for_what_a_report_needs() -> None:
    bug = read(".github/ISSUE_TEMPLATE/bug.yml")
    required = {
        field["id"]: field["attributes"]["label"]
        for field in bug["body"]
        if field.get("validations", {}).get("required")
    }

    assert "zpoints doctor" in required["doctor"]
    assert required["command"].startswith("Command")
