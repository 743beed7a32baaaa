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
RUNS = ("run", "sweep", "import", "submit")
"""Commands that compute: they get the settings that make a run take seconds."""
SERVES = ("explore",)
"""Commands that run until they are stopped; tests of their own start them."""
WHOLE = "how-to/images.md"
"""The page whose run goes through all stages; those of the others end before vectors are drawn."""
WITH_PYTHON = [page for page in pages() if blocks(page, "python")]
WITH_SHELL = [
    page
    for page in pages()
    if page not in FIRST_PAGES
    if any(list(command_lines(b.text)) for b in blocks(page, "sh") if not b.needs)
]


@pytest.fixture
def runs(small_root: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that pages assume: two stores in `runs`, to read."""
    (tmp_path / "runs").mkdir()
    for name in ("demo", "other"):
        (tmp_path / "runs" / name).symlink_to(small_root)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def workplace(small_root: str, faces: Path, tmp_path: Path) -> Path:
    """The same with stores to write to, photographs, vectors and a table of labels."""
    for name in ("demo", "other"):
        shutil.copytree(small_root, tmp_path / "runs" / name)
    (tmp_path / "CelebA").symlink_to(faces)
    (tmp_path / "photos").symlink_to(faces / "img_align_celeba")
    names = sorted(path.name for path in (faces / "img_align_celeba").iterdir())
    vectors = np.random.default_rng(0).normal(size=(len(names), 112))
    np.save(tmp_path / "vectors.npy", vectors.astype(np.float32))
    rows = [f"{name},{row % 2}" for row, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,even", *rows]) + "\n")
    return tmp_path


def run_blocks(page: Path) -> dict[str, Any]:
    """Run the Python of a page in order; the names that it leaves."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(page, "python"):
        exec(block.text, names)
    return names


def test_readme__python_runs(runs: Path) -> None:
    names = run_blocks(README)

    assert names["faces"].shape == (8, 32, 32, 3)


@pytest.mark.slow
@pytest.mark.parametrize("page", [p for p in WITH_PYTHON if p != README], ids=name_of)
def test_python_blocks__run(page: Path, runs: Path) -> None:
    run_blocks(page)


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_SHELL, ids=name_of)
def test_commands__run(page: Path, workplace: Path) -> None:
    for block in blocks(page, "yaml"):
        first, _, text = block.text.partition("\n")
        if first.startswith("# ") and first.endswith(".yaml"):
            (workplace / first.removeprefix("# ")).write_text(text)
    small = [option for setting in SMALL for option in ("--set", setting)]
    until = [] if name_of(page) == WHOLE else ["--until", "analyze"]
    for block in blocks(page, "sh"):
        if block.needs:
            continue
        for name, *arguments in command_lines(block.text):
            if name in SERVES:
                continue
            options = (small if name in RUNS else []) + (until if name in ("run", "import") else [])
            done = zpoints(name, *options, *arguments, folder=workplace)
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
