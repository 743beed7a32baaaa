"""Checkpoints of a training: conversion to bytes and back, and how often they are saved."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from hashlib import sha256
from io import BytesIO
from typing import Any

import torch
from torch import Tensor

from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.train.config import TrainConfig
from zpoints.storage.errors import ZpointsError

DIGEST_BYTES = 32  # of SHA-256
DAMAGED = "The checkpoint of the interrupted training is damaged."
SECONDS_BETWEEN_CHECKPOINTS = 20.0
REST = 20.0  # times the duration of a checkpoint, so that saving costs at most a twentieth


class CheckpointError(ZpointsError):
    """A checkpoint is damaged, or belongs to another training."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """State of a training between two steps.

    Attributes
    ----------
    settings
        The settings that determine the result.
    shape
        Shape (N, S, S, C) of the training images.
    epoch, step
        Numbers of finished epochs, and of finished steps in the next one.
    total
        Sum of the losses of these steps.
    order
        State of the random generator before it drew this epoch's order of images.
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


def pack(checkpoint: Checkpoint) -> bytes:
    """Convert a checkpoint to bytes that begin with their SHA-256."""
    buffer = BytesIO()
    torch.save(vars(checkpoint), buffer)
    return sha256(buffer.getbuffer()).digest() + buffer.getbuffer()


def unpack(data: bytes, config: TrainConfig, shape: tuple[int, ...]) -> Checkpoint:
    """Restore a checkpoint from bytes, with its tensors in main memory.

    Parameters
    ----------
    data
        What ``pack`` returned.
    config, shape
        Settings, and shape (N, S, S, C) of the images, of the training that resumes.

    Raises
    ------
    CheckpointError
        If the bytes are damaged, or the checkpoint belongs to another training.
    """
    digest, content = data[:DIGEST_BYTES], data[DIGEST_BYTES:]
    if sha256(content).digest() != digest:
        raise CheckpointError(DAMAGED)
    try:
        parts = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # of many types; the unpickler builds numbers and tensors only
        raise CheckpointError(DAMAGED) from error
    names = {field.name for field in fields(Checkpoint)}
    expected = {"settings": settings_for_fingerprint(config), "shape": tuple(shape)}
    if not isinstance(parts, dict) or parts.keys() != names:
        raise CheckpointError(DAMAGED)
    stored = {name: parts[name] for name in expected}
    if form(stored) != form(expected) or stored != expected:
        raise CheckpointError(
            "The stored checkpoint belongs to a training with other images or settings."
        )
    return Checkpoint(**parts)


def form(value: Any) -> Any:
    """Names, types and shapes in part of a checkpoint, without its numbers."""
    if isinstance(value, Mapping):
        return {name: form(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [form(inner) for inner in value]
    if isinstance(value, Tensor):
        return value.dtype, tuple(value.shape)
    return float if isinstance(value, int | float) else type(value)


@dataclass
class Saver:
    """Saves the latest checkpoint of a training.

    Attributes
    ----------
    save
        Stores the bytes and replaces those of the previous checkpoint.
    seconds
        Least time between two checkpoints, in seconds; a killed training loses this interval.
    rest
        Least time between two checkpoints, in multiples of the time that the last one took; exceeds
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
        """Save a checkpoint and restart the interval to the next."""
        began = time.monotonic()
        self.save(pack(checkpoint))
        ended = time.monotonic()
        self._next = ended + max(self.seconds, self.rest * (ended - began))
