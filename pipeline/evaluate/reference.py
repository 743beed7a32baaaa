"""Vectors that every row of the table is compared with, and those of the training."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.labels.labels import Labels
from zpoints.storage import open_store
from zpoints.storage.rows import Rows


@dataclass(frozen=True)
class Reference:
    """Held-out vectors of a store; a few KB in a task.

    Attributes
    ----------
    root, version
        Root and version of the store.
    fingerprint
        Fingerprint of its vectors, which later versions of the store share.
    rows
        int64 (image): rows of the vectors that judged ones are compared with.
    others
        int64 (image): rows that are held out besides these.
    """

    root: str
    version: str
    fingerprint: str
    rows: NDArray[np.int64]
    others: NDArray[np.int64]

    @property
    def kept(self) -> dict[Hashable, Any]:
        """What this process keeps for all rows of the table that have this reference."""
        content = blake2b(np.concatenate([self.rows, [-1], self.others]).tobytes()).hexdigest()
        return _kept(self.root, self.fingerprint, content)

    def vectors(self) -> NDArray[np.float32]:
        """The held-out vectors, float32 (sample, component), read once per process."""
        kept = self.kept
        if "vectors" not in kept:
            kept["vectors"] = self._z.take(self.rows)
        found: NDArray[np.float32] = kept["vectors"]
        return found

    def training(self) -> Iterator[NDArray[np.float32]]:
        """Finite vectors of the training split that are not held out, a chunk at a time."""
        kept = self.kept
        if "training" not in kept:
            latents = open_store(self.root, version=self.version).latents
            trained = Labels(latents).in_split("train")
            trained[np.concatenate([self.rows, self.others])] = False
            kept["training"] = trained, latents["z"].chunksizes["image"][0]
        trained, chunk = kept["training"]
        for start in range(0, len(trained), chunk):
            wanted = trained[start : start + chunk]
            if wanted.any():
                z = self._z.read(start, start + len(wanted))[wanted]
                yield z[np.isfinite(z).all(axis=1)]

    @property
    def _z(self) -> Rows:
        return Rows(self.root, self.version, "latents", "z")


@lru_cache(maxsize=4)
def _kept(root: str, fingerprint: str, rows: str) -> dict[Hashable, Any]:
    return {}
