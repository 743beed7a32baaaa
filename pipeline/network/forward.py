"""Forward passes of the network over whole arrays: images to latent vectors, and back.

Shape letters: B batch, C channels, S image side.
"""

import numpy as np
import torch
from torch import Tensor

from zpoints.pipeline.network.architecture import Autoencoder
from zpoints.pipeline.network.elsewhere.network import ElsewhereNetwork
from zpoints.pipeline.network.own import OwnNetwork

DECODE_BATCH = 128
"""Vectors per forward pass; part of the byte-exact result."""
TrainedNetwork = Autoencoder | OwnNetwork
"""A network that zpoints trains."""
AnyNetwork = TrainedNetwork | ElsewhereNetwork
"""A network that encodes and decodes, with an ``architecture``."""


def to_input(images: Tensor, device: torch.device) -> Tensor:
    """Convert uint8 (B, S, S, C) to float32 (B, C, S, S) in [0, 1], channels last in memory."""
    return images.to(device, non_blocking=True).permute(0, 3, 1, 2).float().div_(255)


def device_of(model: AnyNetwork) -> torch.device:
    """Where a network computes."""
    if isinstance(model, ElsewhereNetwork):
        return model.device
    return next((tensor.device for tensor in model.parameters()), torch.device("cpu"))


@torch.inference_mode()
def encode_batches(model: AnyNetwork, images: np.ndarray, *, batch: int) -> dict[str, np.ndarray]:
    """Encode images and measure how well they are reconstructed.

    Every forward pass has the same number of images, the last one padded with black images: an
    image's latent vector does not depend on how many others are encoded with it.

    Parameters
    ----------
    model
        A network in evaluation mode.
    images
        uint8 (image, y, x, channel).
    batch
        Images per forward pass.

    Returns
    -------
    dict
        ``z`` float32 (image, component); ``reconstruction_error`` float32 (image), the mean squared
        error over pixels and channels of values in [0, 1].
    """
    device = device_of(model)
    z = np.empty((len(images), model.architecture.z_dim), dtype=np.float32)
    error = np.empty(len(images), dtype=np.float32)
    for start in range(0, len(images), batch):
        rows = images[start : start + batch]
        n = len(rows)
        if n < batch:
            rows = np.concatenate([rows, np.zeros((batch - n, *rows.shape[1:]), dtype=np.uint8)])
        x = to_input(torch.from_numpy(rows), device)  # (B, C, S, S)
        latents = model.encode(x)
        squared = (model.decode(latents) - x).square_().mean(dim=(1, 2, 3))
        z[start : start + n] = latents[:n].cpu().numpy()
        error[start : start + n] = squared[:n].cpu().numpy()
    return {"z": z, "reconstruction_error": error}


def to_pixels(images: Tensor) -> np.ndarray:
    """Round float images (B, C, S, S) in [0, 1] to uint8 (B, S, S, C)."""
    scaled = images.mul(255).round_().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


@torch.inference_mode()
def decode_batches(model: AnyNetwork, z: np.ndarray) -> np.ndarray:
    """Decode latent vectors, `DECODE_BATCH` per forward pass.

    Parameters
    ----------
    model
        A network in evaluation mode.
    z
        float (sample, component).

    Returns
    -------
    numpy.ndarray
        uint8 (sample, y, x, channel).
    """
    a = model.architecture
    device = device_of(model)
    images = np.empty((len(z), a.side, a.side, a.channels), dtype=np.uint8)
    for start in range(0, len(z), DECODE_BATCH):
        batch = torch.from_numpy(
            np.ascontiguousarray(z[start : start + DECODE_BATCH], dtype=np.float32)
        )
        images[start : start + DECODE_BATCH] = to_pixels(model.decode(batch.to(device)))
    return images
