"""Real inputs that several tests share: a small CelebA tree and a store made from it."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Generator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

# Read when the libraries below are loaded: one thread each, here and in child processes, since the
# test run has a worker for each core.
os.environ.update(
    OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", NUMBA_NUM_THREADS="1"
)

import hypothesis
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.browser import browser as browser
from tests.clouds import az as az
from tests.clouds import gs as gs
from tests.s3 import bucket_server as bucket_server
from tests.s3 import s3 as s3
from tests.shared import made_once
from tests.synthetic_faces import draw_faces
from tests.time_limit import pytest_runtest_call as pytest_runtest_call
from zpoints.cluster.garbage import collect_rarely
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.stage_run import Worker
from zpoints.storage import Store, open_store

# A property is tried many times; `tests.time_limit` bounds the test as a whole.
hypothesis.settings.register_profile("zpoints", deadline=None)
hypothesis.settings.load_profile("zpoints")

SLURM_FILE = "test_slurm.py"
"""Name of the files whose tests share a Slurm, which starts once per worker."""

LONGEST_FILES = (
    *("test_recovery", "test_notebooks", "test_bucket", "test_homeless", "test_faulty_server"),
    *("test_slurm", "test_interruption", "test_runs", "test_existing_scheduler", "test_daemon"),
    *("test_pages_run", "test_packaging", "test_growth", "test_launch_on_worker", "test_hosts"),
    *("test_situations", "test_vectors_size", "test_jobs", "test_terminals", "test_explore"),
    *("test_interpreter_exit", "test_folder_preset", "test_installed_parts", "test_local"),
)
"""Files of which a worker starts one before all others, so that none runs alone at the end."""

SMALL = [
    "ingest.side=32",
    "ingest.chunk=32",
    "train.z_dim=112",
    "train.epochs=2",
    "train.batch=32",
    "train.threads=1",
    "encode.chunk=64",
    "sample.count=80",
    "sample.chunk=32",
    "sample.generators={uniform: {generator: uniform}, gaussian: {generator: gaussian}, "
    "ellipse: {generator: ellipse}}",
    "report.faces=8",
    "report.reconstructions=4",
    "report.components=4",
    "report.leading=3",
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


class SnapshotConsole(SilentConsole):
    """Copies the store whenever a stage has published: to a folder next to it, named by the stage.

    Parameters
    ----------
    root
        The store of the run, which shows a line after each publication.
    """

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        self._versions = 0

    def line(self, text: str) -> None:
        super().line(text)
        history = open_store(self._root).history() if self._root.exists() else []
        if len(history) > self._versions:
            self._versions = len(history)
            copy = self._root.with_name(history[0].stage)
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(self._root, copy, ignore=shutil.ignore_patterns("zpoints.run.*"))


def fixtures_of(item: pytest.Item) -> list[str]:
    """Names of the fixtures that a test needs, directly or not."""
    return getattr(item, "fixturenames", [])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is loaded out of garbage collections, which would take a tenth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        collect_rarely()  # as the command line
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests that need a whole run first: one worker makes it while the other does the rest."""
    items.sort(key=lambda item: {"small_stages", "grey"}.isdisjoint(fixtures_of(item)))


class FileScheduling(LoadFileScheduling):
    """Gives a worker of pytest-xdist whole files, and one of them all tests of Slurm."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return SLURM_FILE if file.endswith(SLURM_FILE) else file

    def _assign_work_unit(self, node: WorkerController) -> None:
        # The others follow by their number of tests.
        self.workqueue.move_to_end(min(self.workqueue, key=_turn), last=False)
        super()._assign_work_unit(node)


def _turn(file: str) -> int:
    """Place of a file among those that start first."""
    name = Path(file).stem
    return LONGEST_FILES.index(name) if name in LONGEST_FILES else len(LONGEST_FILES)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling | None:
    """Take this scheduling for ``--dist loadfile``."""
    return FileScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def _one_torch_thread() -> None:
    """Undo what the stage train sets for its own training: a thread for each core."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 synthetic faces as a CelebA tree; tests do not write to it."""

    def draw(folder: Path) -> None:
        draw_faces(folder / "tree", count=160, seed=1)

    return made_once(tmp_path_factory, "faces", draw) / "tree"


@pytest.fixture(scope="session")
def small_config(faces: Path) -> RunConfig:
    """A configuration whose whole run takes seconds."""
    return override(RunConfig(), [f"ingest.source={faces}", *SMALL])


@pytest.fixture(scope="session")
def small_stages(small_config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the store of a small run as it was after each stage, by the stage's name."""

    pytest.importorskip("torch", reason="a whole run needs torch")
    from zpoints.cluster.run import run

    def make(folder: Path) -> None:
        root = folder / "report"
        run(small_config, str(root), console=SnapshotConsole(root), title="small")

    return made_once(tmp_path_factory, "small", make)


@pytest.fixture(scope="session")
def small_root(small_stages: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Root of a store on which a whole run was done; tests publish nothing to it."""
    # A copy for each worker: commands lock the store that they work on.
    return shutil.copytree(small_stages / "report", str(tmp_path_factory.mktemp("small") / "store"))


@pytest.fixture
def small_until(small_stages: Path, tmp_path: Path) -> Callable[[str], str]:
    """Copies the store of the small run as it was after a stage to tmp_path/store; its root."""
    return lambda stage: shutil.copytree(small_stages / stage, str(tmp_path / "store"))


@pytest.fixture
def small_store(small_root: str) -> Store:
    """The store of the small run."""
    return open_store(small_root)
