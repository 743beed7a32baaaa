"""The stored vectors that a law is fitted to: those of the training, chunk by chunk.

The others judge the law (`evaluate`), so no fit sees them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import FewVectorsError
from zpoints.pipeline.labels.labels import known_splits
from zpoints.pipeline.parts.generator import require_latents
from zpoints.pipeline.row_sample import representative_rows
from zpoints.pipeline.sample.laws.fitted.expectation_maximisation import THREADS, in_threads

Vectors = NDArray[np.floating]

BLOCK = 4096
"""Vectors of a block. Blocks do not depend on the chunks of the store, so sums over them do not."""
KEPT = 512 * 2**20
"""Bytes of points that a fit keeps in memory; it reads more of them again in each pass."""
SAMPLE = 10_000
"""Vectors of the first fit, which the passes over all continue, and of a choice among fits."""
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

    def sample(self, most: int | None) -> Self:
        """At most so many, in runs that are evenly spaced: few chunks are read; all if None."""
        if most is None:
            return self
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


def repeatable(
    vectors: StoredVectors, points: Callable[[Vectors], Vectors], width: int
) -> Iterable[Vectors]:
    """Points that a fit passes over several times, block by block.

    Parameters
    ----------
    vectors
        The vectors that they are made of.
    points
        float32 (point, width) of a block of vectors.
    width
        Number of their coordinates.

    Returns
    -------
    Iterable
        The same blocks whenever it is iterated.
    """
    made = _Points(vectors, points)
    return list(made) if len(vectors.rows) * width * 4 <= KEPT else made


@dataclass(frozen=True)
class _Points:
    """Blocks of points that are made whenever it is iterated."""

    vectors: StoredVectors
    points: Callable[[Vectors], Vectors]

    def __iter__(self) -> Iterator[Vectors]:
        return in_threads(self.points, self.vectors.blocks())


def kept_memory(vectors: int, components: int, width: int) -> int:
    """Bytes of the points of `repeatable`, and of the vectors of a block while they are made.

    Parameters
    ----------
    vectors, components, width
        Number of vectors, of their components, and of coordinates of a point.
    """
    made = min(vectors, (2 + 3 * THREADS) * BLOCK)  # each thread has a block in three stages
    return min(KEPT, vectors * width * 4) + made * components * 8


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


def require_vectors(found: int, parts: int | None, generator: str) -> None:
    """Refuse a mixture of fewer vectors than parts.

    Parameters
    ----------
    found
        Number of finite training vectors.
    parts
        Number of parts; None if it is to be chosen.
    generator
        Name of the law, for the message.

    Raises
    ------
    FewVectorsError
        If there are fewer than two vectors, or fewer than parts.
    """
    if found < max(2, parts or 1):
        of, repair = (f"{parts} parts", "lower parts, ") if parts else ("a mixture", "")
        raise FewVectorsError(
            f"The generator {generator!r} cannot fit {of} to {found:,} vectors of the training "
            f"split: {repair}store more, or raise vectors if it leaves some out."
        )


def divided(sample: Vectors, latents: xr.Dataset | None) -> tuple[Vectors, Vectors]:
    """Training vectors for trial fits, and others by which the best of the fits is chosen.

    The others are of the validation split. Where it has fewer than a twentieth of the sample, a
    tenth of the sample takes its place and is left out of the trial.

    Parameters
    ----------
    sample
        (vector, component) of the training split.
    latents
        The group `latents`.

    Returns
    -------
    trial, others
        (vector, component).
    """
    splits = None if latents is None else known_splits(latents)
    if latents is not None and splits is not None:
        validation = StoredVectors(latents["z"], np.flatnonzero(splits == "validation"))
        others = validation.sample(SAMPLE).load()
        if len(others) >= max(2, len(sample) / 20):
            return sample, others
    tenth = np.arange(len(sample)) % 10 == 0
    return sample[~tenth], sample[tenth]
