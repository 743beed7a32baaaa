"""The stored network for other stages: loaded once per process, applied to whole arrays."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

import numpy as np
import torch
import xarray as xr

from zpoints.pipeline.network.device import (
    DeviceName,
    choose_device,
    gpu_memory,
    single_torch_thread,
)
from zpoints.pipeline.network.forward import AnyNetwork, decode_batches, encode_batches
from zpoints.pipeline.network.stored import code_names, stored_architecture
from zpoints.pipeline.network.weights import restore_network_of
from zpoints.pipeline.parts.code import require_named
from zpoints.storage import open_store

_LOADING = Lock()


@dataclass(frozen=True)
class Network:
    """A trained network in evaluation mode, which encodes and decodes NumPy arrays."""

    module: AnyNetwork

    def encode(self, images: np.ndarray, *, batch: int) -> dict[str, np.ndarray]:
        """Latent vectors and reconstruction errors of images; see `encode_batches`."""
        return encode_batches(self.module, images, batch=batch)

    def decode(self, z: np.ndarray) -> np.ndarray:
        """Images uint8 (sample, y, x, channel) of vectors (sample, component)."""
        return decode_batches(self.module, z)


def load_network(root: str, version: str, device: DeviceName, code: Iterable[str] = ()) -> Network:
    """Load the network of a store's version, once per process and device.

    Versions that hold the same network share it: every stage publishes a version.

    Parameters
    ----------
    root, version
        The store.
    device
        ``auto`` takes CUDA if there is a GPU.
    code
        Names of the classes and functions that the user's configuration or command names; no other
        is imported, whatever the store names (`require_named`).

    Raises
    ------
    DeviceError
        If ``device`` is ``cuda`` and there is none.
    StoreError
        If the stored weights do not have the stored SHA-256.
    NetworkError
        If the network needs code that the user does not name, that cannot be imported, or whose
        source has changed.
    """
    with _LOADING:
        return _load_named(_stored(root, version), device, code)


def restore_network(model: xr.Dataset, device: DeviceName, code: Iterable[str] = ()) -> Network:
    """Load the network of a ``model`` group; it shares the cache of `load_network`.

    Parameters
    ----------
    model
        The group.
    device, code
        As in `load_network`, which lists the errors too.
    """
    with _LOADING:
        return _load_named(_StoredModel.of(model), device, code)


@contextmanager
def task_network(
    root: str, version: str, device: DeviceName, *, remedy: str, code: Iterable[str] = ()
) -> Iterator[Network]:
    """Context in which one task of many uses the network of a store's version.

    Torch computes with a single thread in it, since as many tasks run at once as there are cores.

    Parameters
    ----------
    root, version, device, code
        As in `load_network`.
    remedy
        What to do where the GPU runs out of memory; ends the error message.

    Raises
    ------
    DeviceError
        If there is no such device, or the GPU runs out of memory.
    StoreError
        If the stored weights do not have the stored SHA-256.
    NetworkError
        As in `load_network`.
    """
    with single_torch_thread(), gpu_memory(remedy):
        yield load_network(root, version, device, code)


@dataclass(frozen=True)
class _StoredModel:
    """A ``model`` group; equal where weights and architecture are, whatever the version."""

    sha256: str
    architecture: str
    group: xr.Dataset = field(compare=False)

    @classmethod
    def of(cls, group: xr.Dataset) -> "_StoredModel":
        return cls(group.attrs["sha256"], str(group.attrs["architecture"]), group)


@lru_cache(maxsize=8)
def _stored(root: str, version: str) -> _StoredModel:
    return _StoredModel.of(open_store(root, version=version).model)


def _load_named(stored: _StoredModel, device: DeviceName, code: Iterable[str]) -> Network:
    require_named(code_names(stored_architecture(stored.group)), code)
    return _load(stored, choose_device(device))


@lru_cache(maxsize=2)
def _load(stored: _StoredModel, device: torch.device) -> Network:
    return Network(restore_network_of(stored.group, device))
