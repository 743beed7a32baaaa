"""Encodings of a chosen cost: a store of noise images and an untrained network."""

from functools import partial
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from tests.conftest import WORKER, SilentConsole
from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.encode.stage import encode
from zpoints.pipeline.network.architecture import Architecture, Autoencoder
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.pipeline.train.model_group import model_dataset
from zpoints.pipeline.train.state import Curves
from zpoints.storage import Block, open_repository
from zpoints.storage.arrays.layout import unwritten

CHUNK, SIDE = 16, 64


def noise_store(root: Path, images: int, *, chunk: int = CHUNK) -> None:
    """Publish ``images`` images of noise (64 x 64) and a network of 256 components."""
    repository = open_repository(root)
    work = repository.begin(stage="ingest", fingerprint="aa", groups=("images",))
    shape = (images, SIDE, SIDE, 3)
    numbers = np.arange(images)
    work.create(
        "images",
        xr.Dataset(
            {
                "pixels": unwritten(("image", "y", "x", "channel"), shape, np.uint8, chunk=chunk),
                "checksum": ("image", numbers.astype(np.uint64)),
            },
            coords={
                "image": ("image", numbers.astype(str).astype(object)),
                "signature": ("image", numbers.astype(str).astype(object)),
            },
        ),
    )
    bounds = chunk_bounds(images, chunk)
    work.write_chunks("images", [Block(a, b, partial(noise, a, b)) for a, b in bounds])
    work.publish(message="noise", rows=images)
    torch.manual_seed(0)
    network = Autoencoder(Architecture(case=1, side=SIDE, channels=3, z_dim=256))
    work = repository.begin(stage="train", fingerprint="bb", groups=("model",))
    work.create("model", model_dataset(network, Curves([1.0], [1.0], [1.0])))
    work.publish(message="untrained", rows=0)


def noise(start: int, stop: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(start)
    return {"pixels": rng.integers(0, 256, (stop - start, SIDE, SIDE, 3), dtype=np.uint8)}


def encode_store(root: Path, *overrides: str, fingerprint: str = "cc") -> np.ndarray:
    """Encode the store's images on Dask's active scheduler; returns z (image, component).

    Another fingerprint than before encodes the images again.
    """
    repository = open_repository(root, executor=ClusterExecutor())
    config = override(RunConfig(), [f"encode.chunk={CHUNK}", "encode.batch=1", *overrides])
    work = repository.begin(stage="encode", fingerprint=fingerprint, groups=("latents",))
    rows = encode(
        StageRun(
            settings=config.encode,
            store=repository.store(),
            work=work,
            console=SilentConsole(),
            worker=WORKER,
        )
    )
    work.publish(message="encoded", rows=rows)
    return repository.store().latents["z"].values
