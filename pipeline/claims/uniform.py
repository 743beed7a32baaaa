"""Claims 11 and 12, on vectors with components uniform in [-b, b]."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.shape.expected_radii import uniform_radius
from zpoints.pipeline.claims.claim import Claim, Statement, too_few
from zpoints.pipeline.sample.region import UniformHits, uniform_hits

Floats = NDArray[np.float64]

LIMIT, MULTIPLE = 12.0, 3.0
"""Limit b and multiple k for which the source reports no hits."""

RANGE = (1.0, 2.0)
"""Claimed range of b in which the radii match."""

ABOUT = 0.1
"""Relative widening of the range that "about" allows."""

MIDDLE = (0.16, 0.84)
"""Quantiles between which a radius is typical of the data: those of one standard deviation around
the mean of a normal distribution."""

TYPICAL_B = 1.5
"""Limit b of uniform vectors whose radii are about those of the source's z-points."""

WITHIN = 0.99
"""Share of the data whose largest Mahalanobis radius bounds the region."""

MOST_INSIDE = 0.01
"""Largest share of uniform vectors inside that bound if they miss the region."""

DRAWN = 2000
"""Uniform vectors whose Mahalanobis radii are computed."""

VECTORS_PER_COMPONENT = 10
"""Vectors per component from which Mahalanobis radii of other vectors are comparable: with fewer
the covariance fits its own vectors better than any others."""

UNIFORM_MISSES = Statement(
    11,
    "uniform vectors miss the region",
    "no hit for b = 12 and 3 hw; for b = 12 and b = 1.5 at most 1% have a Mahalanobis radius that "
    "99% of the data do not exceed",
)
RADII_MATCH = Statement(
    12,
    "radii of uniform vectors match those of the data only for about 1 < b < 2",
    "all b whose mean radius is in the middle 68% of the data’s are within 0.9 to 2.2",
)


def uniform_claims(statistics: xr.Dataset, hits: UniformHits | None = None) -> list[Claim]:
    """Claims 11 and 12.

    Parameters
    ----------
    statistics
        The `statistics` group.
    hits
        Hit table that contains the source's cell; uniform vectors are drawn if omitted.
    """
    if hits is None:
        hits = uniform_hits(statistics, (LIMIT,), (MULTIPLE,))
    return [uniform_misses(statistics, hits), radii_match(statistics)]


def uniform_misses(statistics: xr.Dataset, hits: UniformHits) -> Claim:
    """Claim 11: uniform vectors are outside the region, by hits and by Mahalanobis radius.

    No vector uniform in [-12, 12] may have all components within 3 hw of mu. A box of intervals
    ignores correlations, so vectors of small b pass this test. Vectors of b = 12 and of b = 1.5,
    whose lengths are typical, must therefore also be far in Mahalanobis radius.

    Parameters
    ----------
    statistics
        The `statistics` group.
    hits
        Hit table that contains the source's cell.

    With fewer than 10 vectors per component the claim may fail and cannot hold.
    """
    if not np.nanmax(statistics["variance"].values, initial=0.0) > 0:
        return UNIFORM_MISSES.undecided("no component varies")
    if reason := too_few(statistics):
        return UNIFORM_MISSES.undecided(reason)
    cell = hits.limits.index(LIMIT), hits.multiples.index(MULTIPLE)
    found, log10 = int(hits.hits[cell]), float(hits.log10_probability[cell])
    measured = (
        f"{found:,} of {hits.vectors:,} vectors uniform in [−12, 12] within 3 hw of μ in all "
        f"components; exact probability {power_of_ten(log10)}"
    )
    values = {"hits": found, "vectors": hits.vectors, "log10_probability": log10}
    far, near = (uniform_radii(statistics, b) for b in (LIMIT, TYPICAL_B))
    measured += (
        f"; Mahalanobis radius {far.mean:.1f} for b = 12 and {near.mean:.1f} for b = 1.5 "
        f"({far.inside:.1%} and {near.inside:.1%} inside); 99% of the data are below "
        f"{near.bound:.1f}"
    )
    values |= {
        "inside_12": far.inside,
        "inside_1.5": near.inside,
        "radius_12": far.mean,
        "radius_1.5": near.mean,
        "bound": near.bound,
    }
    holds = found == 0 and max(far.inside, near.inside) <= MOST_INSIDE
    reason = too_few(statistics, VECTORS_PER_COMPONENT * statistics.sizes["component"])
    if holds and reason:
        return UNIFORM_MISSES.undecided(reason)
    return UNIFORM_MISSES.judged(measured, holds, values)


class UniformRadii(NamedTuple):
    """Mahalanobis radii of uniform vectors.

    Attributes
    ----------
    mean
        Mean radius.
    inside
        Share of the vectors whose radius is at most `bound`.
    bound
        Radius that 99 % of the data do not exceed.
    """

    mean: float
    inside: float
    bound: float


def uniform_radii(statistics: xr.Dataset, b: float, *, seed: int = 0) -> UniformRadii:
    """Mahalanobis radii of 2,000 vectors with components uniform in [-b, b].

    Parameters
    ----------
    statistics
        The `statistics` group.
    b
        Half the side of the cube, in latent units.
    seed
        Of the vectors.
    """
    counts, edges = (statistics[f"mahalanobis_{of}"].values for of in ("histogram", "edges"))
    cumulative = np.append(0, np.cumsum(counts)) / max(counts.sum(), 1)
    bound = float(np.interp(WITHIN, cumulative, edges))
    basis, rng = Basis.from_statistics(statistics), np.random.default_rng(seed)
    z = rng.uniform(-b, b, (DRAWN, len(basis.mean)))
    with single_threaded_blas():
        radius = np.linalg.norm(basis.whiten(z), axis=1)
    return UniformRadii(float(radius.mean()), float(np.mean(radius <= bound)), bound)


def radii_match(statistics: xr.Dataset) -> Claim:
    """Claim 12: uniform vectors have radii typical of the data only for about 1 < b < 2.

    Their radii have the mean b sqrt(N/3 - 1/15) and a small spread (`uniform_radius`), so b matches
    if that mean is a typical radius of the data. All such b have to be in the range.
    """
    counts, edges = statistics["radius_histogram"].values, statistics["radius_edges"].values
    if reason := too_few(statistics):
        return RADII_MATCH.undecided(reason)
    unit, _ = uniform_radius(1.0, statistics.sizes["component"])
    cumulative = np.append(0, np.cumsum(counts)) / counts.sum()
    low, middle, high = np.interp((MIDDLE[0], 0.5, MIDDLE[1]), cumulative, edges) / unit
    holds = low >= RANGE[0] * (1 - ABOUT) and high <= RANGE[1] * (1 + ABOUT)
    return RADII_MATCH.judged(
        f"b from {low:.2f} to {high:.2f}; b = {middle:.2f} for the median radius "
        f"{middle * unit:.2f}",
        bool(holds),
        {"b_low": float(low), "b_median": float(middle), "b_high": float(high)},
    )


def power_of_ten(log10: float) -> str:
    """Format a probability given by its decimal logarithm.

    Examples
    --------
    >>> power_of_ten(-66.7), power_of_ten(-1.3), power_of_ten(0.0), power_of_ten(-np.inf)
    ('2e−67', '0.05', '1', '0')
    """
    if log10 == -np.inf:
        return "0"
    if log10 > -4:
        return f"{10**log10:.2g}"
    exponent = int(np.floor(log10))
    digit = round(10 ** (log10 - exponent))
    return f"{digit if digit < 10 else 1}e−{-exponent if digit < 10 else -exponent - 1}"
