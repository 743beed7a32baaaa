"""The convolutional autoencoder: four strided convolutions, a dense bottleneck, and
four transposed convolutions.

Shape letters: B batch, C channels, S image side, F filters, P side after the four halvings,
Z latent components.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor, nn

Activation = Literal["leaky_relu", "relu", "selu"]

HALVINGS = 4
LEAK = 0.3  # negative slope of the leaky ReLU
GAINS: dict[Activation, tuple[Any, float]] = {
    "leaky_relu": ("leaky_relu", LEAK),
    "relu": ("relu", 0.0),
    "selu": ("linear", 0.0),
}
"""Arguments of PyTorch's initialisation for each activation: nonlinearity and slope."""


@dataclass(frozen=True)
class Layers:
    """Filters and kernel sizes; the last transposed convolution has one filter per channel."""

    encoder_filters: tuple[int, int, int, int]
    encoder_kernels: tuple[int, int, int, int]
    decoder_filters: tuple[int, int, int]
    decoder_kernels: tuple[int, int, int, int]


CASES = {
    1: Layers((32, 64, 128, 256), (3, 3, 3, 3), (128, 64, 32), (3, 3, 3, 3)),
    2: Layers((64, 64, 128, 128), (5, 5, 3, 3), (128, 64, 64), (3, 3, 5, 5)),
}


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Everything that determines the layers of an autoencoder.

    Attributes
    ----------
    case
        Key of ``CASES``.
    side
        Side of an image in pixels, a multiple of 16.
    channels
        3 for colour, 1 for grey.
    z_dim
        Components of a latent vector.
    activation
        Of every layer but the last, which ends in a sigmoid, and the dense ones.
    batch_norm
        Whether each convolution but the last is followed by batch normalisation.
    """

    case: Literal[1, 2]
    side: int
    channels: int
    z_dim: int = 256
    activation: Activation = "leaky_relu"
    batch_norm: bool = False


class Autoencoder(nn.Module):
    """A plain convolutional autoencoder with a dense bottleneck and a sigmoid output.

    ``encode`` maps images (B, C, S, S) float in [0, 1] to latents (B, Z); ``decode`` maps latents
    to images. Stride 2 and "same" padding everywhere: the side halves, then doubles, per layer.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        a, layers = architecture, CASES[architecture.case]
        self.architecture = a
        self.patch = a.side // 2**HALVINGS
        deepest = layers.encoder_filters[-1]
        self.encoder = nn.Sequential(
            *_encoder_layers((a.channels, *layers.encoder_filters), layers.encoder_kernels, a)
        )
        self.to_latent = nn.Linear(deepest * self.patch**2, a.z_dim)
        self.from_latent = nn.Linear(a.z_dim, deepest * self.patch**2)
        self.decoder = nn.Sequential(
            *_decoder_layers(
                (deepest, *layers.decoder_filters, a.channels), layers.decoder_kernels, a
            )
        )
        self._initialise()

    def _initialise(self) -> None:
        """Draw weights that keep the variance of activations from layer to layer (He et al. 2015).

        SELU normalises by itself and takes a gain of 1 (Klambauer et al. 2017).
        """
        nonlinearity, leak = GAINS[self.architecture.activation]
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, a=leak, nonlinearity=nonlinearity)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def encode(self, x: Tensor) -> Tensor:
        """Latents (B, Z) of images ``x`` (B, C, S, S)."""
        return self.to_latent(self.encoder(x).flatten(1))  # (B, F, P, P) -> (B, F*P*P) -> (B, Z)

    def decode_logits(self, z: Tensor) -> Tensor:
        """Images before the sigmoid (B, C, S, S), as binary cross-entropy expects them."""
        h = self.from_latent(z).unflatten(1, (-1, self.patch, self.patch))  # (B, F, P, P)
        return self.decoder(h.contiguous(memory_format=torch.channels_last))

    def decode(self, z: Tensor) -> Tensor:
        """Images (B, C, S, S) in [0, 1] of latents ``z`` (B, Z)."""
        return torch.sigmoid(self.decode_logits(z))

    def forward(self, x: Tensor) -> Tensor:
        return self.decode_logits(self.encode(x))


def _activation(name: Activation) -> nn.Module:
    if name == "leaky_relu":
        return nn.LeakyReLU(LEAK, inplace=True)
    return nn.ReLU(inplace=True) if name == "relu" else nn.SELU(inplace=True)


def _block(convolution: nn.Module, filters: int, a: Architecture) -> list[nn.Module]:
    norm = [nn.BatchNorm2d(filters)] if a.batch_norm else []
    return [convolution, *norm, _activation(a.activation)]


def _encoder_layers(
    filters: Sequence[int], kernels: Sequence[int], a: Architecture
) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for (inputs, outputs), kernel in zip(pairwise(filters), kernels, strict=True):
        convolution = nn.Conv2d(inputs, outputs, kernel, stride=2, padding=kernel // 2)
        layers += _block(convolution, outputs, a)
    return layers


def _decoder_layers(
    filters: Sequence[int], kernels: Sequence[int], a: Architecture
) -> list[nn.Module]:
    layers: list[nn.Module] = [_activation(a.activation)]
    for (inputs, outputs), kernel in zip(pairwise(filters), kernels, strict=True):
        convolution = nn.ConvTranspose2d(
            inputs, outputs, kernel, stride=2, padding=kernel // 2, output_padding=1
        )
        layers += _block(convolution, outputs, a)
    return layers[: -(2 if a.batch_norm else 1)]  # the last layer ends in the sigmoid alone
