"""Kernels of the encoding: uint8 images to latent vectors and reconstruction errors."""

import numpy as np
import torch

from zpoints.pipeline.network.architecture import Autoencoder
from zpoints.pipeline.train.loop import to_network


@torch.inference_mode()
def encode_batches(model: Autoencoder, images: np.ndarray, *, batch: int) -> dict[str, np.ndarray]:
    """Encode images and measure how well they are reconstructed.

    Every forward pass has the same number of images, the last one filled up with black ones: an
    image's latents do not depend on how many others are encoded with it.

    Parameters
    ----------
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
    device = next(model.parameters()).device
    z = np.empty((len(images), model.architecture.z_dim), dtype=np.float32)
    error = np.empty(len(images), dtype=np.float32)
    for start in range(0, len(images), batch):
        rows = images[start : start + batch]
        n = len(rows)
        if n < batch:
            rows = np.concatenate([rows, np.zeros((batch - n, *rows.shape[1:]), dtype=np.uint8)])
        x = to_network(torch.from_numpy(rows), device)  # (B, C, S, S)
        latents = model.encode(x)
        squared = (model.decode(latents) - x).square_().mean(dim=(1, 2, 3))
        z[start : start + n] = latents[:n].cpu().numpy()
        error[start : start + n] = squared[:n].cpu().numpy()
    return {"z": z, "reconstruction_error": error}
