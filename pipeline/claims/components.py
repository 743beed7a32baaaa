"""Claims 1 to 8, on single components."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.expected_radii import uniform_radius
from zpoints.pipeline.claims.claim import Claim, Statement, too_few
from zpoints.pipeline.claims.normality import normality

Floats = NDArray[np.float64]

LIMIT = 12.0
"""Claimed bound of the values: about [-LIMIT, LIMIT]."""

OUTSIDE = 1e-4
"""Share of the values that "about" allows outside."""

LEAST_FOR_SHAPE = 1000
"""Vectors from which the allowance for chance tells a uniform from a normal distribution."""

COMPONENTS = 256
"""Number of components of the source; the counts of claims 4 to 8 scale with it."""

SOURCE_B = 1.5
"""Middle of the source's range of b for which radii of uniform vectors match its z-points (claim
12): the radius of the source's z-points is about that of vectors uniform in [-1.5, 1.5]."""

COUNTS = (
    (4, "mu", 0.25, 25),
    (5, "mu", 1.0, 10),
    (6, "hw", 1.0, 40),
    (7, "hw", 1.5, 20),
    (8, "hw", 3.0, 5),
)
"""Number of the claim, quantity, threshold in latent units, largest number of components."""

GAUSSIAN = Statement(
    1,
    "most components look Gaussian",
    "more than half near normal: |skewness| ≤ 0.5, |excess kurtosis| ≤ 1, distance ≤ 0.03",
)
NEAR_ZERO = Statement(
    2,
    "μ is near zero for at least 90% of the components",
    "≥ 90% with |μ| ≤ hw/2: zero is inside the peak",
)
WITHIN_LIMITS = Statement(
    3, "all values lie within about [−12, 12]", "at most 1 of 10,000 values outside"
)


def component_claims(statistics: xr.Dataset) -> list[Claim]:
    """Claims 1 to 8, from the `statistics` group."""
    return [
        look_gaussian(statistics),
        near_zero(statistics),
        within_limits(statistics),
        *(few(statistics, *count) for count in COUNTS),
    ]


def look_gaussian(statistics: xr.Dataset) -> Claim:
    """Claim 1: more than half of the components that vary look Gaussian, see `Normality`.

    With fewer than 1,000 vectors the allowance for chance covers a uniform distribution, so that
    the claim may fail and cannot hold.
    """
    shape = normality(statistics)
    vary = np.isfinite(shape.distance)
    total, found = int(vary.sum()), int(shape.looks_gaussian.sum())
    if total == 0:
        return GAUSSIAN.undecided("no component varies")
    if found > total / 2 and (reason := too_few(statistics, LEAST_FOR_SHAPE)):
        return GAUSSIAN.undecided(reason)
    medians = {
        "skewness": float(np.median(np.abs(shape.skewness[vary]))),
        "kurtosis": float(np.median(shape.kurtosis[vary])),
        "distance": float(np.median(shape.distance[vary])),
    }
    return GAUSSIAN.judged(
        f"{found} of {total}; medians: |skewness| {medians['skewness']:.2f}, excess kurtosis "
        f"{signed(medians['kurtosis'])}, distance {medians['distance']:.3f}",
        found > total / 2,
        {"gaussian": found, "components": total, **medians},
    )


def near_zero(statistics: xr.Dataset) -> Claim:
    """Claim 2: for 90 % of the components that vary zero is within half the width of the peak.

    |mu| <= hw / 2 is independent of scale; claim 4 judges "near zero" in latent units.
    """
    if reason := too_few(statistics):
        return NEAR_ZERO.undecided(reason)
    mu, hw = np.abs(statistics["mu"].values), statistics["hw"].values
    mu, hw = mu[hw > 0], hw[hw > 0]
    near, total = int(np.sum(mu <= hw / 2)), len(mu)
    if total == 0:
        return NEAR_ZERO.undecided("no component varies")
    return NEAR_ZERO.judged(
        f"{near / total:.1%} with |μ| ≤ hw/2; median |μ| {np.median(mu):.2f}",
        near >= 0.9 * total,
        {"share": near / total, "median": float(np.median(mu))},
    )


def within_limits(statistics: xr.Dataset) -> Claim:
    """Claim 3: all but one value in ten thousand are in [-12, 12].

    Where an extreme is outside, every interval that extends beyond the limit counts as outside.
    """
    low, high = statistics["minimum"].values, statistics["maximum"].values
    edges, counts = statistics["histogram_edges"].values, statistics["histogram"].values
    inside = (edges[:, :-1] >= -LIMIT) & (edges[:, 1:] <= LIMIT)
    beyond = np.where(inside, 0, counts).sum(axis=1)
    beyond += statistics["underflow"].values + statistics["overflow"].values
    outside = int(beyond[(low < -LIMIT) | (high > LIMIT)].sum())
    values = int(statistics["count"].values.sum())
    share = outside / max(values, 1)
    if share <= OUTSIDE and (reason := too_few(statistics)):
        return WITHIN_LIMITS.undecided(reason)
    if share <= OUTSIDE and values < 1 / OUTSIDE:
        return WITHIN_LIMITS.undecided(f"{values:,} values; at least {1 / OUTSIDE:,.0f} are needed")
    exceeding = f"up to {share:.1e} of the values outside" if outside else "none outside"
    return WITHIN_LIMITS.judged(
        f"{signed(low.min())} to {signed(high.max())}; {exceeding}",
        share <= OUTSIDE,
        {"minimum": float(low.min()), "maximum": float(high.max()), "share_outside": share},
    )


def few(statistics: xr.Dataset, number: int, name: str, least: float, most: int) -> Claim:
    """Claims 4 to 8: at most `most` of 256 components reach `least` in |mu| or hw.

    Vectors on a smaller scale satisfy any such claim. It therefore holds only if it also does
    after all vectors are multiplied by `source_scale`.

    Parameters
    ----------
    statistics
        The `statistics` group: `mu`, `hw` (component).
    number, name, least, most
        A row of `COUNTS`.
    """
    values = np.abs(statistics[name].values)
    total, allowed = len(values), most * len(values) / COMPONENTS
    symbol = "|μ|" if name == "mu" else "hw"
    proportion = "" if total == COMPONENTS else f" of {total} (as {most} of {COMPONENTS})"
    statement = Statement(
        number,
        f"at most {most} components of {COMPONENTS} have {symbol} ≥ {least:g}",
        f"≤ {int(allowed)}{proportion}, in latent units and rescaled",
    )
    if reason := too_few(statistics):
        return statement.undecided(reason)
    scale = source_scale(statistics)
    if not np.isfinite(scale):
        return statement.undecided("the vectors have no length to rescale")
    found, rescaled = (int(np.sum(values * factor >= least)) for factor in (1.0, scale))
    return statement.judged(
        f"{found} of {len(values)} in latent units; {rescaled} rescaled by {scale:.3g}",
        max(found, rescaled) <= allowed,
        {"components": found, "rescaled": rescaled, "allowed": allowed, "scale": scale},
    )


def source_scale(statistics: xr.Dataset) -> float:
    """Factor that gives the vectors the radius of the source's z-points in their median.

    That radius is the mean length of vectors uniform in [-1.5, 1.5], 13.9 for 256 components, see
    `SOURCE_B`. The factor is NaN or infinite for vectors without length.
    """
    counts, edges = statistics["radius_histogram"].values, statistics["radius_edges"].values
    cumulative = np.append(0, np.cumsum(counts))
    median = float(np.interp(cumulative[-1] / 2, cumulative, edges))
    wanted, _ = uniform_radius(SOURCE_B, statistics.sizes["component"])
    return wanted / median if median > 0 else float("nan")


def signed(value: float) -> str:
    """Two decimals, with the minus of the report's other numbers."""
    return f"{value:.2f}".replace("-", "−")
