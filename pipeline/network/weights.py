"""Conversion between a network and the ``model`` group of a store."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

import numpy as np
import safetensors.torch
import torch
import xarray as xr
from torch import Tensor, nn

from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.device import use_exact_float32, use_repeatable_algorithms
from zpoints.pipeline.network.elsewhere.network import ElsewhereNetwork, pack_parts, unpack_parts
from zpoints.pipeline.network.forward import AnyNetwork, TrainedNetwork
from zpoints.pipeline.network.own import OwnNetwork, load_own_weights, own_weights
from zpoints.pipeline.network.stored import (
    ElsewhereArchitecture,
    OwnArchitecture,
    stored_architecture,
)
from zpoints.pipeline.network.subpixel import SubpixelConvolution
from zpoints.pipeline.parts.code import require_source
from zpoints.storage.errors import StoreError
from zpoints.storage.schema.attributes import nested


def weights_dataset(model: TrainedNetwork) -> xr.Dataset:
    """Pack a network into the part of the ``model`` group from which it can be restored.

    Returns
    -------
    xarray.Dataset
        ``weights`` uint8 (byte), in safetensors format, with the attributes ``architecture`` and
        ``sha256``.
    """
    if isinstance(model, OwnNetwork):
        return _dataset(own_weights(model), model.architecture.model_dump(mode="json"))
    state: dict[str, Tensor] = model.state_dict()
    data = safetensors.torch.save({n: w.detach().cpu().contiguous() for n, w in state.items()})
    return _dataset(data, asdict(model.architecture))


def parts_dataset(architecture: ElsewhereArchitecture, parts: Mapping[str, bytes]) -> xr.Dataset:
    """Pack an encoder and a decoder from elsewhere, as `weights_dataset` packs a trained network.

    Parameters
    ----------
    architecture
        What they are.
    parts
        Contents by "encode" and "decode".
    """
    return _dataset(pack_parts(parts), architecture.model_dump(mode="json"))


def restore_network_of(model: xr.Dataset, device: torch.device) -> AnyNetwork:
    """Restore the network of a ``model`` group, in evaluation mode on ``device``.

    Code that the group names is imported: call `zpoints.pipeline.parts.code.require_named` first.

    Raises
    ------
    StoreError
        If the stored bytes do not have the stored SHA-256, or describe no network.
    NetworkError
        If code that the network needs cannot be imported, or its source file has changed.
    """
    architecture = stored_architecture(model)
    if isinstance(architecture, Architecture):
        return restore_autoencoder(model, device)
    use_exact_float32(device)
    use_repeatable_algorithms(device)
    data = _stored_bytes(model)
    if isinstance(architecture, ElsewhereArchitecture):
        return ElsewhereNetwork(architecture, unpack_parts(data, architecture), device)
    return _restore_own(architecture, data).to(device).eval()


def restore_autoencoder(model: xr.Dataset, device: torch.device) -> Autoencoder:
    """Restore the built-in network of a ``model`` group, in evaluation mode on ``device``.

    On a CPU the last layer is replaced by a `SubpixelConvolution`: the network decodes faster, but
    can be neither trained nor stored.

    Raises
    ------
    StoreError
        If the stored bytes do not have the stored SHA-256.
    """
    use_exact_float32(device)
    use_repeatable_algorithms(device)
    data = _stored_bytes(model)
    network = Autoencoder(Architecture(**nested(model.attrs, "architecture")))
    network.load_state_dict(safetensors.torch.load(data))
    last = network.decoder[-1]
    if device.type == "cpu" and isinstance(last, nn.ConvTranspose2d):
        network.decoder[-1] = SubpixelConvolution(last)
    network.requires_grad_(False)
    return network.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]


def _restore_own(architecture: OwnArchitecture, data: bytes) -> OwnNetwork:
    require_source(architecture.network, architecture.source)
    network = OwnNetwork(architecture)
    load_own_weights(network, data)
    return network.requires_grad_(False)


def _dataset(data: bytes, architecture: dict[str, Any]) -> xr.Dataset:
    return xr.Dataset(
        {"weights": ("byte", np.frombuffer(data, dtype=np.uint8))},
        attrs={"architecture": architecture, "sha256": sha256(data).hexdigest()},
    )


def _stored_bytes(model: xr.Dataset) -> bytes:
    """The stored safetensors file, compared with its SHA-256."""
    # In this thread: a task that waits for another task of its worker might never resume.
    data: bytes = model["weights"].compute(scheduler="synchronous").values.tobytes()
    if sha256(data).hexdigest() != model.attrs["sha256"]:
        raise StoreError(
            "The stored weights do not have the SHA-256 that was recorded with them; the store "
            "is damaged. Open an older version (zpoints history ROOT) or train again."
        )
    return data
