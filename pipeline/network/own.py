"""A network of the user's own class, named as ``package.module:Class``.

Shape letters: B batch, C channels, S image side, Z latent components.
"""

import inspect
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, mse_loss

from zpoints.pipeline.errors import NetworkError
from zpoints.pipeline.network.checked import called, check_coder, random_images
from zpoints.pipeline.network.stored import OwnArchitecture
from zpoints.pipeline.parts.code import load_code


class OwnNetwork(nn.Module):
    """The user's network behind the interface of the built-in one.

    Attributes
    ----------
    inner
        The user's module.
    architecture
        What it is made of.
    """

    def __init__(self, architecture: OwnArchitecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.inner = _constructed(architecture)

    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, Z) of images ``x`` (B, C, S, S) in [0, 1]."""
        z: Tensor = self.inner.encode(x.contiguous())
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, S, S) of latents ``z`` (B, Z), cut to [0, 1]."""
        return self.inner.decode(z).clamp(0, 1)

    def loss(self, x: Tensor, kind: str) -> Tensor:
        """The scalar to minimise: the module's own ``loss``, or that of the reconstruction.

        Parameters
        ----------
        x
            Images (B, C, S, S).
        kind
            "mse" or "bce", where the module has no loss of its own.
        """
        if has_loss(self.inner):
            own: Tensor = self.inner.loss(x.contiguous())
            return own.float()
        return reconstruction_loss(self.reconstruct(x), x, kind)

    def reconstruct(self, x: Tensor) -> Tensor:
        """Decoded latents of images ``x`` (B, C, S, S), float32 and not cut to [0, 1]."""
        decoded: Tensor = self.inner.decode(self.inner.encode(x.contiguous()))
        return decoded.float()


def reconstruction_loss(images: Tensor, x: Tensor, kind: str) -> Tensor:
    """The scalar by which reconstructions differ from their images, computed in float32.

    Parameters
    ----------
    images
        Reconstructions (B, C, S, S), float32.
    x
        Images (B, C, S, S) in [0, 1].
    kind
        "mse" or "bce".
    """
    with torch.autocast(x.device.type, enabled=False):
        if kind == "bce":
            return binary_cross_entropy(images.clamp(0, 1), x)
        return mse_loss(images, x)


def has_loss(module: nn.Module) -> bool:
    """Whether a module brings a loss of its own."""
    return callable(getattr(module, "loss", None))


def own_weights(network: OwnNetwork) -> bytes:
    """The state of the user's module as a safetensors file; shared tensors are stored twice."""
    state = network.inner.state_dict()
    if wrong := [name for name, value in state.items() if not isinstance(value, Tensor)]:
        raise NetworkError(
            f"{network.architecture.network}: state_dict() has {wrong[0]!r}, which is not a "
            "tensor; expected tensors only. Register it as a buffer, or take it as an option."
        )
    copies = {
        name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, value in state.items()
    }
    return safetensors.torch.save(copies)


def load_own_weights(network: OwnNetwork, data: bytes) -> None:
    """Set the state of the user's module.

    Raises
    ------
    NetworkError
        If the class makes a module with other weights than the stored ones.
    """
    try:
        network.inner.load_state_dict(safetensors.torch.load(data))
    except RuntimeError as error:
        raise NetworkError(
            f"{network.architecture.network} does not fit the stored weights: {error}. Expected a "
            "class that makes the same layers from the same options, or train again."
        ) from error


def check_own(network: OwnNetwork, loss: str, device: torch.device) -> None:
    """Check a network on one batch: vectors, images, loss, and that its weights can be stored.

    Parameters
    ----------
    network
        On ``device``; it is in evaluation mode afterwards.
    loss
        "mse" or "bce".
    device
        Where the batch goes.

    Raises
    ------
    NetworkError
        If something differs from what `docs/decisions/pipeline-network-own.md` documents.
    """
    name = network.architecture.network
    network.eval()
    parts = {part: f"{name}.{part}" for part in ("encode", "decode")}
    # The user's module itself, so that values outside [0, 1] are seen.
    check_coder(network.inner, network.architecture, parts, device)
    network.train()
    x = random_images(network.architecture, device)
    value = called(lambda images: network.loss(images, loss), x, f"{name}.loss")
    if value.shape != () or not value.requires_grad:
        raise NetworkError(
            f"{name}.loss returns a tensor of shape {tuple(value.shape)}"
            f"{'' if value.requires_grad else ' without gradient'}; expected a scalar that depends "
            "on the weights. Return the mean over the batch."
        )
    network.eval()
    load_own_weights(network, own_weights(network))


def _constructed(a: OwnArchitecture) -> Any:
    """An instance of the class, given its options and those sizes that its signature names."""
    cls = load_code(a.network)
    if not (inspect.isclass(cls) and issubclass(cls, nn.Module)):
        raise NetworkError(
            f"{a.network} is not a network; expected a class derived from torch.nn.Module with the "
            "methods encode and decode."
        )
    known = inspect.signature(cls).parameters
    sizes = {"image_size": a.side, "channels": a.channels, "z_dim": a.z_dim}
    given = {name: size for name, size in sizes.items() if name in known}
    try:
        module = cls(**{**given, **a.options})
    except Exception as error:
        arguments = ", ".join(f"{key}={value!r}" for key, value in {**given, **a.options}.items())
        raise NetworkError(
            f"{a.network}({arguments}) fails: {type(error).__name__}: {error}. Its arguments are "
            "train.network_options, and image_size, channels and z_dim where it takes them."
        ) from error
    if missing := [m for m in ("encode", "decode") if not callable(getattr(module, m, None))]:
        raise NetworkError(
            f"{a.network} has no method {' and no method '.join(missing)}; expected encode(images) "
            "and decode(z)."
        )
    return module
