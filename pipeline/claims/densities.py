"""Claims 9 and 10, on pairs of components."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import t as student

from zpoints.pipeline.analyze.shape.peaks import dominance_order, dominant_components
from zpoints.pipeline.claims.claim import Claim, Statement, too_few
from zpoints.pipeline.claims.normal_densities import (
    NormalDensities,
    median,
    normal_densities,
    tilt_of,
)

Floats = NDArray[np.float64]

STRONG = 0.5
"""Smallest |rho| of a strong correlation (Cohen 1988, section 3.2)."""

DOMINANT = 25
"""Most dominant components that claim 9 looks at: as many as claim 4 lets be far from zero."""

CHANCE = 0.01
"""Probability that the largest |rho| of independent normal components exceeds chance."""

LEAST_FOR_ELLIPSES = 300
"""Vectors from which the contours of uniform and of normal vectors differ, see `SHORTFALL`."""

SHORTFALL = 0.05
"""Largest difference of the median ellipticity from that of as many normal vectors: independent
uniform components fall short by 0.10 to 0.12 at any number of vectors, Laplace ones by 0.03 of
4,000 and 0.08 of 40,000, logistic ones by 0.02."""

TILT = 0.05
"""Largest excess of the median tilt over that of as many normal vectors without correlation."""

STRONG_CORRELATIONS = Statement(
    9,
    "strong correlations between dominant components",
    f"a pair of the (at most {DOMINANT}) most dominant components with |ρ| ≥ {STRONG:g}",
)
NESTED_ELLIPSES = Statement(
    10,
    "pair densities have nested elliptic contours, also after PCA, there aligned with the axes",
    f"median ellipticity at most {SHORTFALL:g} below that of as many normal vectors, in both; "
    f"median tilt after PCA at most {TILT:g} above theirs",
)


def pair_claims(
    statistics: xr.Dataset, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> list[Claim]:
    """Claims 9 and 10.

    Parameters
    ----------
    statistics
        The `statistics` group.
    least_mu, least_hw
        Thresholds of `dominant_components`, in latent units.
    """
    strong = strong_correlations(statistics, least_mu=least_mu, least_hw=least_hw)
    return [strong, nested_ellipses(statistics)]


def strong_correlations(
    statistics: xr.Dataset, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> Claim:
    """Claim 9: some pair among the most dominant components has |rho| >= 0.5.

    Thresholds in latent units may make nearly all components dominant, so that the strongest pair
    of all would decide; the 25 most dominant ones are compared.

    Parameters
    ----------
    statistics
        The `statistics` group: `count`, `mu`, `hw`, `correlation`.
    least_mu, least_hw
        Thresholds of `dominant_components`, in latent units.
    """
    if reason := too_few(statistics):
        return STRONG_CORRELATIONS.undecided(reason)
    mu, hw = statistics["mu"].values, statistics["hw"].values
    size = np.abs(statistics["correlation"].values)
    dominant = len(dominant_components(mu, hw, least_mu=least_mu, least_hw=least_hw))
    compared = min(DOMINANT, dominant)
    order = dominance_order(mu, hw, least_mu=least_mu, least_hw=least_hw)
    pairs = _pairs(size, order[:compared])
    if not pairs.size:
        return STRONG_CORRELATIONS.undecided("fewer than two dominant components vary")
    chance = largest_by_chance(int(statistics["count"].values.max()), pairs.size)
    if chance >= STRONG:
        return STRONG_CORRELATIONS.undecided(
            f"too few vectors: chance alone gives {pairs.size} pairs |ρ| up to {chance:.2f}"
        )
    everything = _pairs(size, np.arange(len(size)))
    values = {
        "largest": float(pairs.max()),
        "strong_pairs": int(np.sum(pairs >= STRONG)),
        "compared": compared,
        "dominant": dominant,
        "chance": chance,
        "rms_compared": float(np.sqrt(np.mean(pairs**2))),
        "rms_all": float(np.sqrt(np.mean(everything**2))),
    }
    return STRONG_CORRELATIONS.judged(
        f"largest |ρ| {values['largest']:.2f}, by chance up to {chance:.2f}; "
        f"{values['strong_pairs']} of {pairs.size:,} pairs of {compared} (of {dominant} dominant) "
        f"with |ρ| ≥ {STRONG:g}; root mean square {values['rms_compared']:.2f} among them, "
        f"{values['rms_all']:.2f} among all",
        values["largest"] >= STRONG,
        values,
    )


def largest_by_chance(vectors: int, pairs: int) -> float:
    """|rho| that the largest of some pairs of independent components exceeds once in a hundred.

    The correlation r of n independent normal pairs has the property that r sqrt((n - 2) / (1 -
    r^2)) follows Student's t distribution; the pairs share the probability (Bonferroni).

    Parameters
    ----------
    vectors
        Number n of vectors; 1 below 3.
    pairs
        Number of pairs, at least 1.

    Examples
    --------
    >>> round(largest_by_chance(18000, 300), 3)
    0.031
    """
    if vectors < 3:
        return 1.0
    quantile = float(student.isf(CHANCE / (2 * pairs), vectors - 2))
    return float(quantile / np.hypot(quantile, np.sqrt(vectors - 2)))


def nested_ellipses(statistics: xr.Dataset) -> Claim:
    """Claim 10: contours of pair densities are nested ellipses, after PCA along the axes.

    Nesting is judged by the median ellipticity of the stored pairs, alignment by the median tilt
    of the ellipses fitted to the contours; both against simulated normal vectors of the same
    number, since noise and smoothing take from ellipses too.
    """
    found: dict[str, float] = {}
    for prefix in ("", "pc_"):
        null = _null(statistics, prefix)
        found |= {
            f"{prefix}ellipticity": _median(statistics, f"{prefix}pair_ellipticity"),
            f"{prefix}tilt": median(tilts(statistics, prefix=prefix)),
            f"{prefix}normal_ellipticity": null.ellipticity,
            f"{prefix}normal_tilt": null.tilt,
        }
    if not np.isfinite(list(found.values())).all():
        return NESTED_ELLIPSES.undecided(
            "no contours: fewer than 100 vectors, or no pairs in analyze.pairs"
        )
    if reason := too_few(statistics, LEAST_FOR_ELLIPSES):
        return NESTED_ELLIPSES.undecided(reason)
    nested = all(
        found[f"{prefix}ellipticity"] >= found[f"{prefix}normal_ellipticity"] - SHORTFALL
        for prefix in ("", "pc_")
    )
    return NESTED_ELLIPSES.judged(
        f"ellipticity {_against(found, 'ellipticity')}, after PCA "
        f"{_against(found, 'ellipticity', 'pc_')}; tilt {_against(found, 'tilt')}, after PCA "
        f"{_against(found, 'tilt', 'pc_')}",
        nested and found["pc_tilt"] <= found["pc_normal_tilt"] + TILT,
        found,
    )


def tilts(statistics: xr.Dataset, *, prefix: str) -> Floats:
    """Tilt (pair, contour) of the ellipses fitted to the contours of pair densities, see `tilt_of`.

    Parameters
    ----------
    statistics
        The `statistics` group: `pair_contour_half_axes`, `pair_contour_angle`.
    prefix
        "" for components, "pc_" for principal components.
    """
    if f"{prefix}pair_contour_angle" not in statistics:
        return np.empty((0, 0))
    names = ("half_axes", "angle")
    return tilt_of(*(statistics[f"{prefix}pair_contour_{name}"].values for name in names))


def _against(found: dict[str, float], name: str, prefix: str = "") -> str:
    return f"{found[prefix + name]:.2f} (normal {found[f'{prefix}normal_{name}']:.2f})"


def _null(statistics: xr.Dataset, prefix: str) -> NormalDensities:
    if f"{prefix}pair_ellipticity" not in statistics:
        return NormalDensities(np.nan, np.nan)
    return normal_densities(statistics, prefix=prefix)


def _pairs(size: Floats, chosen: NDArray[np.int64]) -> Floats:
    """|rho| of all pairs among the chosen components, without NaN."""
    found = size[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    return found[np.isfinite(found)]


def _median(statistics: xr.Dataset, name: str) -> float:
    return median(statistics[name].values) if name in statistics else float("nan")
