"""What a network of the user has to give back, checked on one batch before any work."""

from typing import Any, Protocol

import torch
from torch import Tensor

from zpoints.pipeline.errors import NetworkError

BATCH = 2
"""Images of the batch that a network is checked on; random ones, so that no data are needed."""
OUTSIDE = 1e-3
"""How far decoded values may lie outside [0, 1], for rounding."""


class Sizes(Protocol):
    """Side and channels of the images, and components of the vectors."""

    @property
    def side(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def z_dim(self) -> int: ...


class Coder(Protocol):
    """Encodes images (B, C, S, S) in [0, 1] to vectors (B, Z), and decodes them."""

    def encode(self, x: Tensor) -> Tensor: ...
    def decode(self, z: Tensor) -> Tensor: ...


def random_images(sizes: Sizes, device: torch.device) -> Tensor:
    """The same random images at each call: float32 (B, C, S, S) in [0, 1]."""
    generator = torch.Generator().manual_seed(0)
    shape = (BATCH, sizes.channels, sizes.side, sizes.side)
    return torch.rand(shape, generator=generator).to(device)


def check_coder(coder: Coder, sizes: Sizes, names: dict[str, str], device: torch.device) -> None:
    """Encode and decode one batch and check shapes, dtypes, finiteness and range.

    Parameters
    ----------
    coder
        The network.
    sizes
        What the configuration expects.
    names
        What to call the encoder and the decoder in messages, by "encode" and "decode".
    device
        Device of the network.

    Raises
    ------
    NetworkError
        If the network raises, or returns something else than documented.
    """
    x = random_images(sizes, device)
    with torch.no_grad():
        z = called(coder.encode, x, names["encode"])
        shape = (len(x), sizes.z_dim)
        _require_shape(z, shape, names["encode"], _z_remedy(z, len(x)))
        images = called(coder.decode, z, names["decode"])
    _require_shape(images, tuple(x.shape), names["decode"], _IMAGE_REMEDY)
    low, high = float(images.min()), float(images.max())
    if low < -OUTSIDE or high > 1 + OUTSIDE:
        raise NetworkError(
            f"{names['decode']} returns pixel values from {low:.3g} to {high:.3g}; expected 0 to "
            "1. End the decoder in a sigmoid, or scale and clamp its output."
        )


_IMAGE_REMEDY = "Change the decoder, or ingest.side and ingest.channels."


def called(function: Any, x: Tensor, name: str) -> Tensor:
    """The result of a user's function, of which only the type is known yet.

    Parameters
    ----------
    function
        Takes and returns a tensor.
    x
        Its argument.
    name
        What to call it in messages.

    Raises
    ------
    NetworkError
        If the function raises, or returns something else than one tensor.
    """
    try:
        result = function(x)
    except NetworkError:
        raise
    except Exception as error:
        raise NetworkError(
            f"{name} fails on a batch of shape {tuple(x.shape)}, float32: "
            f"{type(error).__name__}: {error}. Expected images as (n, channels, side, side) in "
            "[0, 1] and vectors as (n, z_dim); try it on such a batch."
        ) from error
    if not isinstance(result, Tensor):
        raise NetworkError(
            f"{name} returns a {type(result).__name__}; expected one tensor. Return the vectors "
            "(of a variational autoencoder their mean) or the images alone."
        )
    return result


def _z_remedy(z: Tensor, count: int) -> str:
    if z.ndim == 2 and len(z) == count:
        return f"Set train.z_dim={z.shape[1]}, or change the network."
    return "Flatten the vectors: one row for each image."


def _require_shape(tensor: Tensor, shape: tuple[int, ...], name: str, remedy: str) -> None:
    if tuple(tensor.shape) != shape:
        raise NetworkError(
            f"{name} returns shape {tuple(tensor.shape)}; expected {shape}. {remedy}"
        )
    if tensor.dtype != torch.float32:
        raise NetworkError(
            f"{name} returns {str(tensor.dtype).removeprefix('torch.')}; expected float32. Convert "
            "the result, e.g. with .float()."
        )
    if not torch.isfinite(tensor).all():
        raise NetworkError(
            f"{name} returns NaN or infinite values for random images in [0, 1]; expected finite "
            "ones. Check its weights and its normalisation."
        )
