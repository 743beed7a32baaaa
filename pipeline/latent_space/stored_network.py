"""The network of a stored version, as tasks carry it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from zpoints.pipeline.network.serving import Network

ENCODED_AT_ONCE = 128
"""Images per forward pass."""
GPU_REMEDY = "Set CUDA_VISIBLE_DEVICES to nothing to use the processor."


@dataclass(frozen=True)
class StoredNetwork:
    """The network of a version; a few bytes in a task.

    It computes with one thread of torch, since as many tasks run at once as there are cores.
    """

    root: str
    version: str
    code: tuple[str, ...]

    def decode(self, z: NDArray[np.float32]) -> NDArray[np.uint8]:
        with self._loaded() as network:
            return network.decode(z)

    def encode(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self._loaded() as network:
            return network.encode(images, batch=ENCODED_AT_ONCE)["z"]

    def _loaded(self) -> AbstractContextManager["Network"]:
        from zpoints.pipeline.network.serving import task_network  # loads torch

        return task_network(self.root, self.version, "auto", remedy=GPU_REMEDY, code=self.code)
