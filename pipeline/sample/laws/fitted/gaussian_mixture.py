"""A mixture of normals fitted to stored latents: ex-post density estimation.

Ghosh et al. (2020), From variational to deterministic autoencoders, section 4.
"""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field
from threadpoolctl import threadpool_limits

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.parts.generator import Floats, require_latents, require_spread
from zpoints.pipeline.row_sample import representative_rows
from zpoints.pipeline.sample.laws.law import Law

RUNS = 64
"""Number of runs of consecutive rows that the vectors of a fit are read from."""
VECTOR, SHARE, COVARIANCE = 28, 28, 30
"""Measured bytes of a fit: per component of a vector, per vector and part, per covariance of a
part."""
NEGLIGIBLE = -60.0
"""Logarithm of the share of a vector in a part below which the part does not count it."""


class GaussianMixture(Law):
    """scikit-learn's GaussianMixture with full covariances, in whitened PCA coordinates.

    It is fitted to 64 runs of consecutive rows, evenly spaced over the store. Vectors with a
    component that is NaN or infinite are ignored; principal components whose variance is rounding
    error (below 1e-12 of the largest) keep the coordinate 0. The covariances are regularised by
    0.01 of the data's variance, so parts may have few vectors. Each part still needs many vectors
    per component: fitted to 10,000 faces (256 components), 5 parts describe others better than a
    single normal distribution, 10 parts worse.
    """

    generator: Literal["gaussian_mixture"] = "gaussian_mixture"
    parts: int = Field(default=5, ge=1, le=1000, description="Number of normal distributions.")
    vectors: int = Field(
        default=10_000,
        ge=2,
        le=1_000_000,
        description="Largest number of vectors that the mixture is fitted to.",
    )
    iterations: int = Field(
        default=30,
        ge=1,
        le=10_000,
        description="Largest number of steps of expectation and maximisation.",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics, and the vectors themselves."""
        return ("statistics", "latents")

    def fit_memory(self, images: int, components: int) -> int:
        """The vectors, which of the parts each belongs to, and the covariances of the parts."""
        vectors = min(images, self.vectors)
        parts = min(self.parts, vectors)
        each = VECTOR * components + SHARE * parts
        return vectors * each + parts * COVARIANCE * components**2

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "GaussianMixtureSampler":
        """Fit to a subsample of the stored vectors; the same for any number of threads."""
        from sklearn.exceptions import ConvergenceWarning

        require_spread(statistics, self.generator)
        basis = Basis.from_statistics(statistics).varying_part
        deviation = basis.deviations
        z = spaced_vectors(require_latents(latents, self.generator)["z"], self.vectors)
        if len(z) < max(2, self.parts):
            raise SampleError(
                f"The generator 'gaussian_mixture' cannot fit {self.parts} parts to {len(z)} "
                "vectors: lower parts, or raise vectors if more are stored."
            )
        mixture = _estimator(self.parts, self.iterations)
        # k-means, which initialises the parts, adds in the order in which its threads end.
        with (
            single_threaded_blas(),
            threadpool_limits(1, user_api="openmp"),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore", ConvergenceWarning)
            mixture.fit((basis.project(z) / deviation).astype(np.float32))
            means = mixture.means_.astype(np.float64)
            roots = np.linalg.cholesky(mixture.covariances_.astype(np.float64))
            weights = mixture.weights_.astype(np.float64)
        return GaussianMixtureSampler(
            weights=weights / weights.sum(),
            means=means * deviation,
            roots=roots * deviation[:, None],
        )


def _estimator(parts: int, iterations: int) -> Any:
    """scikit-learn's estimator, without shares that are negligible beside rounding errors.

    Many shares are below 1e-38. float32 holds these as subnormal numbers, with which a matrix
    product takes several times as long.
    """
    from sklearn.mixture import GaussianMixture as Mixture

    class Estimator(Mixture):
        def _m_step(self, X: Any, log_resp: Any, **options: Any) -> None:
            log_resp[log_resp < NEGLIGIBLE] = -np.inf
            super()._m_step(X, log_resp, **options)

    return Estimator(parts, reg_covar=0.01, max_iter=iterations, random_state=0)


def spaced_vectors(z: xr.DataArray, most: int) -> Floats:
    """Read at most `most` rows of z (image, component); returns the finite ones as float64.

    They are in `RUNS` runs, evenly spaced over the rows: about as many chunks are read, whatever
    the size of the store.
    """
    rows = representative_rows(z.sizes["image"], most, blocks=RUNS)
    found = [np.empty((0, z.sizes["component"]))]
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else ():
        # In this thread, since a fit is part of a task.
        part = z[run[0] : run[-1] + 1].compute(scheduler="synchronous").values
        found.append(part.astype(np.float64))
    vectors = np.concatenate(found)
    return vectors[np.isfinite(vectors).all(axis=1)]


@dataclass(frozen=True)
class GaussianMixtureSampler:
    """v = means[k] + roots[k] w with w standard normal, for part k with probability weights[k].

    `weights` (parts,), `means` (parts, D), `roots` (parts, D, D): lower Cholesky factors.
    """

    weights: Floats
    means: Floats
    roots: Floats
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The law."""
        return f"a mixture of {len(self.weights)} normal distributions fitted to latent vectors"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), D) of PCA coordinates."""
        part = rng.choice(len(self.weights), size=len(samples), p=self.weights)
        v = rng.standard_normal((len(samples), self.means.shape[1]))
        for k in np.unique(part):
            v[part == k] = v[part == k] @ self.roots[k].T + self.means[k]
        return v
