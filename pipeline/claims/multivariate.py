"""Claims 14 to 17, on the distribution as a whole."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.shape.contours import HEIGHTS
from zpoints.pipeline.analyze.shape.ellipses import coverage
from zpoints.pipeline.claims.claim import Claim, Statement, too_few
from zpoints.pipeline.claims.components import signed
from zpoints.pipeline.claims.normal_densities import median
from zpoints.pipeline.claims.normal_radii import normal_radii

Floats = NDArray[np.float64]

PER_COMPONENT = 10
"""Vectors per component from which a covariance is more than a fit of its own vectors."""

SPREAD = 0.15
"""Largest deviation of the spread of Mahalanobis radii from that of normal vectors: 8 independent
uniform components have 0.63 times, Laplace ones 1.5 times that spread."""

OUTSIDE = 2.0
"""Largest factor between the share outside the core and that of normal vectors."""

LEADING = 10
"""Principal components whose shape is looked at; in many dimensions the radius does not show a few
clusters."""

SKEWNESS, KURTOSIS = 0.5, 0.75
"""Largest |skewness| and |excess kurtosis| of a leading principal component."""

TENTH = 0.1
VARIANCE = 0.9
"""Share of the variance that the dominant components explain."""

NEAR_AXES = 0.75
"""Smallest share of |mean|^2 in a tenth of the components. A mean in a random direction has 0.44
there."""

DISTINCT = 10.0
"""Least |mean|^2 of a centre that is not at 0, in units of what chance gives."""

BORDER, BORDERS = 2.0, (1.75, 2.25)
"""Claimed border of the core, in standard deviations, and what counts as this: the distances at
which the density of a pair falls to exp(-2) of its maximum, 2 for a normal distribution, 1.5 for a
t distribution with 5 degrees of freedom, 1.2 for independent Laplace components."""

ENCLOSED = (0.83, 0.90)
"""Share of the vectors inside the ellipses of 2 standard deviations, 0.865 for a normal
distribution, 0.915 for independent uniform components."""

NORMAL = Statement(
    14,
    "the z-points are a multivariate normal distribution",
    f"spread of the Mahalanobis radius within {SPREAD:.0%} of that of normal vectors; outside the "
    f"core at most {OUTSIDE:g} times as many or as few; the {LEADING} leading principal components "
    f"with |skewness| ≤ {SKEWNESS:g}, |excess kurtosis| ≤ {KURTOSIS:g}",
)
DOMINATE = Statement(
    15,
    "a tenth of the components dominate",
    f"a tenth of the principal components explain {VARIANCE:.0%} of the variance",
)
CENTRE = Statement(
    16,
    "the centre of the z-points lies near few axes",
    f"a tenth of the components hold at least {NEAR_AXES:.0%} of |mean|²",
)
CORE = Statement(
    17,
    "σ = 2 is the border of the core",
    f"the density of pairs of principal components falls to exp(−2) at {BORDERS[0]:g} to "
    f"{BORDERS[1]:g} σ, and their 2 σ ellipses enclose {ENCLOSED[0]:.0%} to {ENCLOSED[1]:.0%}",
)


def multivariate_claims(statistics: xr.Dataset) -> list[Claim]:
    """Claims 14 to 17, from the `statistics` group."""
    return [
        is_normal(statistics),
        tenth_dominates(statistics),
        near_axes(statistics),
        core_border(statistics),
    ]


def is_normal(statistics: xr.Dataset) -> Claim:
    """Claim 14: Mahalanobis radii and principal components are those of normal vectors.

    Every limit is widened by four standard errors of the number of vectors.
    """
    basis, n = Basis.from_statistics(statistics), _count(statistics)
    if not basis.rank:
        return NORMAL.undecided("no component varies")
    if reason := too_few(statistics, max(PER_COMPONENT * basis.rank, 2 * LEADING**2)):
        return NORMAL.undecided(reason)
    expected = normal_radii(n, basis.rank, float(statistics["core_radius"]))
    outside = 1 - float(statistics["core_count"]) / n
    leading = slice(min(LEADING, basis.rank))
    values = {
        "mean": float(statistics["mahalanobis_mean"]),
        "spread": float(statistics["mahalanobis_std"]),
        "normal_mean": expected.mean,
        "normal_spread": expected.spread,
        "outside": outside,
        "normal_outside": expected.outside,
        "chi_distance": float(statistics["mahalanobis_chi_distance"]),
        "skewness": float(np.abs(statistics["pc_skewness"].values[leading]).max()),
        "kurtosis": _largest(statistics["pc_kurtosis"].values[leading]),
    }
    ratio = values["spread"] / expected.spread
    chance = 4 * np.sqrt(expected.outside / n)
    low, high = expected.outside / OUTSIDE - chance, expected.outside * OUTSIDE + chance
    holds = (
        abs(ratio - 1) <= SPREAD + 4 / np.sqrt(2 * n)
        and low <= outside <= high
        and values["skewness"] <= SKEWNESS + 4 * np.sqrt(6 / n)
        and abs(values["kurtosis"]) <= KURTOSIS + 4 * np.sqrt(24 / n)
    )
    return NORMAL.judged(
        f"radius {values['mean']:.2f} ± {values['spread']:.2f}, of normal vectors "
        f"{expected.mean:.2f} ± {expected.spread:.2f} (spread {ratio:.2f} times as wide); outside "
        f"the core {outside:.1%}, of normal vectors {expected.outside:.1%}; leading principal "
        f"components: |skewness| up to {values['skewness']:.2f}, largest excess kurtosis "
        f"{signed(values['kurtosis'])}",
        bool(holds),
        values | {"spread_ratio": ratio},
    )


def tenth_dominates(statistics: xr.Dataset) -> Claim:
    """Claim 15: a tenth of the principal components explain 90 % of the variance.

    With few vectors the spectrum of a covariance is steeper than that of the distribution, so that
    the claim may fail and cannot hold.
    """
    variance, original = (statistics[of].values for of in ("explained_variance", "variance"))
    if not np.nansum(variance) > 0:
        return DOMINATE.undecided("no component varies")
    if reason := too_few(statistics):
        return DOMINATE.undecided(reason)
    total, allowed = len(variance), max(1.0, TENTH * len(variance))
    needed, needed_original = (_needed(of) for of in (variance, original))
    enough = too_few(statistics, PER_COMPONENT * total)
    if needed <= allowed and enough:
        return DOMINATE.undecided(enough)
    return DOMINATE.judged(
        f"{VARIANCE:.0%} of the variance need {needed} of {total} principal components, and "
        f"{needed_original} of the components themselves",
        needed <= allowed,
        {"needed": needed, "needed_original": needed_original, "allowed": allowed},
    )


def near_axes(statistics: xr.Dataset) -> Claim:
    """Claim 16: a tenth of the components hold at least three quarters of |mean|^2."""
    if reason := too_few(statistics):
        return CENTRE.undecided(reason)
    squares = np.sort(statistics["mean"].values ** 2)[::-1]
    chance = float(np.nansum(statistics["variance"].values)) / _count(statistics)
    total = len(squares)
    if total < 1 / TENTH:
        return CENTRE.undecided(f"{total} components; at least {1 / TENTH:g} are needed")
    if not squares.sum() > DISTINCT * chance:
        return CENTRE.undecided(
            f"the centre is not distinct from 0: |mean| {np.sqrt(squares.sum()):.2g}, by chance "
            f"{np.sqrt(chance):.2g}"
        )
    few = round(TENTH * total)
    share = float(squares[:few].sum() / squares.sum())
    return CENTRE.judged(
        f"{few} of {total} components hold {share:.1%} of |mean|²; |mean| "
        f"{np.sqrt(squares.sum()):.2f}",
        share >= NEAR_AXES,
        {"components": few, "share": share, "length": float(np.sqrt(squares.sum()))},
    )


def core_border(statistics: xr.Dataset) -> Claim:
    """Claim 17: at 2 standard deviations the density of pairs is that of a normal distribution's.

    The pairs are those of principal components whose densities are stored.
    """
    if reason := too_few(statistics):
        return CORE.undecided(reason)
    level, enclosed = (median(of(statistics)) for of in (border_levels, shares_enclosed))
    if not np.isfinite([level, enclosed]).all():
        return CORE.undecided("no contours: no pairs of principal components in analyze.pairs")
    holds = BORDERS[0] <= level <= BORDERS[1] and ENCLOSED[0] <= enclosed <= ENCLOSED[1]
    return CORE.judged(
        f"density exp(−2) at {level:.2f} σ; {enclosed:.1%} inside the 2 σ ellipses, "
        f"{coverage(BORDER):.1%} of a normal distribution",
        holds,
        {"level": level, "enclosed": enclosed},
    )


def border_levels(statistics: xr.Dataset) -> Floats:
    """Standard deviations (pair) at which the density of a pair falls to exp(-2) of its maximum.

    The level of a contour is the geometric mean of its half-axes in standard deviations of the
    smoothed density. It is interpolated between the stored contours in sqrt(-2 log height), with
    which it agrees for a normal distribution.

    Parameters
    ----------
    statistics
        The `statistics` group: `pc_pair_contour_half_axes`, `pc_pair_histogram`.
    """
    if "pc_pair_contour_half_axes" not in statistics:
        return np.empty(0)
    half_axes, one, other = _pairs(statistics)
    vectors = statistics["pc_pair_histogram"].values.sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        smoothed = (one * other)[:, None] * (1 + vectors[:, None] ** (-1 / 3))
        levels = np.sqrt(half_axes.prod(axis=-1) / smoothed)
    normal = np.sqrt(-2 * np.log(HEIGHTS))
    return np.array([np.interp(BORDER, normal, of) for of in levels])


def shares_enclosed(statistics: xr.Dataset) -> Floats:
    """Share (pair) of the vectors inside the ellipse of 2 standard deviations of a pair.

    An interval counts if its centre is inside.

    Parameters
    ----------
    statistics
        The `statistics` group: `pc_pair_histogram`, `pc_pair_edges`, `pc_pair_outside`.
    """
    if "pc_pair_edges" not in statistics:
        return np.empty(0)
    counts, outside = (statistics[f"pc_pair_{of}"].values for of in ("histogram", "outside"))
    edges = statistics["pc_pair_edges"].values
    _, *deviations = _pairs(statistics)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (edges[..., 1:] + edges[..., :-1]) / (2 * np.stack(deviations, axis=1)[..., None])
    inside = x[:, 0, :, None] ** 2 + x[:, 1, None, :] ** 2 <= BORDER**2
    found: Floats = np.sum(counts * inside, axis=(1, 2)) / (counts.sum(axis=(1, 2)) + outside)
    return found


def _pairs(statistics: xr.Dataset) -> tuple[Floats, Floats, Floats]:
    """Half-axes (pair, contour, 2) of the contours, and both deviations (pair)."""
    deviations = Basis.from_statistics(statistics).deviations
    one, other = statistics["pc_pair_components"].values.T
    half_axes = statistics["pc_pair_contour_half_axes"].values
    return half_axes, deviations[one], deviations[other]


def _count(statistics: xr.Dataset) -> int:
    return int(statistics["count"].values.max(initial=0))


def _largest(values: Floats) -> float:
    """The value that is farthest from 0."""
    return float(values[np.argmax(np.abs(values))])


def _needed(variance: Floats) -> int:
    """Number of components, the largest first, that have 90 % of the variance together."""
    shares = np.cumsum(np.sort(np.nan_to_num(variance))[::-1]) / np.nansum(variance)
    return int(np.searchsorted(shares, VARIANCE - 1e-12) + 1)
