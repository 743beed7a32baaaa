"""The training: one linear loop over an in-memory tensor.

Shape letters: N images, B batch, S side, C channels.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch.nn.utils import clip_grad_norm_

from pipeline.train.config import TrainConfig
from pipeline.train.device import choose_device, gains_from_bfloat16
from pipeline.train.model import Architecture, Autoencoder
from storage.errors import ZpointsError

STEPS_BETWEEN_CHECKS = 25
LARGEST_GRADIENT = 0.5  # of all weights together; the usual one is a tenth of this
COLLAPSE = 4.0  # times the best epoch's loss


class TrainingError(ZpointsError):
    """The training cannot start, or has diverged."""


@dataclass
class Curves:
    """Per epoch: mean training loss, validation loss, learning rate after the last step."""

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)


OnStep = Callable[[int, Curves], None]


def train(
    images: Tensor,
    validation: Tensor,
    config: TrainConfig,
    *,
    on_step: OnStep = lambda images_seen, curves: None,
) -> tuple[Autoencoder, Curves]:
    """Train an autoencoder.

    Parameters
    ----------
    images
        uint8 (N, S, S, C), the training split.
    validation
        uint8 (M, S, S, C); may be empty, then the validation loss is NaN.
    config
        Architecture and optimiser settings.
    on_step
        Called now and then with the number of images seen so far and the curves so far.

    Returns
    -------
    model, curves
        The trained network in evaluation mode, and one value per epoch and curve.

    Raises
    ------
    TrainingError
        If the training split has fewer than 2 images, the loss becomes NaN, or it collapses: a
        saturated sigmoid has no gradient, and the network stays where a too large step threw it.
    """
    count, side, _, channels = images.shape
    if count < 2:
        raise TrainingError(f"The training split has {count} images; expected at least 2.")
    device = choose_device(config.device)
    torch.manual_seed(config.seed)
    model = Autoencoder(
        Architecture(
            case=config.case,
            side=side,
            channels=channels,
            z_dim=config.z_dim,
            activation=config.activation,
            batch_norm=config.batch_norm,
        )
    ).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    batch = min(config.batch, count)
    steps = count // batch  # images left over in one epoch's order come up in another's
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
    schedule = _schedule(optimizer, config, total_steps=steps * config.epochs)
    loss_of = _loss(config, device)
    order_source = torch.Generator().manual_seed(config.seed)
    images, validation = _near(images, device), _near(validation, device)
    curves = Curves()

    for epoch in range(config.epochs):
        model.train()
        total = torch.zeros((), device=device)
        order = torch.randperm(count, generator=order_source).to(images.device)
        for step in range(steps):
            x = to_network(images[order[step * batch : (step + 1) * batch]], device)  # (B, C, S, S)
            loss = loss_of(model, x)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            schedule.step()
            total += loss.detach()
            if (step + 1) % STEPS_BETWEEN_CHECKS == 0 or step + 1 == steps:
                _refuse_divergence(total, epoch, config)
                on_step((epoch * steps + step + 1) * batch, curves)
        curves.loss.append(total.item() / steps)
        refuse_collapse(curves, config)
        curves.validation_loss.append(_mean_loss(model, validation, loss_of, device, config.batch))
        curves.learning_rate.append(float(schedule.get_last_lr()[0]))
        on_step((epoch + 1) * steps * batch, curves)
    return model.eval(), curves


def images_seen(count: int, config: TrainConfig) -> int:
    """How many images ``train`` will have seen at its end, for a progress bar's total."""
    batch = min(config.batch, count)
    return count // batch * batch * config.epochs


def to_network(images: Tensor, device: torch.device) -> Tensor:
    """uint8 (B, S, S, C) to float32 (B, C, S, S) in [0, 1], channels last in memory."""
    return images.to(device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)


def autocasts(config: TrainConfig, device: torch.device) -> bool:
    """Whether the training computes in bfloat16 where that is safe."""
    if config.precision == "auto":
        return gains_from_bfloat16(device)
    return config.precision == "bfloat16"


def _loss(config: TrainConfig, device: torch.device) -> Callable[[Autoencoder, Tensor], Tensor]:
    autocast = autocasts(config, device)

    def loss(model: Autoencoder, x: Tensor) -> Tensor:
        with torch.autocast(device.type, torch.bfloat16, enabled=autocast):
            logits = model(x)
        if config.loss == "bce":
            return binary_cross_entropy_with_logits(logits.float(), x)
        return mse_loss(torch.sigmoid(logits.float()), x)

    return loss


def _schedule(
    optimizer: torch.optim.Optimizer, config: TrainConfig, *, total_steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    if config.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=0)
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=total_steps + 1
    )


def _near(images: Tensor, device: torch.device) -> Tensor:
    """The images in GPU memory where they leave at least half of it free."""
    if device.type == "cuda" and images.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return images.to(device)
    return images


def _refuse_divergence(total: Tensor, epoch: int, config: TrainConfig) -> None:
    if not torch.isfinite(total):
        raise TrainingError(
            f"The loss became NaN or infinite in epoch {epoch + 1}{_advice(config)}"
        )


def refuse_collapse(curves: Curves, config: TrainConfig) -> None:
    """Refuse a loss that has risen far above the best epoch's; raises TrainingError."""
    if curves.loss[-1] > COLLAPSE * min(curves.loss):
        raise TrainingError(
            f"The loss rose from {min(curves.loss):.3g} to {curves.loss[-1]:.3g} in epoch "
            f"{len(curves.loss)}{_advice(config)}"
        )


def _advice(config: TrainConfig) -> str:
    return (
        f" at a learning rate of up to {config.learning_rate:g}. Lower train.learning_rate (e.g. "
        f"to {config.learning_rate / 4:g}) or set train.batch_norm to true."
    )


def _batches(images: Tensor, batch: int, device: torch.device) -> Iterator[Tensor]:
    for part in images.split(batch):
        yield to_network(part, device)


@torch.no_grad()
def _mean_loss(
    model: Autoencoder,
    images: Tensor,
    loss_of: Callable[[Autoencoder, Tensor], Tensor],
    device: torch.device,
    batch: int,
) -> float:
    if len(images) == 0:
        return float("nan")
    model.eval()
    sums = [loss_of(model, x).item() * len(x) for x in _batches(images, batch, device)]
    return sum(sums) / len(images)
