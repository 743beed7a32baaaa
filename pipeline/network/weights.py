"""Conversion between a network and the weights in a store."""

from dataclasses import asdict
from hashlib import sha256

import numpy as np
import safetensors.torch
import torch
import xarray as xr
from torch import nn

from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.device import use_exact_float32, use_repeatable_algorithms
from zpoints.pipeline.network.subpixel import SubpixelConvolution
from zpoints.storage.errors import StoreError


def weights_dataset(model: Autoencoder) -> xr.Dataset:
    """Pack a network into the part of the ``model`` group from which it can be restored.

    Returns
    -------
    xarray.Dataset
        ``weights`` uint8 (byte), in safetensors format, with the attributes ``architecture`` and
        ``sha256``.
    """
    state = {name: w.detach().cpu().contiguous() for name, w in model.state_dict().items()}
    data = safetensors.torch.save(state)
    return xr.Dataset(
        {"weights": ("byte", np.frombuffer(data, dtype=np.uint8))},
        attrs={"architecture": asdict(model.architecture), "sha256": sha256(data).hexdigest()},
    )


def restore_autoencoder(model: xr.Dataset, device: torch.device) -> Autoencoder:
    """Restore the network of a ``model`` group, in evaluation mode on ``device``.

    On a CPU the last layer is replaced by a `SubpixelConvolution`: the network decodes faster, but
    can be neither trained nor stored.

    Raises
    ------
    StoreError
        If the stored bytes do not have the stored SHA-256.
    """
    use_exact_float32(device)
    use_repeatable_algorithms(device)
    # In this thread: a task that waits for another task of its worker might never resume.
    data = model["weights"].compute(scheduler="synchronous").values.tobytes()
    if sha256(data).hexdigest() != model.attrs["sha256"]:
        raise StoreError(
            "The stored weights do not have the SHA-256 that was recorded with them; the store "
            "is damaged. Open an older version (zpoints history ROOT) or train again."
        )
    network = Autoencoder(Architecture(**model.attrs["architecture"]))
    network.load_state_dict(safetensors.torch.load(data))
    last = network.decoder[-1]
    if device.type == "cpu" and isinstance(last, nn.ConvTranspose2d):
        network.decoder[-1] = SubpixelConvolution(last)
    network.requires_grad_(False)
    return network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
