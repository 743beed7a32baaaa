"""Speed of the training, measured in a short one on random images."""

import time

import torch

from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import train
from zpoints.pipeline.train.state import Curves

BATCH = 64
"""Largest number of images of a measured step."""
STEPS = 2
"""Steps of each epoch; the first epoch warms up, the second is measured."""


def seconds_per_image(config: TrainConfig, *, side: int, channels: int) -> float:
    """Seconds that a training on this machine takes for an image.

    Parameters
    ----------
    config
        The section `train`.
    side, channels
        Of the images, in pixels.

    Raises
    ------
    TrainingError, NetworkError, CapacityError
        If it cannot train here, e.g. without a GPU that the settings ask for.
    """
    batch = min(config.batch, BATCH)
    images = torch.randint(0, 256, (STEPS * batch, side, side, channels), dtype=torch.uint8)
    ends: dict[int, float] = {}

    def note(seen: int, curves: Curves) -> None:
        ends.setdefault(len(curves.loss), time.perf_counter())

    short = config.model_copy(update={"epochs": 2, "batch": batch})
    train(images, images[:0], short, on_step=note)
    return (ends[2] - ends[1]) / len(images)
