"""The loss of a training: what it minimises, and what it reports.

Shape letters: B batch, C channels, S image side.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from zpoints.pipeline.network.device import gains_from_bfloat16
from zpoints.pipeline.network.forward import TrainedNetwork
from zpoints.pipeline.network.own import OwnNetwork, has_loss, reconstruction_loss
from zpoints.pipeline.train.config import TrainConfig

Losses: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Of images (B, C, S, S): the scalar to minimise, and the one to report."""


def losses_of(model: TrainedNetwork, config: TrainConfig, device: torch.device) -> Losses:
    """The losses of a network.

    The reported one is `train.loss` alone, so that trainings with and without the term of the
    edges can be compared. A network with a loss of its own minimises and reports that alone.

    Parameters
    ----------
    model
        The network, on ``device``.
    config
        The settings.
    device
        Where it computes.
    """
    autocast = autocasts(config, device)

    def losses(x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=autocast):
            if isinstance(model, OwnNetwork) and has_loss(model.inner):
                own = model.loss(x, config.loss)
                return own, own
            output = model.reconstruct(x) if isinstance(model, OwnNetwork) else model(x)
        if isinstance(model, OwnNetwork):
            images, loss = output, reconstruction_loss(output, x, config.loss)
        else:
            logits = output.float()
            images = torch.sigmoid(logits)
            bce = config.loss == "bce"
            loss = binary_cross_entropy_with_logits(logits, x) if bce else mse_loss(images, x)
        if config.edges == 0:
            return loss, loss
        return loss + config.edges * gradient_difference(images, x), loss

    return losses


def gradient_difference(images: Tensor, x: Tensor) -> Tensor:
    """Mean squared difference of the gradients of two batches of images (B, C, S, S): a scalar.

    Gradients are differences of neighbours, along rows and along columns. A difference of the
    images with the wave numbers (p, q) counts 4 sin^2(p / 2) + 4 sin^2(q / 2) times as much as in
    their mean squared difference: up to 8 times for the finest patterns, next to nothing for
    smooth ones.
    """
    difference = images - x
    along_rows, along_columns = difference.diff(dim=-1), difference.diff(dim=-2)
    return along_rows.square().mean() + along_columns.square().mean()


def autocasts(config: TrainConfig, device: torch.device) -> bool:
    """Whether the forward pass of the training computes in bfloat16."""
    if config.precision == "auto" and config.network is not None:
        return False
    if config.precision == "auto":
        return gains_from_bfloat16(device)
    return config.precision == "bfloat16"
