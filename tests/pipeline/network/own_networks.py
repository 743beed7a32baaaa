"""Networks as a user would write them, named in tests as tests.pipeline.network.own_networks:NAME.

Shape letters: B batch, C channels, S image side, Z latent components.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

NAME = "tests.pipeline.network.own_networks:"


class Vae(nn.Module):
    """A small variational autoencoder; its loss draws random numbers."""

    def __init__(self, image_size: int, channels: int, z_dim: int, width: int = 16) -> None:
        super().__init__()
        deep, side = 2 * width, image_size // 4
        self.encoder = nn.Sequential(
            nn.Conv2d(channels, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(width, deep, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(deep * side**2, 2 * z_dim),
        )
        self.decoder = nn.Sequential(
            nn.Linear(z_dim, deep * side**2),
            nn.ReLU(),
            nn.Unflatten(1, (deep, side, side)),
            nn.ConvTranspose2d(deep, width, 4, stride=2, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
            nn.Sigmoid(),
        )

    def encode(self, images: Tensor) -> Tensor:
        return self.encoder(images).chunk(2, dim=1)[0]

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)

    def loss(self, images: Tensor) -> Tensor:
        mean, log_variance = self.encoder(images).chunk(2, dim=1)
        z = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).sum(1).mean()
        return mse_loss(self.decode(z), images) + 1e-4 * divergence


class Linear(nn.Module):
    """One linear layer each way with tied weights, no loss, and the faults that tests ask for."""

    def __init__(self, image_size: int, channels: int, z_dim: int, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.shape = (channels, image_size, image_size)
        self.weight = nn.Parameter(0.01 * torch.randn(z_dim, channels * image_size**2))
        self.same = self.weight
        self.unused = nn.Parameter(torch.zeros(3))
        if fault == "construction":
            raise RuntimeError("no such width")

    def encode(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        z = images.view(len(images), -1) @ self.weight.T  # fails where strides are not NCHW
        faulty = {
            "components": lambda: z[:, 1:],
            "tuple": lambda: (z, z),
            "dtype": z.double,
            "infinite": lambda: z / 0,
            "exception": lambda: z @ z,
        }
        return faulty.get(self.fault, lambda: z)()

    def decode(self, z: Tensor) -> Tensor:
        images = (z @ self.same).view(-1, *self.shape)
        faulty = {"range": lambda: 5 * images + 3, "side": lambda: images[..., 1:]}
        return faulty.get(self.fault, images.sigmoid)()


class LossWithoutGradient(Linear):
    """Its loss does not depend on the weights."""

    def loss(self, images: Tensor) -> Tensor:
        return images.mean()


class NoDecoder(nn.Module):
    """Cannot decode."""

    def encode(self, images: Tensor) -> Tensor:
        return images.flatten(1)


def encode_means(images: np.ndarray) -> np.ndarray:
    """A function of arrays: means of 16 patches (B, 16) of one channel."""
    count, side = len(images), images.shape[2] // 4
    return images[:, 0].reshape(count, 4, side, 4, side).mean(axis=(2, 4)).reshape(count, 16)


def decode_means(z: np.ndarray) -> np.ndarray:
    """Its counterpart: (B, 3, 32, 32)."""
    grey = z.reshape(-1, 1, 4, 4).repeat(8, axis=2).repeat(8, axis=3)
    return grey.repeat(3, axis=1).astype(np.float32)
