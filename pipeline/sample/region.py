"""Tests of whether vectors are in the region: hits, Mahalanobis radius, pair ellipses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import ArrayLike, NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample.laws.ellipses.pair_condition import (
    PairCondition,
    Widths,
    violating_pairs,
)

Floats = NDArray[np.float64]

LIMITS = (12.0, 3.0, 2.0, 1.5, 1.0)
"""The source's limits b of uniform vectors."""

MULTIPLES = (1.5, 2.0, 3.0, 12.0)
"""The source's multiples k of hw."""

_BLOCK = 1024


def hit_test(
    z: ArrayLike, statistics: xr.Dataset, multiples: Sequence[float] = MULTIPLES
) -> NDArray[np.int64]:
    """Count the vectors all of whose components are within k * hw of mu, for each k.

    Constant components (hw = 0) are ignored; a vector with a NaN is not a hit.

    Parameters
    ----------
    z
        (vector, component), of any real dtype.
    statistics
        The `statistics` group: `mu`, `hw` (component).
    multiples
        The multiples k.

    Returns
    -------
    numpy.ndarray
        int64 (multiple,).

    Raises
    ------
    SampleError
        If the vectors have another number of components than the statistics.

    Examples
    --------
    >>> statistics = xr.Dataset({"mu": ("component", [0.0, 1.0]), "hw": ("component", [1.0, 2.0])})
    >>> hit_test([[0.0, 1.0], [2.0, 1.0], [0.0, 9.0]], statistics, (1.5, 2, 4)).tolist()
    [1, 2, 3]
    """
    x = _vectors(z, statistics)
    mu, inverse = _peaks(statistics)
    return _hits(reach(x, 1.0, mu, inverse, max(multiples, default=0.0)), multiples)


@dataclass(frozen=True)
class UniformHits:
    """Hits of vectors with components uniform in [-b, b].

    Attributes
    ----------
    limits, multiples
        The limits b and the multiples k.
    vectors
        Vectors drawn for each b.
    hits
        (limit, multiple) int64, number of them that hit.
    log10_probability
        (limit, multiple) logarithm of the exact probability of a hit; -inf where it is 0.
    """

    limits: tuple[float, ...]
    multiples: tuple[float, ...]
    vectors: int
    hits: NDArray[np.int64]
    log10_probability: Floats


def uniform_hits(
    statistics: xr.Dataset,
    limits: Sequence[float] = LIMITS,
    multiples: Sequence[float] = MULTIPLES,
    *,
    vectors: int = 1_000_000,
    seed: int = 0,
) -> UniformHits:
    """Draw uniform vectors in blocks and count those that hit, see `hit_test`.

    One draw serves all limits: b times a vector uniform in [-1, 1] is uniform in [-b, b]. Vector i
    depends only on the seed and i. The exact probability is returned with the counts.

    Parameters
    ----------
    statistics
        The `statistics` group: `mu`, `hw` (component).
    limits, multiples
        The limits b and the multiples k.
    vectors
        Number of vectors drawn; the memory does not depend on it.
    seed
        Not negative.
    """
    mu, inverse = _peaks(statistics)
    hits = np.zeros((len(limits), len(multiples)), np.int64)
    for start in range(0, vectors, _BLOCK):
        rng = np.random.default_rng((seed, start // _BLOCK))
        unit = rng.random((_BLOCK, len(mu)), dtype=np.float32)[: vectors - start]
        unit *= 2
        unit -= 1
        for row, b in enumerate(limits):
            hits[row] += _hits(reach(unit, b, mu, inverse, max(multiples)), multiples)
    exact = uniform_hit_probability(statistics, limits, multiples)
    return UniformHits(tuple(limits), tuple(multiples), vectors, hits, exact)


def uniform_hit_probability(
    statistics: xr.Dataset,
    limits: Sequence[float] = LIMITS,
    multiples: Sequence[float] = MULTIPLES,
) -> Floats:
    """Logarithm to base 10 of the probability that a uniform vector hits.

    Components are independent, so it is the product over i of the share of [-b, b] that
    [mu_i - k hw_i, mu_i + k hw_i] covers.

    Parameters
    ----------
    statistics
        The `statistics` group: `mu`, `hw` (component).
    limits, multiples
        The limits b and the multiples k.

    Returns
    -------
    numpy.ndarray
        float64 (limit, multiple); -inf where the probability is 0.

    Examples
    --------
    >>> statistics = xr.Dataset({"mu": ("component", [0.0, 1.0]), "hw": ("component", [1.0, 2.0])})
    >>> (10 ** uniform_hit_probability(statistics, [4.0], [1.0])).round(6).tolist()
    [[0.125]]
    """
    varying = statistics["hw"].values > 0
    mu, hw = statistics["mu"].values[varying], statistics["hw"].values[varying]
    b, k = np.asarray(limits, float)[:, None, None], np.asarray(multiples, float)[:, None]
    length = np.minimum(mu + k * hw, b) - np.maximum(mu - k * hw, -b)
    with np.errstate(divide="ignore"):
        found: Floats = np.log10(np.maximum(length, 0.0) / (2 * b)).sum(axis=-1)
    return found


def mahalanobis_radius(z: ArrayLike, statistics: xr.Dataset) -> Floats:
    """Mahalanobis radius (vector,) over the principal components that vary.

    Parameters
    ----------
    z
        (vector, component), of any real dtype.
    statistics
        The `statistics` group: `mean`, `loadings`, `explained_variance`.

    Raises
    ------
    SampleError
        If the vectors have another number of components than the statistics.
    """
    radius: Floats = np.linalg.norm(whitened(z, statistics), axis=1)
    return radius


def whitened(z: ArrayLike, statistics: xr.Dataset) -> Floats:
    """PCA coordinates (vector, pc) in units of their standard deviations; see `mahalanobis_radius`.

    Components that do not vary are left out.
    """
    vectors = _vectors(z, statistics)
    with single_threaded_blas():
        return Basis.from_statistics(statistics).whiten(vectors)


def violated_pairs(w: Floats, level: float) -> NDArray[np.float32]:
    """Share of the pairs of principal components in which a vector is outside their ellipse.

    Pair (i, j) is violated if w_i^2 + w_j^2 > level^2. These are the confidence ellipses of all
    components; `pair_violations` counts those of the generator `ellipse`.

    Parameters
    ----------
    w
        Whitened vectors (vector, pc).
    level
        Level of the ellipses; 3 encloses 98.9 % of a normal distribution in each pair.

    Returns
    -------
    numpy.ndarray
        float32 (vector,), 0 to 1; NaN if there are no pairs.

    Examples
    --------
    >>> violated_pairs(np.array([[4.0, 0.0, 0.0], [2.9, 0.5, 1.0]]), 3.0)
    array([0.6666667 , 0.33333334], dtype=float32)
    """
    pairs = w.shape[1] * (w.shape[1] - 1) // 2
    return (violating_pairs(np.square(w / level)) / (pairs or np.nan)).astype(np.float32)


def pair_violations(
    z: ArrayLike,
    statistics: xr.Dataset,
    *,
    K: int,
    fact: float,
    core: bool = False,
    widths: Widths = "hw",
) -> NDArray[np.int64]:
    """Count the pairs that violate the condition of the generator `ellipse`; see `PairCondition`.

    Parameters
    ----------
    z
        (vector, component), of any real dtype.
    statistics
        The `statistics` group: `mean`, `loadings`, and those of the widths.
    K, fact, core, widths
        As in the generator `ellipse`, whose temperature multiplies `fact`; components of no width
        are ignored.

    Returns
    -------
    numpy.ndarray
        int64 (vector,), of K (K - 1) / 2 pairs.

    Raises
    ------
    SampleError
        If K is out of range, or the vectors do not fit the statistics.
    """
    condition = PairCondition.from_statistics(statistics, K=K, fact=fact, core=core, widths=widths)
    return condition.violations(principal_coordinates(z, statistics))


def principal_coordinates(z: ArrayLike, statistics: xr.Dataset) -> Floats:
    """PCA coordinates (vector, pc) of vectors (vector, component).

    Raises
    ------
    SampleError
        If the vectors have another number of components than the statistics.
    """
    vectors = _vectors(z, statistics)
    with single_threaded_blas():
        return Basis.from_statistics(statistics).project(vectors)


@njit(nogil=True, cache=True)
def reach(z, factor, mu, inverse, beyond):  # type: ignore[no-untyped-def]
    """Smallest multiple k at which each vector factor * z hits.

    It is max |factor z_i - mu_i| inverse_i, or a lower bound above `beyond` where it exceeds that.

    Parameters
    ----------
    z
        (n, N) vectors.
    factor
        Multiplies the vectors.
    mu
        (N,) positions of the maxima of the number distributions.
    inverse
        (N,) reciprocals of the widths hw.
    beyond
        Multiple above which a lower bound suffices.

    Returns
    -------
    numpy.ndarray
        (n,) float64.
    """
    found = np.empty(len(z))
    for row in range(len(z)):
        largest = 0.0
        for i in range(len(mu)):
            distance = abs(factor * z[row, i] - mu[i]) * inverse[i]
            if not distance <= largest:  # also where it is NaN
                largest = distance
                if not largest <= beyond:
                    break
        found[row] = largest
    return found


def _hits(reached: Floats, multiples: Sequence[float]) -> NDArray[np.int64]:
    return np.array([np.sum(reached <= k) for k in multiples], np.int64)


def _peaks(statistics: xr.Dataset) -> tuple[Floats, Floats]:
    """mu (N,) and 1 / hw (N,), both 0 for constant components."""
    mu, hw = statistics["mu"].values, statistics["hw"].values
    inverse = np.divide(1.0, hw, out=np.zeros_like(hw), where=hw > 0)
    return np.where(hw > 0, mu, 0.0), inverse


def _vectors(z: ArrayLike, statistics: xr.Dataset) -> Floats:
    x = np.ascontiguousarray(z, dtype=np.float64)
    if x.ndim != 2 or x.shape[1] != statistics.sizes["component"]:
        raise SampleError(
            f"z has shape {x.shape}; expected (vector, {statistics.sizes['component']}), the "
            "components of these statistics."
        )
    return x
