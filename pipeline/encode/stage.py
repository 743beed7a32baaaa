"""The graph of the encoding: one task per chunk of latents."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from pipeline.encode.config import EncodeConfig
from pipeline.encode.kernels import encode_batches
from pipeline.stage import StageRun, chunk_bounds
from pipeline.train.device import choose_device, single_torch_thread
from pipeline.train.weights import load_model
from storage import Block
from storage.groups import unwritten
from storage.rows import Rows
from storage.variables import labels

GROUP = "latents"


def encode(run: StageRun) -> int:
    """Encode the images of the store into ``latents``; returns how many rows it holds.

    Images that the stored model has encoded already are not encoded again.
    """
    config, images, store = run.config.encode, run.store.images, run.store
    count, digest = images.sizes["image"], store.model.attrs["sha256"]
    previous = run.previous(GROUP)
    if previous is not None and previous.attrs["model_sha256"] != digest:
        previous = None
    carried = _carried(images, previous)
    run.work.create(
        GROUP,
        _template(images, store.model.attrs["architecture"]["z_dim"], config),
        attrs={"grown_from": _grown_from(previous, carried), "model_sha256": digest},
        carried=carried if (carried >= 0).any() else None,
    )
    known = int((carried >= 0).sum())
    if known:
        run.console.line(f"{known:,} images are encoded already, {count - known:,} are new.")
    rows = partial(_Encoding, store.root, store.version, config.batch, config.device)
    blocks = [
        Block(start, stop, rows(start, carried[start:stop]))
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar("encode", total=count, unit="images") as advance:
        run.work.write_chunks(GROUP, blocks, on_progress=lambda done: advance(done, ""))
    return count


def _carried(images: xr.Dataset, previous: xr.Dataset | None) -> np.ndarray:
    """int64 (image): the row of the stored latents that encodes the same image, or -1."""
    if previous is None:
        return np.full(images.sizes["image"], -1)
    return _content(previous).get_indexer(_content(images))


def _content(rows: xr.Dataset) -> pd.MultiIndex:
    names = rows["name"].values.astype(object)
    return pd.MultiIndex.from_arrays([names, rows["checksum"].values])


def _grown_from(previous: xr.Dataset | None, carried: np.ndarray) -> dict[str, int]:
    """Fingerprints of the latents whose rows these begin with, and the numbers of their rows."""
    if previous is None:
        return {}
    rows = previous.sizes["image"]
    if not np.array_equal(carried[:rows], np.arange(rows)):
        return {}
    return {**previous.attrs["grown_from"], previous.attrs["fingerprint"]: rows}


@dataclass(frozen=True)
class _Encoding:
    """One task; a single torch thread, since as many tasks run at once as there are cores."""

    root: str
    version: str
    batch: int
    device: Literal["auto", "cpu", "cuda"]
    start: int
    carried: np.ndarray

    def __call__(self) -> dict[str, np.ndarray]:
        images = self._stored("images", "image").read(self.start, self.start + len(self.carried))
        new = self.carried < 0
        with single_torch_thread():
            model = load_model(self.root, self.version, choose_device(self.device))
            fresh = encode_batches(model, images[new], batch=self.batch)
        if new.all():
            return fresh
        return {name: self._completed(name, values, new) for name, values in fresh.items()}

    def _completed(self, name: str, fresh: np.ndarray, new: np.ndarray) -> np.ndarray:
        values = np.empty((len(new), *fresh.shape[1:]), dtype=fresh.dtype)
        values[new] = fresh
        values[~new] = self._stored(GROUP, name).take(self.carried[~new])
        return values

    def _stored(self, group: str, variable: str) -> Rows:
        return Rows(self.root, self.version, group, variable)


def _template(images: xr.Dataset, z_dim: int, config: EncodeConfig) -> xr.Dataset:
    """The group's metadata, with the labels of the images."""
    count, chunk = images.sizes["image"], config.chunk
    return xr.Dataset(
        {
            "z": unwritten(("image", "component"), (count, z_dim), np.float32, chunk=chunk),
            "reconstruction_error": unwritten("image", (count,), np.float32, chunk=chunk),
        },
        coords=labels(images),
    )
