"""Mixtures of normal distributions, fitted by expectation and maximisation out of core.

A step reads all points once, block by block, and keeps only sums. Blocks are treated side by side,
their sums added in order: the result has the same bits for any number of threads.

References
----------
Dempster, Laird & Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm.
"""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice, pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas

Floats = NDArray[np.float64]
Points = NDArray[np.floating]
Made = TypeVar("Made")

REGULARISATION = 0.01
"""Added to the variances of the parts, for points of variance 1: a part may have few of them."""
NEGLIGIBLE = np.exp(-30.0)
"""Share of a point in a part from which on the part counts it; float32 has 7 digits."""
PANELS = 4
"""Column panels of a triangular matrix. A product leaves out the zeros below each."""
GAIN = 1e-3
"""Gain in mean log-likelihood below which a fit has converged."""
STEPS = 30
"""Largest number of steps of a fit to points in memory."""
ROWS = 2048
"""Points in memory that are treated together."""
THREADS = min(os.cpu_count() or 1, 8)
"""Blocks of points that are treated side by side."""


@dataclass(frozen=True)
class Mixture:
    """Normal distributions with weights.

    Attributes
    ----------
    weights, means, covariances
        (part), (part, D) and (part, D, D) float64.
    """

    weights: Floats
    means: Floats
    covariances: Floats

    def __str__(self) -> str:
        parts = len(self.weights)
        return (
            f"a mixture of {parts} normal distributions" if parts > 1 else "a normal distribution"
        )

    @cached_property
    def roots(self) -> Floats:
        """(part, D, D) lower Cholesky factors of the covariances."""
        return np.linalg.cholesky(self.covariances).astype(np.float64, copy=False)

    @cached_property
    def whitenings(self) -> Floats:
        """(part, D, D) upper triangular W with W W^T the inverse covariance."""
        one = np.eye(self.means.shape[1])
        return np.stack([solve_triangular(root, one, lower=True).T for root in self.roots])

    def log_likelihoods(self, x: Points) -> Floats:
        """Log-likelihood (point,) of points (point, D)."""
        found: Floats = logsumexp(self.log_densities(x), axis=1)
        return found

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Draw points (n, D)."""
        part = rng.choice(len(self.weights), size=n, p=self.weights)
        drawn = rng.standard_normal((n, self.means.shape[1]))
        for k in np.unique(part):
            drawn[part == k] = drawn[part == k] @ self.roots[k].T + self.means[k]
        return drawn

    def log_densities(self, x: Points) -> Floats:
        """Logarithm of weight times density, (point, part), computed in the precision of x."""
        dims = self.means.shape[1]
        found: Floats = np.empty((len(x), len(self.weights)))
        for k, (mean, whitening) in enumerate(zip(self.means, self.whitenings, strict=True)):
            half_log_determinant = np.log(np.diag(whitening)).sum()
            squares = _squared_lengths(x - mean.astype(x.dtype), whitening.astype(x.dtype))
            found[:, k] = half_log_determinant - 0.5 * squares
        found += np.log(self.weights) - 0.5 * dims * np.log(2 * np.pi)
        return found


def _squared_lengths(y: Points, triangular: Points) -> Points:
    """Squared lengths (point,) of y @ triangular, upper triangular (D, D)."""
    dims = len(triangular)
    edges = np.linspace(0, dims, min(PANELS, dims) + 1).astype(int)
    total = np.zeros(len(y), y.dtype)
    for start, stop in pairwise(edges):
        part = y[:, :stop] @ triangular[:stop, start:stop]
        total += np.einsum("ij,ij->i", part, part)
    return total


@dataclass(frozen=True)
class Sums:
    """Sums over points of a step, with deviations from the means of the mixture before it.

    Attributes
    ----------
    count
        Number of points.
    log_likelihood
        Sum of their log-likelihoods in the mixture before the step.
    shares, deviations, products
        (part), (part, D) and (part, D, D): of the shares in each part, and of the deviations and
        their outer products, times the share.
    """

    count: int
    log_likelihood: float
    shares: Floats
    deviations: Floats
    products: Floats

    @classmethod
    def of(cls, x: Points, mixture: Mixture) -> "Sums":
        """Those of points (point, D)."""
        logarithms = mixture.log_densities(x)
        likelihood = logsumexp(logarithms, axis=1, keepdims=True)
        shares = np.exp(logarithms - likelihood)
        return cls.weighted(x, shares, mixture.means, log_likelihood=float(likelihood.sum()))

    @classmethod
    def weighted(
        cls, x: Points, shares: Floats, means: Floats, *, log_likelihood: float = 0.0
    ) -> "Sums":
        """Those of points with given shares.

        Parameters
        ----------
        x, shares, means
            (point, D), (point, part) and (part, D).
        log_likelihood
            Sum of the log-likelihoods.
        """
        deviations = np.zeros_like(means)
        products = np.zeros((*means.shape, means.shape[1]))
        for k, mean in enumerate(means):
            rows = np.flatnonzero(shares[:, k] > NEGLIGIBLE)
            root = np.sqrt(shares[rows, k]).astype(x.dtype)
            y = (x[rows] - mean.astype(x.dtype)) * root[:, None]
            deviations[k] = root @ y
            products[k] = y.T @ y
        return cls(len(x), log_likelihood, shares.sum(axis=0), deviations, products)

    def __add__(self, other: "Sums") -> "Sums":
        """Those of the points of both."""
        return Sums(
            self.count + other.count,
            self.log_likelihood + other.log_likelihood,
            self.shares + other.shares,
            self.deviations + other.deviations,
            self.products + other.products,
        )

    def maximised(self, means: Floats) -> Mixture:
        """The mixture of greatest expected likelihood; `means` are those of the one before."""
        shares = self.shares + 10 * np.finfo(np.float64).eps  # as scikit-learn: a part may be empty
        shift = self.deviations / shares[:, None]
        covariances = self.products / shares[:, None, None] - shift[:, :, None] * shift[:, None]
        diagonal = np.arange(means.shape[1])
        covariances[:, diagonal, diagonal] += REGULARISATION
        return Mixture(shares / shares.sum(), means + shift, covariances)


def improved(mixture: Mixture, blocks: Iterable[Points], steps: int) -> Mixture:
    """The mixture after steps of expectation and maximisation, until the likelihood converges.

    Parameters
    ----------
    mixture
        Where the steps start.
    blocks
        The points (point, D), the same whenever it is iterated.
    steps
        Largest number of steps.
    """
    before = -np.inf
    for _ in range(steps):
        total = _summed(partial(Sums.of, mixture=mixture), blocks)
        mixture = total.maximised(mixture.means)
        likelihood = total.log_likelihood / total.count
        if likelihood - before < GAIN:
            break
        before = likelihood
    return mixture


def started(x: Points, parts: int) -> Mixture:
    """A mixture fitted to points in memory, from the clusters of k-means.

    Parameters
    ----------
    x
        (point, D), at least as many as parts.
    parts
        Number of normal distributions.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    # One OpenMP thread: k-means adds in the order in which its threads end.
    with single_threaded_blas(), threadpool_limits(1, user_api="openmp"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct points than parts
            member = KMeans(parts, n_init=1, random_state=0).fit(x).labels_
        origin = np.zeros((parts, x.shape[1]))
        first = Sums.weighted(x, np.eye(parts)[member], origin).maximised(origin)
    return improved(first, [x[i : i + ROWS] for i in range(0, len(x), ROWS)], STEPS)


def _summed(sums: Callable[[Points], Sums], blocks: Iterable[Points]) -> Sums:
    """The sums over all blocks, added in their order; as many blocks at once as there are cores."""
    total: Sums | None = None
    with single_threaded_blas():
        for part in in_threads(sums, blocks):
            total = part if total is None else total + part
    assert total is not None
    return total


def in_threads(made: Callable[[Points], Made], blocks: Iterable[Points]) -> Iterator[Made]:
    """What is made of each block, in their order; as many blocks at once as there are cores."""
    waiting = iter(blocks)
    with ThreadPoolExecutor(THREADS) as pool:
        while some := list(islice(waiting, THREADS)):
            yield from pool.map(made, some)


def mixture_memory(points: int, dims: int, parts: int) -> int:
    """Bytes that a fit holds beside its points: shares, and matrices of the parts in each thread.

    Parameters
    ----------
    points, dims, parts
        Points of all blocks that are treated at once, their coordinates, and the parts.
    """
    return points * (3 * 8 * dims + 4 * 8 * parts) + parts * dims**2 * 8 * (THREADS + 6)
