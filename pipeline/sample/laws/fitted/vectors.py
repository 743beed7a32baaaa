"""The stored vectors that a law is fitted to: those of the training, chunk by chunk.

The others judge the law (`evaluate`), so no fit sees them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.labels.labels import known_splits
from zpoints.pipeline.parts.generator import require_latents
from zpoints.pipeline.row_sample import representative_rows

Vectors = NDArray[np.floating]

BLOCK = 4096
"""Vectors of a block. Blocks do not depend on the chunks of the store, so sums over them do not."""
RUNS = 64
"""Number of runs of consecutive rows that a sample is read from."""


@dataclass(frozen=True)
class StoredVectors:
    """Some rows of the stored vectors; those with a component that is not finite are passed over.

    Attributes
    ----------
    z
        (image, component) of floats, lazy or in memory.
    rows
        int64, increasing.
    """

    z: xr.DataArray
    rows: NDArray[np.int64]

    def sample(self, most: int) -> Self:
        """At most so many, in runs that are evenly spaced: few chunks are read."""
        chosen = representative_rows(len(self.rows), most, blocks=RUNS)
        return type(self)(self.z, self.rows[chosen])

    def blocks(self) -> Iterator[Vectors]:
        """The vectors (vector, component) in blocks of `BLOCK`, of which the last may be shorter.

        One chunk of the store is held at once. It is read in this thread, since a fit is part of a
        task.
        """
        waiting: list[Vectors] = []
        for part in self._parts():
            waiting.append(part)
            while sum(map(len, waiting)) >= BLOCK:
                joined = np.concatenate(waiting)
                yield joined[:BLOCK]
                waiting = [joined[BLOCK:]]
        if sum(map(len, waiting)):
            yield np.concatenate(waiting)

    def load(self) -> Vectors:
        """All of them, (vector, component)."""
        return np.concatenate(
            [np.empty((0, self.z.sizes["component"]), np.float32), *self._parts()]
        )

    def _parts(self) -> Iterator[Vectors]:
        """The finite vectors of each chunk."""
        chunks = self.z.chunks[0] if self.z.chunks else (BLOCK,) * -(-len(self.z) // BLOCK)
        for rows in np.split(self.rows, np.searchsorted(self.rows, np.cumsum(chunks[:-1]))):
            if len(rows):
                read = self.z[rows[0] : rows[-1] + 1].compute(scheduler="synchronous").values
                found = read[rows - rows[0]]
                yield found[np.isfinite(found).all(axis=1)]


def training_vectors(latents: xr.Dataset | None, generator: str) -> StoredVectors:
    """The vectors of the training split; all where splits are unknown.

    Parameters
    ----------
    latents
        The group `latents`.
    generator
        Name of the law, for the message.

    Raises
    ------
    SampleError
        If the latents are missing.
    """
    latents = require_latents(latents, generator)
    splits = known_splits(latents)
    everything = np.arange(latents.sizes["image"])
    return StoredVectors(
        latents["z"], everything if splits is None else everything[splits == "train"]
    )


def trial_vectors(latents: xr.Dataset, most: int) -> tuple[Vectors, Vectors]:
    """Training vectors for trial fits, and others that choose among the fits.

    The others are of the validation split. Where it has fewer than a twentieth of what the trial
    has, a tenth of the training vectors takes its place and is left out of the trial.

    Parameters
    ----------
    latents
        The group `latents`.
    most
        Largest number of either.

    Returns
    -------
    trial, others
        (vector, component).
    """
    splits = known_splits(latents)
    trial = training_vectors(latents, "").sample(most).load()
    if splits is not None:
        validation = StoredVectors(latents["z"], np.flatnonzero(splits == "validation"))
        others = validation.sample(most).load()
        if len(others) >= max(2, len(trial) / 20):
            return trial, others
    tenth = np.arange(len(trial)) % 10 == 0
    return trial[~tenth], trial[tenth]
