"""The encode stage: one task per chunk of latent vectors."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.encode.config import EncodeConfig
from zpoints.pipeline.network.device import DeviceName
from zpoints.pipeline.network.serving import task_network
from zpoints.pipeline.network.stored import stored_architecture
from zpoints.pipeline.progress import counted
from zpoints.pipeline.row_sample import representative_rows
from zpoints.pipeline.spread import Spread
from zpoints.pipeline.stage_run import StageRun, chunk_bounds
from zpoints.storage import Block, Store
from zpoints.storage.arrays.layout import unwritten
from zpoints.storage.carried_rows import CarriedRows
from zpoints.storage.rows import Rows
from zpoints.storage.schema.provenance import PROVENANCE, provenance_of
from zpoints.storage.schema.registry import label_variables

GROUP = "latents"
EXAMINED = 2048
"""Vectors that are examined for a collapse."""


def encode(run: StageRun[EncodeConfig]) -> int:
    """Encode the images of the store into ``latents``; return the number of its rows.

    Vectors of images that the stored model has already encoded are copied.
    """
    config, images, store = run.settings, run.store.images, run.store
    count, digest = images.sizes["image"], store.model.attrs["sha256"]
    previous = run.previous(GROUP)
    if previous is not None and provenance_of(previous.attrs)["model_sha256"] != digest:
        previous = None
    carried = _carried(images, previous)
    run.work.create(
        GROUP,
        _template(images, stored_architecture(store.model).z_dim, config),
        attrs={PROVENANCE: {"grown_from": _grown_from(previous, carried), "model_sha256": digest}},
        carried=carried,
    )
    known = int((carried >= 0).sum())
    if known:
        run.console.line(f"{counted(known, 'image')} already encoded, {count - known:,} new.")
    task = partial(_Encoding, store.root, store.version, config.batch, config.device, run.code)
    stored = CarriedRows(store.root, store.version, GROUP, carried)
    blocks = [
        Block(start, stop, task(start, stop, stored.block(start, stop)))
        for start, stop in chunk_bounds(count, config.chunk)
    ]
    with run.console.bar("encode", total=count, unit="images") as advance:
        run.work.write_chunks(GROUP, blocks, on_progress=lambda done: advance(done, ""))
    some = run.work.dataset(GROUP)["z"][representative_rows(count, EXAMINED)].values
    if message := Spread.of(some).message:
        run.console.line(message)
    return count


def latents_fit_model(store: Store) -> bool:
    """Whether the stored model made the stored latents; devices train a model differently."""
    return bool(provenance_of(store.latents.attrs)["model_sha256"] == store.model.attrs["sha256"])


def _carried(images: xr.Dataset, previous: xr.Dataset | None) -> np.ndarray:
    """(image) int64: the row of the stored latents that encodes the same image, or -1."""
    if previous is None:
        return np.full(images.sizes["image"], -1)
    return _content(previous).get_indexer(_content(images))


def _content(rows: xr.Dataset) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([rows["image"].values.astype(object), rows["checksum"].values])


def _grown_from(previous: xr.Dataset | None, carried: np.ndarray) -> dict[str, int]:
    """Fingerprints of the latents that these begin with, and the numbers of their rows."""
    if previous is None:
        return {}
    rows = previous.sizes["image"]
    if not np.array_equal(carried[:rows], np.arange(rows)):
        return {}
    made = provenance_of(previous.attrs)
    return {**made["grown_from"], made["fingerprint"]: rows}


@dataclass(frozen=True)
class _Encoding:
    """One task. It uses one torch thread, since as many tasks run at once as there are cores."""

    root: str
    version: str
    batch: int
    device: DeviceName
    code: tuple[str, ...]
    start: int
    stop: int
    carried: CarriedRows | None

    def __call__(self) -> dict[str, np.ndarray]:
        images = Rows(self.root, self.version, "images", "pixels").read(self.start, self.stop)
        if self.carried is None:
            return self._encoded(images)
        return self.carried.complete(self._encoded(images[self.carried.new]))

    def _encoded(self, images: np.ndarray) -> dict[str, np.ndarray]:
        remedy = "Lower encode.batch, or set encode.device to cpu."
        with task_network(
            self.root, self.version, self.device, remedy=remedy, code=self.code
        ) as network:
            return network.encode(images, batch=self.batch)


def _template(images: xr.Dataset, z_dim: int, config: EncodeConfig) -> xr.Dataset:
    """The metadata of the group, with the labels of the images."""
    count, chunk = images.sizes["image"], config.chunk
    return xr.Dataset(
        {
            "z": unwritten(("image", "component"), (count, z_dim), np.float32, chunk=chunk),
            "reconstruction_error": unwritten("image", (count,), np.float32, chunk=chunk),
        },
        coords=label_variables(images),
    )
