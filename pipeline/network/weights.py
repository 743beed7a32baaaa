"""The trained network as a group of the store, and back."""

from dataclasses import asdict, dataclass, field
from functools import lru_cache
from hashlib import sha256
from threading import Lock
from typing import Any

import numpy as np
import safetensors.torch
import torch
import xarray as xr
from torch import nn

from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.device import use_exact_float32, use_repeatable_algorithms
from zpoints.pipeline.network.subpixel import SubpixelConvolution
from zpoints.pipeline.train.config import TrainConfig
from zpoints.pipeline.train.loop import autocasts
from zpoints.pipeline.train.state import Curves
from zpoints.storage import open_store
from zpoints.storage.errors import StoreError

_LOADING = Lock()


def model_dataset(model: Autoencoder, curves: Curves) -> xr.Dataset:
    """The ``model`` group: weights as safetensors bytes, loss curves, architecture, SHA-256.

    Returns
    -------
    xarray.Dataset
        ``weights`` uint8 (byte); ``loss``, ``validation_loss``, ``learning_rate`` float64 (epoch).
    """
    state = {name: w.detach().cpu().contiguous() for name, w in model.state_dict().items()}
    data = safetensors.torch.save(state)
    epochs = len(curves.loss)
    return xr.Dataset(
        {
            "weights": ("byte", np.frombuffer(data, dtype=np.uint8)),
            "loss": ("epoch", np.array(curves.loss)),
            "validation_loss": ("epoch", np.array(curves.validation_loss)),
            "learning_rate": ("epoch", np.array(curves.learning_rate)),
        },
        coords={"epoch": np.arange(1, epochs + 1)},
        attrs={
            "architecture": asdict(model.architecture),
            "sha256": sha256(data).hexdigest(),
        },
    )


def restore_model(model: xr.Dataset, device: torch.device) -> Autoencoder:
    """The network of a ``model`` group, in evaluation mode on ``device``.

    On a processor its last layer has another form (``SubpixelConvolution``): it decodes, and is not
    for training or storing.

    Raises
    ------
    StoreError
        If the stored bytes do not have the stored SHA-256.
    """
    use_exact_float32(device)
    use_repeatable_algorithms(device)
    # In this thread: a task that waits for another task of its worker might wait for ever.
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


@dataclass(frozen=True)
class _Stored:
    """A ``model`` group; equal where weights and architecture are, whatever the version."""

    digest: str
    architecture: str
    group: xr.Dataset = field(compare=False)


def load_model(root: str, version: str, device: torch.device) -> Autoencoder:
    """The network of a version of a store, read once per worker process, whatever its threads.

    Versions that hold the same network share it: every stage publishes a version.
    """
    with _LOADING:
        return _load(_stored(root, version), device)


@lru_cache(maxsize=8)
def _stored(root: str, version: str) -> _Stored:
    group = open_store(root, version=version).model
    return _Stored(group.attrs["sha256"], str(group.attrs["architecture"]), group)


@lru_cache(maxsize=2)
def _load(stored: _Stored, device: torch.device) -> Autoencoder:
    return restore_model(stored.group, device)


def training_attrs(config: TrainConfig, device: torch.device) -> dict[str, Any]:
    """What the store records of a training beside its result; ``auto`` values as resolved."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    precision = "bfloat16" if autocasts(config, device) else "float32"
    settings = config.model_dump(mode="json")
    return {"training": {**settings, "precision": precision}, "device": name}
