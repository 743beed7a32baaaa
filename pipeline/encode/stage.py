"""The graph of the encoding: one task per chunk of latents."""

from functools import partial
from typing import Literal

import dask.array as da
import numpy as np
import xarray as xr

from pipeline.encode.config import EncodeConfig
from pipeline.encode.kernels import encode_batches
from pipeline.stage import StageRun, chunk_bounds
from pipeline.train.device import choose_device, single_torch_thread
from pipeline.train.weights import load_model
from storage import Block
from storage.rows import Rows
from storage.variables import labels

GROUP = "latents"


def encode(run: StageRun) -> int:
    """Encode every image of the store into ``latents``; returns how many."""
    config, images, store = run.config.encode, run.store.images, run.store
    count = images.sizes["image"]
    z_dim = store.model.attrs["architecture"]["z_dim"]
    run.work.create(GROUP, _template(images, z_dim, config))
    rows = Rows(store.root, store.version, "images", "image")
    blocks = [
        Block(start, stop, partial(_encode_rows, rows, start, stop, config.batch, config.device))
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar("encode", total=count, unit="images") as advance:
        run.work.write_chunks(GROUP, blocks, on_progress=lambda done: advance(done, ""))
    return count


def _encode_rows(
    rows: Rows, start: int, stop: int, batch: int, device: Literal["auto", "cpu", "cuda"]
) -> dict[str, np.ndarray]:
    """One task; a single torch thread, since as many tasks run at once as there are cores."""
    with single_torch_thread():
        model = load_model(rows.root, rows.version, choose_device(device))
        return encode_batches(model, rows.read(start, stop), batch=batch)


def _template(images: xr.Dataset, z_dim: int, config: EncodeConfig) -> xr.Dataset:
    """The group's metadata, with the labels of the images."""
    count = images.sizes["image"]
    return xr.Dataset(
        {
            "z": (
                ("image", "component"),
                da.zeros((count, z_dim), dtype=np.float32, chunks=(config.chunk, z_dim)),
            ),
            "reconstruction_error": (
                "image",
                da.zeros(count, dtype=np.float32, chunks=config.chunk),
            ),
        },
        coords=labels(images),
    )
