"""The core of the z-points with principal components of its own, as the source takes them."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import dask
import dask.array as da
import numpy as np
import xarray as xr

from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.config import PairsConfig
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.parts.generator import Floats, Sampler
from zpoints.pipeline.sample.laws.fitted.vectors import BLOCK, training_vectors

CORE_VECTORS = 100_000
"""Number of vectors among which the core is looked for, as in the source."""
_COPIES = 20
"""Bytes for each component of a vector while the core is analysed."""


def core_statistics(statistics: xr.Dataset, latents: xr.Dataset | None) -> xr.Dataset:
    """Statistics of training vectors within the core's Mahalanobis radius, as `analyze` returns.

    Parameters
    ----------
    statistics
        The `statistics` group: `core_radius`, and the basis that decides what is in the core.
    latents
        The `latents` group.

    Raises
    ------
    SampleError
        If the latents are missing, or fewer than two vectors are in the core.
    """
    basis, radius = Basis.from_statistics(statistics), float(statistics["core_radius"])
    vectors = training_vectors(latents, "ellipse").sample(CORE_VECTORS)
    inside = (
        z[np.linalg.norm(basis.whiten(z.astype(np.float64)), axis=1) <= radius]
        for z in vectors.blocks()
    )
    core = np.concatenate([np.empty((0, len(basis.mean)), np.float32), *inside])
    if len(core) < 2 or not np.ptp(core, axis=0).any():
        raise SampleError(
            f"Cannot fit the generator 'ellipse' to a PCA of the core, which holds {len(core)} of "
            "the training vectors; expected at least 2 that differ: raise analyze.core_level, or "
            "set pca to all."
        )
    settings = AnalyzeConfig(pairs=PairsConfig(original=[], pc=[]))
    with dask.config.set(scheduler="synchronous"):  # since a fit is part of a task
        return analyze(da.from_array(core, chunks=(BLOCK, -1)), settings)


def core_memory(images: int, components: int) -> int:
    """Bytes that `core_statistics` holds.

    Parameters
    ----------
    images, components
        Number of latent vectors, and of their components.
    """
    return min(images, CORE_VECTORS) * components * _COPIES


@dataclass(frozen=True)
class CoreSampler:
    """Vectors of a law in principal coordinates of the core, in latent coordinates.

    Attributes
    ----------
    law
        Draws coordinates on the leading axes of `basis`.
    basis
        Principal components of the core alone, around its own mean.
    count
        Number of vectors in the core.
    """

    law: Sampler
    basis: Basis
    count: int
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """That of the law, with the core's size."""
        return f"{self.law.constraint}; components and widths of the {self.count:,} core vectors"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N)."""
        return self.basis.back(self.law.draw(rng, samples))
