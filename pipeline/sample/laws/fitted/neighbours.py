"""Normal distributions of small neighbourhoods of the training vectors."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from pydantic import Field

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import FewVectorsError
from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.fitted.vectors import BLOCK, StoredVectors, training_vectors
from zpoints.pipeline.sample.laws.law import Law
from zpoints.pipeline.sample.nearest import Nearest, nearest_of_block, nearest_of_parts


class Neighbours(Law):
    """The normal distribution of the k nearest training vectors of one of them, at random.

    It memorises: drawn vectors are near stored ones, and their images resemble photographs of the
    training. It shows how good images can be near the data; it is no generator of new ones. The
    measure of memorisation in the evaluation shows how near.

    The neighbourhoods are those of `vectors` training vectors, found exactly among all of them by
    Euclidean distance. Each includes the vector itself. The covariance of k vectors has the rank
    k - 1, so that a drawn vector is in the plane of its neighbours.
    """

    generator: Literal["neighbours"] = "neighbours"
    k: int = Field(
        default=10,
        ge=2,
        le=1000,
        description="Number of vectors of a neighbourhood; all if fewer are stored.",
    )
    vectors: int = Field(
        default=1024, ge=1, le=100_000, description="Number of neighbourhoods that are kept."
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics, and the vectors themselves."""
        return ("statistics", "latents")

    def fit_memory(self, images: int, components: int) -> int:
        """The vectors of the neighbourhoods, twice while they are joined, and of a block."""
        kept = min(self.vectors, images)
        neighbourhoods = kept * min(self.k, images) * components * 4
        return 4 * neighbourhoods + kept * (components + BLOCK) * 8 + 8 * BLOCK * components * 4

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "NeighboursSampler":
        """Find the neighbourhoods among the training vectors, in one pass."""
        require_spread(statistics, self.generator)
        stored = training_vectors(latents, self.generator)
        centres = _some(stored, self.vectors)
        with single_threaded_blas():
            neighbourhoods = _neighbourhoods(stored, centres, self.k)
        if neighbourhoods.shape[1] < 2:
            raise FewVectorsError(
                "The generator 'neighbours' needs at least 2 finite vectors in the training "
                f"split, not {neighbourhoods.shape[1]}: store more, or leave it out."
            )
        return NeighboursSampler(neighbourhoods)


def _some(stored: StoredVectors, most: int) -> Floats:
    """At most so many of the vectors, chosen at random."""
    rng = np.random.default_rng(0)
    rows = rng.choice(stored.rows, size=min(most, len(stored.rows)), replace=False)
    return StoredVectors(stored.z, np.sort(rows)).load().astype(np.float64)


def _neighbourhoods(stored: StoredVectors, centres: Floats, k: int) -> NDArray[np.float32]:
    """The vectors (centre, neighbour, component) next to each centre, of which k are kept."""
    count, components = centres.shape
    vectors = np.empty((count, 0, components), np.float32)
    nearest = Nearest(np.empty((count, 0), np.int64), np.empty((count, 0)))
    start = 0
    for block in stored.blocks() if count else ():
        found = nearest_of_block(block, centres, start, k)
        both = np.concatenate([vectors, block[found.rows - start].astype(np.float32)], axis=1)
        # Rows that are kept are found again among both by their number.
        rows = np.concatenate([nearest.rows, found.rows], axis=1)
        nearest = nearest_of_parts([nearest, found], k)
        place = (rows[:, None] == nearest.rows[:, :, None]).argmax(axis=2)
        vectors = np.take_along_axis(both, place[:, :, None], axis=1)
        start += len(block)
    return vectors


@dataclass(frozen=True)
class NeighboursSampler:
    """z = m + sum_j g_j (n_j - m) / sqrt(k - 1), with g standard normal and the mean m of the n_j.

    `neighbourhoods` (neighbourhood, k, N) float32 holds the vectors n_j.
    """

    neighbourhoods: NDArray[np.float32]
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """The law."""
        count, k, _ = self.neighbourhoods.shape
        return (
            f"the normal distribution of {k} neighbouring training vectors, at one of {count:,} "
            "places: near stored vectors, not new ones"
        )

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N)."""
        count, k, _ = self.neighbourhoods.shape
        chosen = rng.integers(count, size=len(samples))
        weights = rng.standard_normal((len(samples), k)) / np.sqrt(k - 1)
        # m + sum_j g_j (n_j - m) as one sum over the n_j
        weights += (1 - weights.sum(axis=1, keepdims=True)) / k
        drawn: Floats = np.einsum("sk,skc->sc", weights, self.neighbourhoods[chosen])
        return drawn
