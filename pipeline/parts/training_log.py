"""Interface of the training logs: what a training reports to each of them, after every epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

Outcome = Literal["finished", "failed", "interrupted"]
"""How a training ended; an interrupted one is resumed by the same command."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """What a log knows about a training before its first epoch.

    Attributes
    ----------
    id
        16 hexadecimal digits; the same for the same images and settings, also after an
        interruption.
    root
        Root of the store.
    folder
        Folder of this training's logs, on this machine; a log makes it if it writes there.
    settings
        JSON values of the section `train`, without those of the logs; `precision` and `device` are
        those that it takes.
    images, validation_images
        Number of images of both splits.
    epochs
        Number of epochs in all.
    resumed
        Whether it continues an interrupted training.
    """

    id: str
    root: str
    folder: Path
    settings: Mapping[str, Any]
    images: int
    validation_images: int
    epochs: int
    resumed: bool

    @property
    def name(self) -> str:
        """Name for people, also of `folder`."""
        return self.folder.name


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """One finished epoch.

    Attributes
    ----------
    epoch
        Its number, from 1.
    step, images
        Number of optimiser steps, and of images seen, since the training began.
    loss, validation_loss
        Means over the epoch's steps and over the validation split, without the term of
        `train.edges`; the second is NaN without validation images.
    learning_rate
        After the last step.
    images_per_second
        Rate of the training steps of this epoch in this process; None if it had none.
    seconds
        Duration with validation; None if the epoch began before an interruption.
    time
        When it ended, in UTC; None if no log was written then.
    """

    epoch: int
    step: int
    images: int
    loss: float
    validation_loss: float
    learning_rate: float
    images_per_second: float | None = None
    seconds: float | None = None
    time: datetime | None = None

    @property
    def curves(self) -> dict[str, float]:
        """Finite values by the names of their curves."""
        values = {
            "loss/training": self.loss,
            "loss/validation": self.validation_loss,
            "learning_rate": self.learning_rate,
            "images_per_second": self.images_per_second,
        }
        return {k: v for k, v in values.items() if v is not None and abs(v) < float("inf")}


class TrainingLog(Protocol):
    """A log of one training. A thread of its own calls it; what it raises ends the log alone."""

    def begin(self, training: Training, finished: Sequence[Epoch]) -> str:
        """Open the log; returns where it is, for people.

        Parameters
        ----------
        training
            The training.
        finished
            Epochs that are over; none unless it resumes. The log may hold some of them already,
            and later ones too, which the training repeats with the same result.
        """

    def record(self, epoch: Epoch) -> None:
        """Add an epoch; other programs can read it when this returns."""

    def end(self, outcome: Outcome) -> None:
        """Close the log."""
