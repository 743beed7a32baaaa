"""The pages of docs/ are built without a warning, and what they tell readers to type works."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cluster.cli.commands import zpoints
from tests.conftest import SMALL
from tests.project.imports import ROOT
from tests.project.pages import DOCS, FIRST_PAGES, blocks, command_lines, name_of, pages

README = ROOT / "README.md"
SERVES = ("explore",)
"""Commands that run until they are stopped; tests of their own start them."""
UNTIL = dict.fromkeys(("how-to/images.md", "how-to/query.md", "how-to/vectors.md"), "analyze")
"""The last stage of the runs of a page, if not ingest: tests of stages run the others."""
WITH_PYTHON = [page for page in pages() if blocks(page, "python")]


def new_commands() -> dict[Path, list[list[str]]]:
    """The commands of each page that no page before it has, and that run anywhere."""
    found: dict[Path, list[list[str]]] = {}
    known: list[list[str]] = []
    for page in [page for page in pages() if page not in FIRST_PAGES]:
        for block in [block for block in blocks(page, "sh") if not block.needs]:
            for line in command_lines(block.text):
                if line not in known and line[0] not in SERVES:
                    known.append(line)
                    found.setdefault(page, []).append(line)
    return found


@pytest.fixture(scope="module")
def runs(small_root: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that Python assumes: two stores in `runs`, to read."""
    folder = tmp_path_factory.mktemp("python")
    (folder / "runs").mkdir()
    for name in ("demo", "other"):
        (folder / "runs" / name).symlink_to(small_root)
    return folder


@pytest.fixture(scope="module")
def workplace(small_root: str, faces: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that commands assume, for all pages: stores, photographs, vectors, labels."""
    folder = tmp_path_factory.mktemp("pages")
    for name in ("demo", "other"):
        shutil.copytree(small_root, folder / "runs" / name)
    (folder / "CelebA").symlink_to(faces)
    (folder / "photos").symlink_to(faces / "img_align_celeba")
    names = sorted(path.name for path in (faces / "img_align_celeba").iterdir())
    vectors = np.random.default_rng(0).normal(size=(len(names), 112))
    np.save(folder / "vectors.npy", vectors.astype(np.float32))
    rows = [f"{name},{row % 2}" for row, name in enumerate(names)]
    (folder / "labels.csv").write_text("\n".join(["file,even", *rows]) + "\n")
    return folder


def small(page: Path, name: str) -> list[str]:
    """The options that make a command of a page take seconds; they come before its own."""
    settings = [option for setting in SMALL for option in ("--set", setting)]
    if name == "report":
        return settings[2 * next(i for i, it in enumerate(SMALL) if it.startswith("report.")) :]
    if name == "sweep":
        return [*settings, "--dry-run"]
    if name in ("run", "import"):
        return [*settings, "--until", UNTIL.get(name_of(page), "ingest")]
    return settings if name == "submit" else []


def run_blocks(page: Path) -> dict[str, Any]:
    """Run the Python of a page in order; the names that it leaves."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page, "python"):
        exec(block.text, names)
    return names


def test_readme__python_runs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)

    names = run_blocks(README)

    assert names["faces"].shape == (8, 32, 32, 3)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in WITH_PYTHON if p != README], ids=name_of)
def test_python_blocks__run(page: Path, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)

    run_blocks(page)


@pytest.mark.slow
@pytest.mark.parametrize("page", new_commands(), ids=name_of)
def test_commands__run(page: Path, workplace: Path) -> None:
    for block in blocks(page, "yaml"):
        first, _, text = block.text.partition("\n")
        if first.startswith("# ") and first.endswith(".yaml"):
            (workplace / first.removeprefix("# ")).write_text(text)
    for name, *arguments in new_commands()[page]:
        done = zpoints(name, *small(page, name), *arguments, folder=workplace)
        assert done.returncode == 0, (name, arguments, done.stdout, done.stderr)


@pytest.mark.slow
def test_documentation__is_built_without_warnings(tmp_path: Path) -> None:
    source = tmp_path / "project" / "docs"
    made = shutil.ignore_patterns("_build", "notebooks", "api", "__pycache__")
    shutil.copytree(DOCS, source, ignore=made)
    for name in ("examples", "tests", "CHANGELOG.md", "CONTRIBUTING.md"):
        (source.parent / name).symlink_to(ROOT / name)
    options = ["--fail-on-warning", "--keep-going", "--quiet"]
    command = [sys.executable, "-m", "sphinx", *options, str(source), str(tmp_path / "html")]

    done = subprocess.run(
        command, capture_output=True, text=True, timeout=600, env={**os.environ, "NO_COLOR": "1"}
    )

    assert (done.returncode, done.stderr) == (0, "")
    for name in ("index", "reference/configuration", "explanation/claims", "decisions/index"):
        assert (tmp_path / "html" / f"{name}.html").stat().st_size > 10_000
