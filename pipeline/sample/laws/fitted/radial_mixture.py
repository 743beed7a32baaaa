"""Directions and radii of the vectors by a mixture of normals: clusters with heavy tails."""

from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import SampleError
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

PARTS = (1, 2, 5, 10, 20)
"""Numbers of parts to choose from."""
LEADING = (30, 60, 100, 150)
"""Numbers K of leading components to choose from."""
ROUNDING = 1e-6
"""Spread of log r up to which radii count as equal, and r up to which a vector is at the mean."""
FIRST_PARTS = 5
"""Parts with which K is chosen, before their number is."""


class RadialMixture(Law):
    """A mixture over direction and radius in whitened PCA coordinates w, with r their length.

    Normal distributions describe the K leading coordinates of w / r together with log r; the other
    coordinates of w / r are one isotropic normal distribution. A drawn vector is rescaled to its
    length r. The data's heavy tails are in r, so that a part has few vectors far outside of it.

    The mixture is fitted to the vectors of the training split, as that of `gaussian_mixture` is.
    """

    generator: Literal["radial_mixture"] = "radial_mixture"
    parts: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Number of normal distributions; null: 1, 2, 5, 10 or 20, of which those "
        "fitted to at most 10,000 vectors describe the validation split best.",
    )
    K: int | None = Field(
        default=None,
        ge=1,
        description="Number of leading principal components that the mixture describes; null: 30, "
        "60, 100 or 150, chosen likewise.",
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
        """The points of the mixture, as far as they are kept, and the covariances of the parts."""
        vectors = min(images, self.vectors or images)
        parts = min(self.parts or max(PARTS), vectors)
        width = min(self.K or max(LEADING), components) + 1
        points = kept_memory(vectors, components, width)
        sample = min(vectors, SAMPLE)
        return points + sample * components * 8 * 4 + mixture_memory(sample, width, parts)

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "RadialMixtureSampler":
        """Fit to the training vectors; the same for any number of threads."""
        require_spread(statistics, self.generator)
        basis = Basis.from_statistics(statistics).varying_part
        self._require_components(basis.rank)
        with single_threaded_blas():
            vectors = training_vectors(latents, self.generator).sample(self.vectors)
            sample = vectors.sample(SAMPLE).load()
            polar = Polar.of(basis, sample)
            points = polar.points(sample)
            require_vectors(len(points), self.parts, self.generator)
            K, parts = self._chosen(*map(polar.points, divided(sample, latents)))
            first = started(features(points, K), parts)
            blocks = repeatable(vectors, lambda z: features(polar.points(z), K), K + 1)
            mixture = improved(first, blocks, self.iterations)
        return RadialMixtureSampler(
            mixture,
            rest=_spread(points[:, K:-1]),
            log_radius=polar.log_radius,
            scale=basis.deviations,
        )

    def _require_components(self, rank: int) -> None:
        if self.K is not None and rank < self.K:
            raise SampleError(
                f"The generator 'radial_mixture' cannot keep K = {self.K} principal components, "
                f"since the latent vectors vary along {rank} only: set K to at most {rank}."
            )

    def _chosen(self, trial: Vectors, others: Vectors) -> tuple[int, int]:
        """K and the number of parts: as configured, or the best of `LEADING`, then of `PARTS`."""
        possible = [parts for parts in PARTS if 2 * parts <= len(trial)] or [1]
        leading = sorted({min(K, trial.shape[1] - 1) for K in LEADING})
        parts = self.parts or min(FIRST_PARTS, possible[-1])
        K = self.K or max(leading, key=lambda K: trial_score(trial, others, K, parts))
        parts = self.parts or max(possible, key=lambda n: trial_score(trial, others, K, n))
        return K, parts


@dataclass(frozen=True)
class Polar:
    """Directions and radii of vectors in whitened coordinates w.

    Attributes
    ----------
    basis
        The D principal components that vary.
    log_radius
        Mean and standard deviation of log r in the sample; the latter is 0 if all are equal.
    """

    basis: Basis
    log_radius: tuple[float, float]

    @classmethod
    def of(cls, basis: Basis, sample: Vectors) -> Self:
        """With the radii of a sample of vectors."""
        lengths = np.linalg.norm(basis.whiten(sample.astype(np.float64)), axis=1)
        logarithms = np.log(lengths[lengths > ROUNDING])
        if not len(logarithms):
            return cls(basis, (0.0, 0.0))
        spread = float(logarithms.std())
        return cls(basis, (float(logarithms.mean()), spread if spread > ROUNDING else 0.0))

    def points(self, z: Vectors) -> Vectors:
        """sqrt(D) w / r and, last, log r in standard units: float32 (vector, D + 1).

        All have a variance near 1. Vectors at the mean, which have no direction, are left out.
        """
        w = self.basis.whiten(z.astype(np.float64))
        lengths = np.linalg.norm(w, axis=1)
        w, lengths = w[lengths > ROUNDING], lengths[lengths > ROUNDING]
        mean, spread = self.log_radius
        radius = (np.log(lengths) - mean) / (spread or 1.0)
        w *= (np.sqrt(w.shape[1]) / lengths)[:, None]
        return np.column_stack([w, radius]).astype(np.float32)


def features(points: Vectors, K: int) -> Vectors:
    """What the mixture describes of points (point, D + 1): K leading coordinates and the radius."""
    return np.ascontiguousarray(points[:, [*range(K), -1]])


def trial_score(trial: Vectors, others: Vectors, K: int, parts: int) -> float:
    """Mean log-likelihood of other points under a fit to a trial.

    It is that of all coordinates, so that fits of different K compare.

    Parameters
    ----------
    trial, others
        Points (point, D + 1) of `Polar.points`.
    K, parts
        Leading coordinates, and parts, of the fit.
    """
    mixture = started(features(trial, K), parts)
    likelihood = mixture.log_likelihoods(features(others, K)).mean()
    if rest := trial.shape[1] - 1 - K:
        spread = _spread(trial[:, K:-1])
        squares = np.mean(np.square(others[:, K:-1], dtype=np.float64)) / spread**2
        likelihood -= rest * (np.log(spread) + 0.5 * squares + 0.5 * np.log(2 * np.pi))
    return float(likelihood)


def _spread(rest: Vectors) -> float:
    """Root mean square of the coordinates beyond K; 0 if there are none."""
    return float(np.sqrt(np.mean(np.square(rest, dtype=np.float64)))) if rest.size else 0.0


@dataclass(frozen=True)
class RadialMixtureSampler:
    """v = r s x / |x|, with x of K coordinates and log r from the mixture, and normal others.

    Attributes
    ----------
    mixture
        Normal distributions of K coordinates and of log r in standard units.
    rest
        Standard deviation of the other coordinates.
    log_radius
        Mean and standard deviation of log r.
    scale
        (D,) standard deviations s of the principal components that vary.
    """

    mixture: Mixture
    rest: float
    log_radius: tuple[float, float]
    scale: Floats
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The law."""
        return (
            f"{self.mixture} over {self.mixture.means.shape[1] - 1} components of the direction "
            "and the logarithm of the Mahalanobis radius, fitted to training vectors"
        )

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), D) of PCA coordinates."""
        drawn = self.mixture.draw(rng, len(samples))
        rest = rng.standard_normal((len(samples), len(self.scale) - drawn.shape[1] + 1))
        x = np.concatenate([drawn[:, :-1], self.rest * rest], axis=1)
        mean, spread = self.log_radius
        radius = np.exp(mean + spread * drawn[:, -1])
        x *= (radius / np.linalg.norm(x, axis=1))[:, None]
        x *= self.scale
        return x
