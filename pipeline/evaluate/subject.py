"""What is judged: vectors and their images, named here and read inside the tasks."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.measures.faces import find_faces
from zpoints.pipeline.evaluate.measures.round_trip import relative_distance, spread_of
from zpoints.pipeline.network.serving import Network, task_network
from zpoints.pipeline.sample.region import violated_pairs, whitened
from zpoints.storage import open_store
from zpoints.storage.rows import Rows

BATCH = 128
"""Images per forward pass; part of the byte-exact result."""


@dataclass(frozen=True)
class Subject:
    """Vectors of one row of the table, and the images that belong to them.

    Attributes
    ----------
    root, version
        The store.
    name
        Of the samples; "real" for photographs, "reconstruction" for what becomes of them.
    rows
        int64 (sample): rows of the samples or of the photographs.
    """

    root: str
    version: str
    name: str
    rows: NDArray[np.int64]

    @property
    def is_real(self) -> bool:
        """Whether the images are photographs, which no vector was decoded to."""
        return self.name == "real"

    def vectors(self, start: int, stop: int) -> NDArray[np.float32]:
        """float32 (sample, component): drawn vectors, or latents of photographs."""
        known = self.name in ("real", "reconstruction")
        return self._stored("latents" if known else f"samples/{self.name}", "z", start, stop)

    def images(self, start: int, stop: int, network: Network) -> NDArray[np.uint8]:
        """uint8 (sample, y, x, channel): what they decode to; photographs as they are."""
        if self.name == "reconstruction":
            return network.decode(self.vectors(start, stop))
        group = "images" if self.is_real else f"samples/{self.name}"
        return self._stored(group, "image", start, stop)

    def all_images(self, device: Literal["auto", "cpu", "cuda"]) -> NDArray[np.uint8]:
        """All images, block by block in the order of their rows; one torch thread."""
        with self._network(device) as network:
            return self.images(0, len(self.rows), network)

    def judge(self, config: EvaluateConfig, start: int, stop: int) -> Mapping[str, np.ndarray]:
        """What can be said of each sample by itself; the variables along `sample`.

        One task; a single torch thread, since as many tasks run at once as there are cores.
        """
        z = self.vectors(start, stop)
        with self._network(config.device) as network:
            images = self.images(start, stop, network)
            reencoded = network.encode(images, batch=BATCH)["z"]
        statistics = _statistics(self.root, self.version)
        distance = relative_distance(z, reencoded, spread_of(statistics))
        w = whitened(z, statistics)
        return {
            "reencoded": reencoded,
            "face_found": find_faces(images),
            "round_trip_distance": np.full_like(distance, np.nan) if self.is_real else distance,
            "mahalanobis_radius": np.linalg.norm(w, axis=1).astype(np.float32),
            "violated_pairs": violated_pairs(w, config.level),
        }

    def _network(self, device: Literal["auto", "cpu", "cuda"]) -> AbstractContextManager[Network]:
        return task_network(self.root, self.version, device, remedy="Set evaluate.device to cpu.")

    def _stored(self, group: str, variable: str, start: int, stop: int) -> np.ndarray:
        return Rows(self.root, self.version, group, variable).take(self.rows[start:stop])


@lru_cache(maxsize=2)
def _statistics(root: str, version: str) -> xr.Dataset:
    """The statistics of a version of a store, once per worker process."""
    return open_store(root, version=version).statistics
