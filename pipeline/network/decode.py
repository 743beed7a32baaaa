"""Kernels of the decoding: latent vectors to uint8 images.

Shape letters: B batch, C channels, S side, Z latent components.
"""

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike

from zpoints.pipeline.network.architecture import Autoencoder
from zpoints.pipeline.network.device import choose_device
from zpoints.pipeline.network.weights import restore_model

BATCH = 128
"""Vectors per forward pass; part of the byte-exact result."""


def to_pixels(images: torch.Tensor) -> np.ndarray:
    """Float images (B, C, S, S) in [0, 1] to uint8 (B, S, S, C), rounded."""
    scaled = images.mul(255).round_().to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


@torch.inference_mode()
def decode_batches(model: Autoencoder, z: np.ndarray) -> np.ndarray:
    """Decode latents with a network.

    Parameters
    ----------
    z
        float (sample, component).

    Returns
    -------
    numpy.ndarray
        uint8 (sample, y, x, channel).
    """
    a = model.architecture
    device = next(model.parameters()).device
    images = np.empty((len(z), a.side, a.side, a.channels), dtype=np.uint8)
    for start in range(0, len(z), BATCH):
        batch = torch.from_numpy(np.ascontiguousarray(z[start : start + BATCH], dtype=np.float32))
        images[start : start + BATCH] = to_pixels(model.decode(batch.to(device)))
    return images


def decode_latents(model: xr.Dataset, z: ArrayLike) -> np.ndarray:
    """Decode latent vectors with the stored autoencoder.

    Parameters
    ----------
    model
        The ``model`` group of a store.
    z
        Float (sample, component), or a single vector (component).

    Returns
    -------
    numpy.ndarray
        uint8 (sample, y, x, channel); a single vector gives one sample.

    Raises
    ------
    TypeError
        If ``z`` is a whole Dataset.
    ValueError
        If the vectors do not have the model's number of components.
    """
    if isinstance(z, xr.Dataset):
        raise TypeError("decode takes vectors, not a Dataset: pass its variable z, e.g. drawn.z.")
    vectors = np.atleast_2d(np.asarray(z, dtype=np.float32))
    expected = model.attrs["architecture"]["z_dim"]
    if vectors.ndim != 2 or vectors.shape[1] != expected:
        raise ValueError(
            f"z has shape {np.shape(z)}; expected (sample, {expected}), the components of this "
            "store's model."
        )
    return decode_batches(restore_model(model, choose_device("auto")), vectors)
