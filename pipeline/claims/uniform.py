"""Claims 11 and 12, on vectors with components uniform in [-b, b]."""

import numpy as np
import xarray as xr

from zpoints.pipeline.analyze.shape.expected_radii import uniform_radius
from zpoints.pipeline.claims.claim import Claim, Statement
from zpoints.pipeline.sample.region import UniformHits, uniform_hits

LIMIT, MULTIPLE = 12.0, 3.0
"""Limit b and multiple k for which the source reports no hits."""

RANGE = (1.0, 2.0)
"""Claimed range of b in which the radii match."""

ABOUT = 0.1
"""Relative widening of the range that "about" allows."""

MIDDLE = (0.16, 0.84)
"""Quantiles between which a radius is typical of the data: those of one standard deviation around
the mean of a normal distribution."""

UNIFORM_MISSES = Statement(11, "uniform vectors miss the region", "no hit for b = 12 and 3 hw")
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
    return [uniform_misses(hits), radii_match(statistics)]


def uniform_misses(hits: UniformHits) -> Claim:
    """Claim 11: no vector uniform in [-12, 12] has all components within 3 hw of mu."""
    cell = hits.limits.index(LIMIT), hits.multiples.index(MULTIPLE)
    found, log10 = int(hits.hits[cell]), float(hits.log10_probability[cell])
    return UNIFORM_MISSES.judged(
        f"{found:,} of {hits.vectors:,} vectors uniform in [−12, 12] within 3 hw of μ in all "
        f"components; exact probability {power_of_ten(log10)}",
        found == 0,
        {"hits": found, "vectors": hits.vectors, "log10_probability": log10},
    )


def radii_match(statistics: xr.Dataset) -> Claim:
    """Claim 12: uniform vectors have radii typical of the data only for about 1 < b < 2.

    Their radii have the mean b sqrt(N/3 - 1/15) and a small spread (`uniform_radius`), so b matches
    if that mean is a typical radius of the data. All such b have to be in the range.
    """
    counts, edges = statistics["radius_histogram"].values, statistics["radius_edges"].values
    if not counts.any():
        return RADII_MATCH.unmeasured("no vectors were analysed")
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
