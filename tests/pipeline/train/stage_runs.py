"""Runs of the stage train without the rest of a run, which may stop anywhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import WORKER
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Advance
from zpoints.pipeline.stage_run import StageRun
from zpoints.pipeline.train.stage import train_model
from zpoints.storage import StageTransaction, open_repository


class Stop(BaseException):
    """The exception of a signal handler."""


class Console:
    """Records the lines, and raises Stop once ``stop`` images were seen, or with a note."""

    def __init__(self, stop: int | None = None, *, stop_with: str | None = None) -> None:
        self.lines: list[str] = []
        self.stop = stop
        self.stop_with = stop_with

    def line(self, text: str) -> None:
        self.lines.append(text)

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        def advance(done: int, note: str) -> None:
            if self.stop is not None and done >= self.stop:
                raise Stop
            if self.stop_with and note.startswith(self.stop_with):
                raise Stop

        yield advance


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
