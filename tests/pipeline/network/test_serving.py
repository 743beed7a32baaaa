"""Loading the stored network: once per process and network."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch
import xarray as xr

from zpoints.pipeline.network import serving
from zpoints.pipeline.network.forward import AnyNetwork
from zpoints.pipeline.network.serving import Network, load_network
from zpoints.pipeline.network.weights import restore_network_of
from zpoints.storage import Store, open_store

THREADS = 8


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """SHA-256 of every network that is loaded from now on."""
    seen: list[str] = []

    def counted(model: xr.Dataset, device: torch.device) -> AnyNetwork:
        seen.append(model.attrs["sha256"])
        return restore_network_of(model, device)

    monkeypatch.setattr(serving, "restore_network_of", counted)

    serving._load.cache_clear()
    serving._stored.cache_clear()
    return seen


def test_load_network__threads_of_a_worker_load_it_once(
    small_store: Store, loads: list[str]
) -> None:
    ready = Barrier(THREADS)

    def load(number: int) -> Network:
        ready.wait()
        return load_network(small_store.root, small_store.version, "cpu")

    with ThreadPoolExecutor(THREADS) as pool:
        networks = list(pool.map(load, range(THREADS)))

    assert loads == [small_store.model.attrs["sha256"]]
    assert all(network is networks[0] for network in networks)


def test_load_network__versions_with_the_same_network_share_it(
    small_store: Store, loads: list[str]
) -> None:
    versions = [open_store(small_store.root, version=v.id) for v in small_store.history()]
    trained = [store for store in versions if "model" in store.groups]

    networks = {load_network(store.root, store.version, "cpu") for store in trained}

    assert len(trained) > 3
    assert len(networks) == len(loads) == 1
