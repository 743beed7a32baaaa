"""Real inputs that several tests share: a small CelebA tree and a store made from it."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.stage_run import Worker
from zpoints.pipeline.synthesize import synthesize
from zpoints.storage import Store, open_store

SMALL = [
    "ingest.side=32",
    "ingest.chunk=32",
    "train.z_dim=112",
    "train.epochs=2",
    "train.batch=32",
    "encode.chunk=64",
    "sample.count=80",
    "sample.chunk=32",
    "sample.generators={uniform: {generator: uniform}, gaussian: {generator: gaussian}, "
    "ellipse: {generator: ellipse}}",
    "report.faces=8",
    "report.reconstructions=4",
    "report.scatter_points=100",
    "report.uniform_vectors=10000",
]
"""Overrides that make a whole run take seconds."""


WORKER = Worker(threads=2, memory=4 * 2**30, held=2**28)


class SilentConsole:
    """Keeps the lines that a run would print."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def bar(self, label: str, *, total: int, unit: str):

        return nullcontext(lambda done, note: None)


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 synthetic faces as a CelebA tree."""
    folder = tmp_path_factory.mktemp("faces")
    synthesize(folder / "tree", count=160, seed=1)
    return folder / "tree"


@pytest.fixture(scope="session")
def small_config(faces: Path) -> RunConfig:
    """A configuration whose whole run takes seconds."""
    return override(RunConfig(), [f"ingest.source={faces}", *SMALL])


@pytest.fixture(scope="session")
def small_root(small_config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Root of a store on which a whole run was done; tests leave it as it is."""
    root = str(tmp_path_factory.mktemp("small") / "store")
    run(small_config, root, console=SilentConsole(), title="small")
    return root


@pytest.fixture
def small_store(small_root: str) -> Store:
    """The store of the small run."""
    return open_store(small_root)
