"""Follows a training through its progress and hands each finished epoch to the logs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from zpoints.pipeline.parts.training_log import Epoch, Outcome, Training
from zpoints.pipeline.train.logs.log_thread import LogThread
from zpoints.pipeline.train.state import Curves
from zpoints.storage.backend.local_path import local_path

FOLDER, FOLDER_OF_BUCKETS = "logs", "zpoints-logs"
DIGITS = 8
"""Digits of the training's id in the name of its folder."""
SHORT_WAIT = 3.0
"""Seconds that all logs have after a training, also an interrupted one."""
LONG_WAIT = 30.0
"""Further seconds after a finished training; creating a database takes MLflow some 10."""


def training_folder(chosen: str | None, root: str, id_: str) -> Path:
    """Folder of a training's logs.

    Parameters
    ----------
    chosen
        The setting `train.log_folder`.
    root
        Root of the store.
    id_
        Id of the training.

    Examples
    --------
    >>> training_folder(None, "runs/demo", "0123456789abcdef").as_posix()
    'runs/demo/logs/train-01234567'
    >>> training_folder(None, "s3://faces/celeba", "0123456789abcdef").as_posix()
    'zpoints-logs/train-01234567'
    """
    if chosen is not None:
        folder = local_path(chosen)
    else:
        folder = Path(FOLDER_OF_BUCKETS) if "://" in root else local_path(root) / FOLDER
    return folder / f"train-{id_[:DIGITS]}"


@dataclass
class Recorder:
    """Turns the calls that a training makes as it proceeds into finished epochs.

    Attributes
    ----------
    training
        The training; whether it resumes follows from the first call.
    logs
        What gets the epochs.
    line
        Shows a line.
    batch, steps
        Images per step, and steps per epoch.
    """

    training: Training
    logs: Sequence[LogThread]
    line: Callable[[str], None]
    batch: int
    steps: int
    _done: int | None = field(default=None, init=False)
    _whole: bool = field(default=True, init=False)
    _began: tuple[float, int] = field(default=(0.0, 0), init=False)
    _latest: tuple[float, int] = field(default=(0.0, 0), init=False)

    def step(self, seen: int, curves: Curves) -> None:
        """Take the progress of the loop.

        Parameters
        ----------
        seen
            Images since the training began; those before an interruption count.
        curves
            One value per finished epoch and curve.
        """
        now, done = time.perf_counter(), len(curves.loss)
        if self._done is None:
            training = replace(self.training, resumed=seen > 0)
            finished = [self._epoch(number, curves) for number in range(1, done + 1)]
            for log in self.logs:
                log.begin(training, finished)
            self._whole = seen == done * self.batch * self.steps
            self._began = self._latest = (now, seen)
        elif done > self._done:
            epoch = self._measured(self._epoch(done, curves), now)
            for log in self.logs:
                log.record(epoch)
            self._whole = True
            self._began = self._latest = (now, seen)
        else:
            self._latest = (now, seen)
        self._done = done
        self.report()

    def end(self, outcome: Outcome) -> None:
        """Let the logs finish, for a limited time, and report what became of them."""
        for log in self.logs:
            log.end(outcome)
        late = _unfinished(self.logs, SHORT_WAIT)
        if late and outcome == "finished":
            self.line(f"Waiting up to {LONG_WAIT:g} s for training logs: {_names(late)}.")
            late = _unfinished(late, LONG_WAIT)
        if late:
            self.line(
                f"Training logs that are incomplete, since they were not written in time: "
                f"{_names(late)}. The training is not affected; check whether their place can be "
                "reached, or leave them out of train.log."
            )
        self.report()

    def report(self) -> None:
        """Show what the logs have to report."""
        for log in self.logs:
            for text in log.lines():
                self.line(text)

    def _epoch(self, number: int, curves: Curves) -> Epoch:
        return Epoch(
            epoch=number,
            step=number * self.steps,
            images=number * self.steps * self.batch,
            loss=curves.loss[number - 1],
            validation_loss=curves.validation_loss[number - 1],
            learning_rate=curves.learning_rate[number - 1],
        )

    def _measured(self, epoch: Epoch, now: float) -> Epoch:
        """The epoch with its rate, its duration and the time."""
        (began, before), (latest, seen) = self._began, self._latest
        rate = (seen - before) / (latest - began) if seen > before else None
        return replace(
            epoch,
            images_per_second=rate and round(rate, 1),
            seconds=round(now - began, 3) if self._whole else None,
            time=datetime.now(UTC),
        )


def _unfinished(logs: Sequence[LogThread], seconds: float) -> list[LogThread]:
    """The logs that are not written in a time that they share."""
    deadline = time.monotonic() + seconds
    return [log for log in logs if not log.wait(max(0.0, deadline - time.monotonic()))]


def _names(logs: Sequence[LogThread]) -> str:
    return ", ".join(log.name for log in logs)


@contextmanager
def recording(recorder: Recorder) -> Iterator[Callable[[int, Curves], None]]:
    """Context of a training whose progress the recorder takes; ends the logs with it."""
    try:
        yield recorder.step
    except BaseException as error:
        recorder.end("failed" if isinstance(error, Exception) else "interrupted")
        raise
    recorder.end("finished")
