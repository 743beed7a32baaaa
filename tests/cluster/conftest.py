"""Photographs that arrive on several nights, and the store after the first night."""

import shutil
from pathlib import Path

import pytest

from tests.cluster.slurm import slurm as slurm
from tests.conftest import SMALL, SilentConsole
from tests.shared import made_once
from tests.synthetic_faces import draw_faces
from zpoints.cluster.run import RunResult, run
from zpoints.pipeline.config.run import RunConfig, override

FIRST, MORE = 130, 45


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Working folder of a new user, without known stores."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs of all nights; tests do not write to them."""

    def draw(folder: Path) -> None:
        draw_faces(folder / "tree", count=FIRST + MORE, seed=3)

    return made_once(tmp_path_factory, "everything", draw) / "tree"


@pytest.fixture(scope="session")
def first_night(everything: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the photographs and the store of the first night, to be copied."""

    def make(home: Path) -> None:
        tree = home / "tree"
        shutil.copytree(everything, tree, ignore=shutil.ignore_patterns("img_align_celeba"))
        (tree / "img_align_celeba").mkdir()
        arrive(everything, tree, 0, FIRST)
        go(configured(tree), home / "store")

    return made_once(tmp_path_factory, "first-night", make)


@pytest.fixture
def tree(first_night: Path, tmp_path: Path) -> Path:
    """Photographs of the first night, with the annotations of all nights."""
    return Path(shutil.copytree(first_night / "tree", tmp_path / "tree"))


@pytest.fixture
def root(first_night: Path, tmp_path: Path) -> Path:
    """The store after the first night."""
    return Path(shutil.copytree(first_night / "store", tmp_path / "store"))


@pytest.fixture
def config(tree: Path) -> RunConfig:
    return configured(tree)


def configured(tree: Path) -> RunConfig:
    only = ["train.epochs=1", "sample.count=32"]
    return override(RunConfig(), [f"ingest.source={tree}", *SMALL, *only])


def arrive(everything: Path, home: Path, start: int, stop: int) -> list[str]:
    """Copy photographs ``start`` to ``stop`` into the tree; returns their names."""
    photographs = sorted((everything / "img_align_celeba").iterdir())[start:stop]
    for path in photographs:
        shutil.copy2(path, home / "img_align_celeba" / path.name)
    return [path.name for path in photographs]


def go(config: RunConfig, root: Path, until: str = "analyze") -> tuple[RunResult, list[str]]:
    console = SilentConsole()
    return run(config, str(root), console=console, title="t", until=until), console.lines


def done(result: RunResult) -> list[str]:
    """Groups that a run has computed."""
    return [outcome.target for outcome in result.outcomes if outcome.seconds is not None]


def chunk_files(root: Path) -> set[str]:
    return {path.name for path in (root / "chunks").iterdir()}
