"""The training as a stage: images of the store in, the model group out."""

import os

import numpy as np
import psutil
import torch
import xarray as xr

from pipeline.splits import split_labels
from pipeline.stage import StageRun
from pipeline.train.config import TrainConfig
from pipeline.train.device import choose_device, torch_threads
from pipeline.train.loop import Curves, TrainingError, images_seen, train
from pipeline.train.weights import model_dataset, training_attrs

GROUP = "model"


def train_model(run: StageRun) -> int:
    """Train on the training split of ``images``; returns the number of its images."""
    config, images = run.config.train, run.store.images
    splits = split_labels(images)
    training = _split(images, splits == "train", "train")
    validation = _split(images, splits == "validation", "validation")
    total = images_seen(len(training), config)
    device = choose_device(config.device)
    run.console.line(_headline(config, len(training), len(validation), device))
    with (
        torch_threads(len(os.sched_getaffinity(0))),
        run.console.bar("train", total=total, unit="images") as advance,
    ):
        model, curves = train(
            training,
            validation,
            config,
            on_step=lambda seen, curves: advance(seen, _note(curves, config)),
        )
    attrs = training_attrs(config.model_dump(mode="json"), device)
    run.work.create(GROUP, model_dataset(model, curves), attrs=attrs)
    return len(training)


def _split(images: xr.Dataset, rows: np.ndarray, name: str) -> torch.Tensor:
    """uint8 (image, y, x, channel) of some images, in memory."""
    pixels = images["image"]
    needed = int(rows.sum()) * pixels[0].nbytes
    available = psutil.virtual_memory().available
    if needed > 0.8 * available:
        raise TrainingError(
            f"The {name} split needs {needed / 2**30:.1f} GiB of memory, of which "
            f"{available / 2**30:.1f} GiB are free. Lower ingest.limit or ingest.side."
        )
    return torch.from_numpy(pixels[np.flatnonzero(rows)].values)


def _headline(config: TrainConfig, train: int, validation: int, device: torch.device) -> str:
    return (
        f"Case {config.case}, {config.epochs} epochs over {train:,} images on {device.type}, "
        f"{validation:,} for validation."
    )


def _note(curves: Curves, config: TrainConfig) -> str:
    done = len(curves.loss)
    if not done:
        return f"epoch 1/{config.epochs}"
    return (
        f"epoch {min(done + 1, config.epochs)}/{config.epochs}, loss {curves.loss[-1]:.5f}, "
        f"validation {curves.validation_loss[-1]:.5f}"
    )
