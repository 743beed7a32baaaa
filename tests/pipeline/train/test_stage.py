"""The stage train: interrupted runs resume from their checkpoint."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import torch
import xarray as xr

from tests.conftest import WORKER
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.progress import Advance
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.train import stage
from zpoints.pipeline.train.checkpoint import Saver
from zpoints.pipeline.train.stage import train_model
from zpoints.storage import StageTransaction, Store, open_repository


class Stop(BaseException):
    """The exception of a signal handler."""


class Console:
    """Records the lines, and raises Stop once ``stop`` images were seen."""

    def __init__(self, stop: int | None = None) -> None:
        self.lines: list[str] = []
        self.stop = stop

    def line(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        def advance(done: int, note: str) -> None:
            if self.stop is not None and done >= self.stop:
                raise Stop

        yield advance


@pytest.fixture
def root(small_root: str, tmp_path: Path) -> str:
    """A private copy of the store with images."""
    return shutil.copytree(small_root, str(tmp_path / "store"))


@pytest.fixture
def saving_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "Saver", partial(Saver, seconds=0, rest=0))


def begin(root: str) -> StageTransaction:
    return open_repository(root).begin(
        stage="train", fingerprint="0123456789abcdef", groups=("model",)
    )


def run_train(config: RunConfig, root: str, console: Console) -> StageTransaction:
    work, store = begin(root), open_repository(root).store()
    train_model(
        StageRun(settings=config.train, store=store, work=work, console=console, worker=WORKER)
    )
    return work


def same(model: xr.Dataset, store: Store) -> bool:
    names = ("weights", "loss", "validation_loss", "learning_rate")
    return all(model[n].values.tobytes() == store.model[n].values.tobytes() for n in names)


@pytest.mark.usefixtures("saving_always")
def test_train_model__resumes_and_ends_like_an_undisturbed_run(
    small_config: RunConfig, root: str, small_store: Store
) -> None:
    with pytest.raises(Stop):
        run_train(small_config, root, Console(stop=200))
    console = Console()

    work = run_train(small_config, root, console)

    assert "train resumes in epoch 2 of 2." in console.lines
    assert same(work.dataset("model"), small_store)
    work.publish(message="train", rows=1)
    assert begin(root).load_checkpoint() is None


def test_train_model__restarts_if_the_checkpoint_is_damaged(
    small_config: RunConfig, root: str, small_store: Store
) -> None:
    begin(root).save_checkpoint(b"not a checkpoint")
    console = Console()

    work = run_train(small_config, root, console)

    assert (
        "The checkpoint of the interrupted training is damaged. train restarts from the beginning."
        in console.lines
    )
    assert same(work.dataset("model"), small_store)


@pytest.mark.parametrize(("threads", "used"), [(3, 3), (None, stage.CPU_COUNT)])
def test_train_model__takes_the_threads_that_are_set(
    threads: int | None, used: int, small_config: RunConfig, root: str
) -> None:
    config = override(small_config, [f"train.threads={threads or 'null'}"])

    with pytest.raises(Stop):
        run_train(config, root, Console(stop=0))

    assert torch.get_num_threads() == used
