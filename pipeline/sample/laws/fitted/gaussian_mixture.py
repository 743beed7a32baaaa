"""A mixture of normals fitted to stored latents: ex-post density estimation.

Ghosh et al. (2020), From variational to deterministic autoencoders, section 4.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.fitted.expectation_maximisation import (
    Mixture,
    improved,
    mixture_memory,
    started,
)
from zpoints.pipeline.sample.laws.fitted.vectors import (
    SAMPLE,
    Vectors,
    divided,
    kept_memory,
    repeatable,
    require_vectors,
    training_vectors,
)
from zpoints.pipeline.sample.laws.law import Law

PARTS = (1, 2, 5, 10)
"""Numbers of parts to choose from."""


class GaussianMixture(Law):
    """Normal distributions with full covariances, in whitened PCA coordinates.

    They are fitted to the vectors of the training split, first to at most 10,000 of them, evenly
    spaced, then in a few passes over all. Vectors with a component that is NaN or infinite are
    ignored; principal components whose variance is rounding error (below 1e-12 of the largest)
    keep the coordinate 0. The covariances are regularised by 0.01 of the data's variance, so parts
    may have few vectors. Each part still needs many vectors per component: fitted to 10,000 faces
    (256 components), 5 parts describe others better than a single normal distribution, 10 parts
    worse.
    """

    generator: Literal["gaussian_mixture"] = "gaussian_mixture"
    parts: int | None = Field(
        default=5,
        ge=1,
        le=1000,
        description="Number of normal distributions; null: 1, 2, 5 or 10, of which those fitted "
        "to at most 10,000 vectors describe the validation split best.",
    )
    vectors: int | None = Field(
        default=None,
        ge=2,
        description="Largest number of training vectors that the mixture is fitted to; null: all.",
    )
    iterations: int = Field(
        default=4, ge=1, le=10_000, description="Largest number of passes over these vectors."
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics, and the vectors themselves."""
        return ("statistics", "latents")

    def fit_memory(self, images: int, components: int) -> int:
        """The whitened vectors, as far as they are kept, and the covariances of the parts."""
        vectors = min(images, self.vectors or images)
        parts = min(self.parts or max(PARTS), vectors)
        kept = kept_memory(vectors, components, components)
        return kept + mixture_memory(min(vectors, SAMPLE), components, parts)

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "GaussianMixtureSampler":
        """Fit to the training vectors; the same for any number of threads."""
        require_spread(statistics, self.generator)
        basis = Basis.from_statistics(statistics).varying_part

        def whitened(z: Vectors) -> Vectors:
            return basis.whiten(z.astype(np.float64)).astype(np.float32)

        with single_threaded_blas():
            vectors = training_vectors(latents, self.generator).sample(self.vectors)
            sample = vectors.sample(SAMPLE).load()
            require_vectors(len(sample), self.parts, self.generator)
            parts = self.parts or chosen_parts(*map(whitened, divided(sample, latents)))
            points = repeatable(vectors, whitened, basis.rank)
            mixture = improved(started(whitened(sample), parts), points, self.iterations)
        return GaussianMixtureSampler(mixture, scale=basis.deviations)


def chosen_parts(trial: Vectors, others: Vectors) -> int:
    """The number of parts whose mixture, fitted to the trial, describes the others best."""
    possible = [parts for parts in PARTS if 2 * parts <= len(trial)] or [1]
    return max(possible, key=lambda parts: started(trial, parts).log_likelihoods(others).mean())


@dataclass(frozen=True)
class GaussianMixtureSampler:
    """v = s x with x from the mixture and standard deviations s (D,) of the components."""

    mixture: Mixture
    scale: Floats
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The law."""
        return f"{self.mixture} fitted to training vectors"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), D) of PCA coordinates."""
        return self.mixture.draw(rng, len(samples)) * self.scale
