"""What an interrupted training goes on from, as bytes and back, and how often it is kept."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from hashlib import sha256
from io import BytesIO
from typing import Any

import torch
from torch import Tensor

from zpoints.pipeline.train.config import UNDECISIVE, TrainConfig
from zpoints.storage.errors import ZpointsError

DIGEST_BYTES = 32  # of SHA-256
SECONDS_BETWEEN_CHECKPOINTS = 20.0
REST = 20.0  # times what a checkpoint took, so that saving costs at most a twentieth


class CheckpointError(ZpointsError):
    """A checkpoint is damaged, or another training's."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A training between two steps.

    Attributes
    ----------
    settings
        The settings that decide the result.
    shape
        Of the training images (N, S, S, C).
    epoch, step
        Epochs that are finished, and steps of the next one.
    total
        Sum of the losses of these steps.
    order
        State of the generator from which this epoch's order of images was drawn.
    curves
        One value per finished epoch and curve.
    model, optimizer, schedule
        Their ``state_dict``.
    """

    settings: dict[str, Any]
    shape: tuple[int, ...]
    epoch: int
    step: int
    total: Tensor
    order: Tensor
    curves: dict[str, list[float]]
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    schedule: dict[str, Any]


def settings_of(config: TrainConfig) -> dict[str, Any]:
    """The settings that decide a training's result: nothing of where it runs."""
    return config.model_dump(mode="json", exclude=UNDECISIVE)


def pack(checkpoint: Checkpoint) -> bytes:
    """A checkpoint as bytes, which begin with their SHA-256."""
    buffer = BytesIO()
    torch.save(vars(checkpoint), buffer)
    return sha256(buffer.getbuffer()).digest() + buffer.getbuffer()


def unpack(data: bytes, config: TrainConfig, shape: tuple[int, ...]) -> Checkpoint:
    """The checkpoint that ``pack`` made into bytes, its tensors in main memory.

    Parameters
    ----------
    data
        What ``pack`` returned.
    config, shape
        Settings and shape of the images of the training that is to go on.

    Raises
    ------
    CheckpointError
        If the bytes are damaged, or the checkpoint is of another training.
    """
    digest, content = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    if sha256(content).digest() != digest:
        raise CheckpointError("The checkpoint of the interrupted training is damaged.")
    parts = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    names = {field.name for field in fields(Checkpoint)}
    own = {"settings": settings_of(config), "shape": tuple(shape)}
    if parts.keys() != names or {name: parts[name] for name in own} != own:
        raise CheckpointError("The checkpoint that was found is not of this training.")
    return Checkpoint(**parts)


@dataclass
class Saver:
    """Keeps the latest checkpoint of a training.

    Attributes
    ----------
    save
        Keeps the bytes in place of the last ones.
    seconds
        Between two checkpoints: what a killed training loses.
    rest
        Times what a checkpoint took that the training goes on before the next one; longer than
        ``seconds`` only where saving is slow.
    """

    save: Callable[[bytes], None]
    seconds: float = SECONDS_BETWEEN_CHECKPOINTS
    rest: float = REST
    _next: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._next = time.monotonic() + self.seconds

    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() >= self._next

    def keep(self, checkpoint: Checkpoint) -> None:
        """Save a checkpoint, and count from here to the next."""
        began = time.monotonic()
        self.save(pack(checkpoint))
        ended = time.monotonic()
        self._next = ended + max(self.seconds, self.rest * (ended - began))
