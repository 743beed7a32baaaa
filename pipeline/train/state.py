"""State of a training: everything that its next step depends on.

Random numbers determine only the initial weights, the order of the images in each epoch, which of
them are mirrored, and what an own network draws in a step.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.forward import TrainedNetwork
from zpoints.pipeline.network.own import OwnNetwork, check_own
from zpoints.pipeline.network.stored import OwnArchitecture
from zpoints.pipeline.parts.code import source_digest
from zpoints.pipeline.train.checkpoint import DAMAGED, Checkpoint, CheckpointError, form
from zpoints.pipeline.train.config import TrainConfig

# A short memory of the squared gradients bounds a step at 1 / sqrt(1 - 0.95) = 4.5 learning rates.
# With the usual 0.999 one large gradient after many small ones can destroy the network.
BETAS = (0.9, 0.95)
MIRROR_STREAM = 1  # other numbers than those that seed what an own network draws


@dataclass
class Curves:
    """Per epoch: mean training loss, validation loss, learning rate after the last step."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)


class TrainingState:
    """A new training; the loop advances it, and `restore` sets it to a checkpoint.

    Parameters
    ----------
    shape
        Shape (N, S, S, C) of the training images.
    config
        Architecture and optimiser settings.
    steps
        Optimiser steps per epoch.
    device
        Device of the network.

    Attributes
    ----------
    model, optimizer, schedule
        The network, Adam, and the schedule of its learning rate.
    curves
        One value per finished epoch and curve.
    epoch, step
        Numbers of finished epochs, and of finished steps in the next one.
    total
        Sum of the losses of these steps, on the device.
    """

    def __init__(
        self, shape: tuple[int, ...], config: TrainConfig, *, steps: int, device: torch.device
    ) -> None:
        torch.manual_seed(config.seed)
        self.model = initial_network(architecture(shape, config)).to(device)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(), lr=config.learning_rate, betas=BETAS, fused=True
        )
        self.schedule = _schedule(self.optimizer, config, total_steps=steps * config.epochs)
        self.curves = Curves()
        self.epoch = 0
        self.step = 0
        self.total = torch.zeros((), device=device)
        self._seed, self._own = config.seed, config.network is not None
        self._mirror = config.mirror
        self._settings = settings_for_fingerprint(config)
        self._shape = tuple(shape)
        self._epochs, self._steps = config.epochs, steps
        self._orders = torch.Generator().manual_seed(config.seed)
        self._before_order = self._orders.get_state()

    def draw_order(self) -> Tensor:
        """Order of the images in the current epoch: int64 (N)."""
        self._before_order = self._orders.get_state()
        return torch.randperm(self._shape[0], generator=self._orders)

    def mirror(self, images: Tensor, step: int) -> Tensor:
        """Mirror each of a step's images (B, S, S, C) left-right with probability 1/2.

        The draw depends on the seed, the epoch and the step, so that an interruption changes
        nothing. Without `train.mirror` the images stay as they are.
        """
        if not self._mirror:
            return images
        seed = np.random.SeedSequence([self._seed, self.epoch, step], spawn_key=(MIRROR_STREAM,))
        drawn = np.random.default_rng(seed).random(len(images)) < 0.5
        mirrored = torch.from_numpy(drawn).to(images.device).view(-1, 1, 1, 1)
        return torch.where(mirrored, images.flip(2), images)

    def seed_noise(self, step: int) -> None:
        """Seed what an own network draws in a step, so that an interruption changes nothing."""
        if self._own:
            drawn = np.random.SeedSequence([self._seed, self.epoch, step]).generate_state(1)
            torch.manual_seed(int(drawn[0]))

    def count_step(self, loss: Tensor) -> None:
        """Record a finished step and its loss."""
        self.total += loss
        self.step += 1

    def end_epoch(self) -> None:
        """Advance to the first step of the next epoch."""
        self.epoch, self.step = self.epoch + 1, 0
        self.total.zero_()

    def checkpoint(self) -> Checkpoint:
        """State for ``restore``; it shares its tensors with the training, which modifies them."""
        return Checkpoint(
            settings=self._settings,
            shape=self._shape,
            epoch=self.epoch,
            step=self.step,
            total=self.total,
            order=self._before_order,
            curves=asdict(self.curves),
            model=self.model.state_dict(),
            optimizer=self.optimizer.state_dict(),
            schedule=self.schedule.state_dict(),
        )

    def restore(self, checkpoint: Checkpoint) -> None:
        """Return to the state of a checkpoint; the training takes over its tensors.

        Raises
        ------
        CheckpointError
            If the checkpoint is not one of this training; nothing is changed then.
        """
        if not self._fits(checkpoint):
            raise CheckpointError(DAMAGED)
        self.model.load_state_dict(checkpoint.model)
        self.optimizer.load_state_dict(checkpoint.optimizer)
        self.schedule.load_state_dict(checkpoint.schedule)
        self._orders.set_state(checkpoint.order)
        self.curves = Curves(**checkpoint.curves)
        self.epoch, self.step = checkpoint.epoch, checkpoint.step
        self.total.copy_(checkpoint.total)

    def _fits(self, checkpoint: Checkpoint) -> bool:
        """Whether a checkpoint has the parts, types and shapes of this training."""
        own, curves = self.checkpoint(), checkpoint.curves
        same = ("model", "schedule", "order", "total", "epoch", "step")
        return (
            all(form(getattr(checkpoint, name)) == form(getattr(own, name)) for name in same)
            and 0 <= checkpoint.epoch <= self._epochs
            and 0 <= checkpoint.step <= self._steps
            and form(curves) == dict.fromkeys(own.curves, [float] * checkpoint.epoch)
            and self._fits_optimizer(checkpoint.optimizer)
        )

    def _fits_optimizer(self, stored: Any) -> bool:
        own = self.optimizer.state_dict()
        if not isinstance(stored, dict) or stored.keys() != own.keys():
            return False
        weights = [form(weight) for weight in self.model.parameters()]
        number = form(torch.zeros(()))
        known = {
            index: {"step": number, "exp_avg": weight, "exp_avg_sq": weight}
            for index, weight in enumerate(weights)
        }
        groups = form(stored["param_groups"]) == form(own["param_groups"])
        found = form(stored["state"])
        if self._own and isinstance(found, dict):  # weights that take no part have no state
            return groups and all(known.get(index) == state for index, state in found.items())
        return groups and found in ({}, known)


def initial_network(a: Architecture | OwnArchitecture) -> TrainedNetwork:
    """An untrained network."""
    if isinstance(a, OwnArchitecture):
        return OwnNetwork(a)
    return Autoencoder(a).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def check_network(a: OwnArchitecture, config: TrainConfig) -> None:
    """Try a network of the user's class on one batch, before its training.

    Raises
    ------
    NetworkError
        If it does not fit the settings.
    """
    check_own(OwnNetwork(a), config.loss, torch.device("cpu"))


def architecture(shape: tuple[int, ...], config: TrainConfig) -> Architecture | OwnArchitecture:
    """The network for images of a shape (N, S, S, C).

    Raises
    ------
    NetworkError
        If the configured class cannot be imported.
    """
    _, side, _, channels = shape
    if config.network is not None:
        return OwnArchitecture(
            network=config.network,
            options=config.network_options,
            source=source_digest(config.network),
            side=side,
            channels=channels,
            z_dim=config.z_dim,
        )
    return Architecture(
        case=config.case,
        side=side,
        channels=channels,
        z_dim=config.z_dim,
        activation=config.activation,
        batch_norm=config.batch_norm,
    )


def _schedule(
    optimizer: torch.optim.Optimizer, config: TrainConfig, *, total_steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    if config.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=total_steps + 1
    )
