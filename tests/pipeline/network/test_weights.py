"""Conversion between a network and the weights in a store."""

import pytest
import torch

from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.network.weights import restore_autoencoder, weights_dataset
from zpoints.storage.errors import StoreError


def test_restore_autoencoder__refuses_damaged_weights() -> None:
    dataset = weights_dataset(Autoencoder(Architecture(case=1, side=32, channels=3, z_dim=4)))
    damaged = dataset["weights"].values.copy()
    damaged[-1] ^= 1

    with pytest.raises(StoreError, match="SHA-256"):
        restore_autoencoder(dataset.assign(weights=("byte", damaged)), torch.device("cpu"))
