"""The training loop over an in-memory tensor.

Shape letters: N images, B batch, S side, C channels.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from zpoints.pipeline.errors import TrainingError
from zpoints.pipeline.network.device import (
    choose_device,
    use_exact_float32,
    use_repeatable_algorithms,
)
from zpoints.pipeline.network.forward import TrainedNetwork, to_input
from zpoints.pipeline.progress import counted
from zpoints.pipeline.train.checkpoint import Checkpoint, Saver
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loss import Losses, losses_of
from zpoints.pipeline.train.state import Curves, TrainingState

STEPS_BETWEEN_CHECKS = 25
LARGEST_GRADIENT = 0.5  # norm over all weights; usual gradients have a tenth of it
COLLAPSE = 4.0  # multiple of the best epoch's loss

OnStep = Callable[[int, Curves], None]


def train(
    images: Tensor,
    validation: Tensor,
    config: TrainConfig,
    *,
    checkpoint: Checkpoint | None = None,
    saver: Saver | None = None,
    on_step: OnStep = lambda images_seen, curves: None,
) -> tuple[TrainedNetwork, Curves]:
    """Train a network from the start or from a checkpoint.

    On one machine, and for one number of torch threads, the result is bit-identical whether or not
    the training was interrupted, wherever that was, and whether or not it saved checkpoints.

    Parameters
    ----------
    images
        uint8 (N, S, S, C), the training split.
    validation
        uint8 (M, S, S, C); may be empty, then the validation loss is NaN.
    config
        Architecture and optimiser settings.
    checkpoint
        State of an interrupted training of the same images and settings; its tensors are
        modified.
    saver
        Saves checkpoints at intervals, never with a loss that is NaN or infinite.
    on_step
        Called at the start, every few steps and after each epoch with the number of images seen so
        far, those before an interruption included, and the curves so far.

    Returns
    -------
    model, curves
        The trained network in evaluation mode, and one value per epoch and curve.

    Raises
    ------
    TrainingError
        If the training split has fewer than 2 images, or if the loss becomes NaN or collapses: a
        saturated sigmoid has no gradient, so a network never recovers from too large a step.
    """
    count = len(images)
    if count < 2:
        raise TrainingError(
            f"The training split has {counted(count, 'image')}; expected at least 2. Ingest more "
            "photographs (ingest.limit), or check their labels `split` (train, validation, test)."
        )
    device = choose_device(config.device)
    use_exact_float32(device)
    use_repeatable_algorithms(device)
    batch, steps = epoch_size(count, config)
    state = TrainingState(images.shape, config, steps=steps, device=device)
    if checkpoint is not None:
        state.restore(checkpoint)
    model, optimizer, curves = state.model, state.optimizer, state.curves
    losses = losses_of(model, config, device)
    images, validation = _in_gpu_memory(images, device), _in_gpu_memory(validation, device)
    on_step((state.epoch * steps + state.step) * batch, curves)

    for epoch in range(state.epoch, config.epochs):
        model.train()
        order = state.draw_order().to(images.device)
        for step in range(state.step, steps):
            rows = images[order[step * batch : (step + 1) * batch]]
            x = to_input(state.mirror(rows, step), device)  # (B, C, S, S)
            state.seed_noise(step)
            loss, reported = losses(x)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            clip_grad_norm_(model.parameters(), LARGEST_GRADIENT)
            optimizer.step()
            state.schedule.step()
            state.count_step(reported.detach())
            due = saver is not None and saver.due()
            if due or state.step % STEPS_BETWEEN_CHECKS == 0 or state.step == steps:
                _refuse_divergence(state.total, epoch, config)
                if saver and due:
                    saver.keep(state.checkpoint())
                on_step((epoch * steps + state.step) * batch, curves)
        curves.loss.append(state.total.item() / steps)
        refuse_collapse(curves, config)
        state.seed_noise(steps)
        curves.validation_loss.append(_mean_loss(model, validation, losses, device, config.batch))
        curves.learning_rate.append(float(state.schedule.get_last_lr()[0]))
        state.end_epoch()
        on_step((epoch + 1) * steps * batch, curves)
    return model.eval(), curves


def images_seen(count: int, config: TrainConfig) -> int:
    """Number of images that ``train`` will have seen at its end: the total of a progress bar."""
    if count == 0:
        return 0
    batch, steps = epoch_size(count, config)
    return steps * batch * config.epochs


def epoch_size(count: int, config: TrainConfig) -> tuple[int, int]:
    """Images per step, and steps; the images left over differ from epoch to epoch."""
    batch = min(config.batch, count)
    return batch, count // batch


def _in_gpu_memory(images: Tensor, device: torch.device) -> Tensor:
    """The images, moved to GPU memory if they leave at least half of it free."""
    if device.type == "cuda" and images.nbytes < torch.cuda.mem_get_info(device)[0] / 2:
        return images.to(device)
    return images


def _refuse_divergence(total: Tensor, epoch: int, config: TrainConfig) -> None:
    if not torch.isfinite(total):
        raise TrainingError(
            f"The loss became NaN or infinite in epoch {epoch + 1}{_advice(config)}"
        )


def refuse_collapse(curves: Curves, config: TrainConfig) -> None:
    """Raise TrainingError if the loss has risen far above the best epoch's.

    The loss of an own network may be negative, so that multiples of it mean nothing.
    """
    if config.network is None and curves.loss[-1] > COLLAPSE * min(curves.loss):
        raise TrainingError(
            f"The loss rose from {min(curves.loss):.3g} to {curves.loss[-1]:.3g} in epoch "
            f"{len(curves.loss)}{_advice(config)}"
        )


def _advice(config: TrainConfig) -> str:
    own = "check the loss of train.network" if config.network else "set train.batch_norm to true"
    return (
        f" at a learning rate of up to {config.learning_rate:g}. Lower train.learning_rate (e.g. "
        f"to {config.learning_rate / 4:g}) or {own}."
    )


def _batches(images: Tensor, batch: int, device: torch.device) -> Iterator[Tensor]:
    for part in images.split(batch):
        yield to_input(part, device)


@torch.no_grad()
def _mean_loss(
    model: TrainedNetwork,
    images: Tensor,
    losses: Losses,
    device: torch.device,
    batch: int,
) -> float:
    if len(images) == 0:
        return float("nan")
    model.eval()
    sums = [losses(x)[1].item() * len(x) for x in _batches(images, batch, device)]
    return sum(sums) / len(images)
