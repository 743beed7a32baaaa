"""The subject of an evaluation: vectors and their images, read inside the tasks."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import REFERENCES, EvaluateConfig
from zpoints.pipeline.evaluate.dispatch import measure_images
from zpoints.pipeline.evaluate.inputs import Batch
from zpoints.pipeline.evaluate.measure_table import measured_by
from zpoints.pipeline.network.serving import Network, task_network
from zpoints.storage import open_store
from zpoints.storage.rows import Rows

BATCH = 128
"""Images per forward pass; part of the byte-exact result."""


@dataclass(frozen=True)
class Subject:
    """Vectors of one row of the report's table, and the images that belong to them.

    Attributes
    ----------
    root, version
        Root and version of the store.
    name
        Name of the samples; "real" for photographs, "reconstruction" for photographs encoded and
        decoded.
    rows
        int64 (sample): rows of the samples, or of the photographs.
    code
        As in `StageRun`.
    has_network
        Whether a network codes the vectors; else they are judged themselves.
    """

    root: str
    version: str
    name: str
    rows: NDArray[np.int64]
    code: tuple[str, ...] = ()
    has_network: bool = True

    @property
    def is_real(self) -> bool:
        """Whether the images are photographs rather than decoded vectors."""
        return self.name == "real"

    def vectors(self, start: int, stop: int) -> NDArray[np.float32]:
        """Drawn vectors, or latents of photographs: float32 (sample, component)."""
        is_reference = self.name in REFERENCES
        return self._stored("latents" if is_reference else f"samples/{self.name}", "z", start, stop)

    def images(self, start: int, stop: int, network: Network) -> NDArray[np.uint8]:
        """Some of the images: photographs, reconstructions or samples.

        Parameters
        ----------
        start, stop
            Rows start to stop - 1.
        network
            Decodes the reconstructions.

        Returns
        -------
        numpy.ndarray
            (sample, y, x, channel) uint8.
        """
        if self.name == "reconstruction":
            return network.decode(self.vectors(start, stop))
        group = "images" if self.is_real else f"samples/{self.name}"
        return self._stored(group, "pixels", start, stop)

    def all_images(self, device: Literal["auto", "cpu", "cuda"]) -> NDArray[np.uint8]:
        """All images, uint8 (sample, y, x, channel); decoded with one torch thread."""
        with self._network(device) as network:
            return self.images(0, len(self.rows), network)

    def judge(self, config: EvaluateConfig, start: int, stop: int) -> Mapping[str, np.ndarray]:
        """Variables along `sample` of some rows: the vectors encoded again, and the measures.

        Runs as one task. It uses a single torch thread, since as many tasks run at once as there
        are cores.

        Parameters
        ----------
        config
            The section `evaluate`.
        start, stop
            Positions in `rows`.

        Returns
        -------
        dict
            `reencoded`, float32 (sample, component), if there is a network, and the variable of
            each measure that judges image by image, (sample).
        """
        z = self.vectors(start, stop)
        images, reencoded = np.empty((len(z), 0, 0, 0), np.uint8), z
        if self.has_network:
            with self._network(config.device) as network:
                images = self.images(start, stop, network)
                reencoded = network.encode(images, batch=BATCH)["z"]
        batch = Batch(
            config=config,
            statistics=stored_statistics(self.root, self.version),
            z=z,
            images=images,
            reencoded=reencoded,
            decoded=self.has_network and not self.is_real,
        )
        found = measure_images(batch, measured_by(config, images=self.has_network))
        return {"reencoded": reencoded, **found} if self.has_network else found

    def _network(self, device: Literal["auto", "cpu", "cuda"]) -> AbstractContextManager[Network]:
        remedy = "Set evaluate.device to cpu."
        return task_network(self.root, self.version, device, remedy=remedy, code=self.code)

    def _stored(self, group: str, variable: str, start: int, stop: int) -> np.ndarray:
        return Rows(self.root, self.version, group, variable).take(self.rows[start:stop])


@lru_cache(maxsize=2)
def stored_statistics(root: str, version: str) -> xr.Dataset:
    """The statistics of one version of a store, read once per worker process."""
    return open_store(root, version=version).statistics
