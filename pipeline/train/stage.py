"""The train stage: reads the images of a store and writes the group ``model``."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from dask.system import CPU_COUNT

from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.memory import require_memory
from zpoints.pipeline.network.device import choose_device, gpu_memory
from zpoints.pipeline.network.size import network_size
from zpoints.pipeline.parts.training_log import Training
from zpoints.pipeline.progress import counted
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.pipeline.train.checkpoint import Checkpoint, CheckpointError, Saver, unpack
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.logs.log_thread import LogThread
from zpoints.pipeline.train.logs.recorder import Recorder, recording, training_folder
from zpoints.pipeline.train.logs.table import new_log
from zpoints.pipeline.train.loop import epoch_size, images_seen, train
from zpoints.pipeline.train.memory import training_memory
from zpoints.pipeline.train.model_group import model_dataset, training_attrs
from zpoints.pipeline.train.state import Curves, architecture
from zpoints.storage import Store
from zpoints.storage.rows import Rows

GROUP = "model"


def train_model(run: StageRun[TrainConfig]) -> int:
    """Train on the training split of ``images``; returns the number of its images.

    An interrupted run resumes from its last checkpoint.
    """
    config, labels = run.settings, Labels(run.store.images)
    splits = {name: labels.in_split(name) for name in ("train", "validation")}
    device = choose_device(config.device)
    _require_memory(run, splits, device)
    training, validation = (_read(run.store, wanted) for wanted in splits.values())
    total = images_seen(len(training), config)
    run.console.line(_headline(config, len(training), len(validation), device))
    torch.set_num_threads(config.threads or CPU_COUNT)
    attrs = training_attrs(config, device)
    with recording(_recorder(run, attrs, len(training), len(validation))) as record:
        with (
            gpu_memory("Lower train.batch, or set train.device to cpu."),
            run.console.bar("train", total=total, unit="images") as advance,
        ):

            def on_step(seen: int, curves: Curves) -> None:
                record(seen, curves)
                advance(seen, _note(curves, config))

            train_from = partial(
                train,
                training,
                validation,
                config,
                saver=Saver(run.work.save_checkpoint),
                on_step=on_step,
            )
            try:
                model, curves = train_from(checkpoint=_checkpoint(run, training))
            except CheckpointError as error:
                run.console.line(f"{error} train restarts from the beginning.")
                model, curves = train_from(checkpoint=None)
        run.work.create(GROUP, model_dataset(model, curves), attrs=attrs)
    return len(training)


def _recorder(
    run: StageRun[TrainConfig], attrs: Mapping[str, Any], count: int, validation: int
) -> Recorder:
    """What hands the epochs to the configured logs."""
    config, id_ = run.settings, run.work.fingerprint
    batch, steps = epoch_size(count, config) if count else (1, 0)
    training = Training(
        id=id_,
        root=run.store.root,
        folder=training_folder(config.log_folder, run.store.root, id_),
        settings={**attrs["training"], "device": attrs["device"]},
        images=count,
        validation_images=validation,
        epochs=config.epochs,
        resumed=False,
    )
    logs = [LogThread(name, new_log) for name in config.log]
    return Recorder(training, logs, run.console.line, batch=batch, steps=steps)


def _require_memory(
    run: StageRun[TrainConfig], splits: Mapping[str, np.ndarray], device: torch.device
) -> None:
    """Refuse a training whose images, network and batches exceed the memory of this process."""
    counts = {name: int(wanted.sum()) for name, wanted in splits.items()}
    _, side, _, channels = shape = run.store.images["pixels"].shape
    memory = training_memory(
        run.settings,
        network_size(architecture(shape, run.settings)),
        counts["train"],
        held=run.worker.held,
        on_gpu=device.type == "cuda",
        images=sum(counts.values()) * side**2 * channels,
    )
    require_memory(memory, run.worker)


def _read(store: Store, wanted: np.ndarray) -> torch.Tensor:
    """Read the images of a split into memory: uint8 (image, y, x, channel)."""
    pixels = store.images["pixels"]
    shape = (int(wanted.sum()), *pixels.shape[1:])
    images = np.empty(shape, dtype=np.uint8)
    rows, filled = Rows(store.root, store.version, "images", "pixels"), 0
    for start, stop in chunk_bounds(len(wanted), pixels.chunksizes["image"][0]):
        part = rows.read(start, stop)[wanted[start:stop]]
        images[filled : filled + len(part)] = part
        filled += len(part)
    return torch.from_numpy(images)


def _checkpoint(run: StageRun[TrainConfig], training: torch.Tensor) -> Checkpoint | None:
    """Checkpoint of an interrupted run of the same stage; None if there is none.

    Raises
    ------
    CheckpointError
        If it is damaged, or belongs to another training.
    """
    data, config = run.work.load_checkpoint(), run.settings
    if data is None:
        return None
    checkpoint = unpack(data, config, training.shape)
    run.console.line(f"train resumes in epoch {checkpoint.epoch + 1} of {config.epochs}.")
    return checkpoint


def _headline(config: TrainConfig, train: int, validation: int, device: torch.device) -> str:
    network = config.network or f"Case {config.case}"
    return (
        f"{network}, {counted(config.epochs, 'epoch')} over {counted(train, 'image')} on "
        f"{device.type}, {validation:,} for validation."
    )


def _note(curves: Curves, config: TrainConfig) -> str:
    done = len(curves.loss)
    if not done:
        return f"epoch 1/{config.epochs}"
    return (
        f"epoch {min(done + 1, config.epochs)}/{config.epochs}, loss {curves.loss[-1]:.5f}, "
        f"validation {curves.validation_loss[-1]:.5f}"
    )
