"""Claims 9 and 10, on pairs of components."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.peaks import dominance_order, dominant_components
from zpoints.pipeline.claims.claim import Claim, Statement

Floats = NDArray[np.float64]

STRONG = 0.5
"""Smallest |rho| of a strong correlation (Cohen 1988, section 3.2)."""

LEADING = 20
"""Number of most dominant components whose correlations are compared with all."""

ELLIPTICITY = 0.8
"""Smallest median ellipticity of nested ellipses: 500 normal vectors give 0.84, a cross 0.74, two
hills 0.4, a banana 0.26 (see `zpoints.pipeline.analyze.shape.contours`)."""

TILT = 0.2
"""Largest median tilt of ellipses that are aligned with the axes, see `tilts`."""

STRONG_CORRELATIONS = Statement(
    9,
    "strong correlations between dominant components",
    f"a pair of dominant components with |ρ| ≥ {STRONG:g}",
)
NESTED_ELLIPSES = Statement(
    10,
    "pair densities have nested elliptic contours, also after PCA, there aligned with the axes",
    f"median ellipticity ≥ {ELLIPTICITY:g} in both; median tilt ≤ {TILT:g} after PCA",
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
    """Claim 9: some pair of dominant components has |rho| >= 0.5.

    Chance gives much less: the largest |rho| among all pairs of 256 independent components is
    about 5.5 / sqrt(n) for n vectors.

    Parameters
    ----------
    statistics
        The `statistics` group: `mu`, `hw`, `correlation`.
    least_mu, least_hw
        Thresholds of `dominant_components`, in latent units.
    """
    measured = statistics["mu"].values, statistics["hw"].values
    size = np.abs(statistics["correlation"].values)
    dominant = dominant_components(*measured, least_mu=least_mu, least_hw=least_hw)
    pairs = _pairs(size, dominant)
    if not pairs.size:
        return STRONG_CORRELATIONS.unmeasured("fewer than two dominant components vary")
    leading = _pairs(size, dominance_order(*measured)[: min(LEADING, len(dominant))])
    everything = _pairs(size, np.arange(len(size)))
    values = {
        "largest": float(pairs.max()),
        "strong_pairs": int(np.sum(pairs >= STRONG)),
        "rms_leading": float(np.sqrt(np.mean(leading**2))),
        "rms_all": float(np.sqrt(np.mean(everything**2))),
    }
    return STRONG_CORRELATIONS.judged(
        f"largest |ρ| {values['largest']:.2f}; {values['strong_pairs']} of {pairs.size:,} pairs "
        f"with |ρ| ≥ {STRONG:g}; root mean square {values['rms_leading']:.2f} among the "
        f"{min(LEADING, len(dominant))} most dominant, {values['rms_all']:.2f} among all",
        values["largest"] >= STRONG,
        values,
    )


def nested_ellipses(statistics: xr.Dataset) -> Claim:
    """Claim 10: contours of pair densities are nested ellipses, after PCA along the axes.

    Nesting is judged by the median ellipticity of the stored pairs, alignment by the median tilt
    of the ellipses fitted to the contours.
    """
    found = {
        "ellipticity": _median(statistics, "pair_ellipticity"),
        "pc_ellipticity": _median(statistics, "pc_pair_ellipticity"),
        "tilt": _median_of(tilts(statistics, prefix="")),
        "pc_tilt": _median_of(tilts(statistics, prefix="pc_")),
    }
    if not np.isfinite(list(found.values())).all():
        reason = "no contours: fewer than 100 vectors, or no pairs in analyze.pairs"
        return NESTED_ELLIPSES.unmeasured(reason)
    holds = (
        min(found["ellipticity"], found["pc_ellipticity"]) >= ELLIPTICITY
        and found["pc_tilt"] <= TILT
    )
    return NESTED_ELLIPSES.judged(
        f"ellipticity {found['ellipticity']:.2f}, after PCA {found['pc_ellipticity']:.2f}; tilt "
        f"{found['tilt']:.2f}, after PCA {found['pc_tilt']:.2f}",
        bool(holds),
        found,
    )


def tilts(statistics: xr.Dataset, *, prefix: str) -> Floats:
    """Tilt (pair, contour) of the ellipses fitted to the contours of pair densities.

    The tilt is |rho| of the normal distribution that has the ellipse as a contour: 0 for axes along
    the coordinates, 1 for a slanted line. The angle itself is unsuitable: it is undefined for a
    circle and ill-conditioned for two components of almost equal variance.

    Parameters
    ----------
    statistics
        The `statistics` group: `pair_contour_half_axes`, `pair_contour_angle`.
    prefix
        "" for components, "pc_" for principal components.
    """
    if f"{prefix}pair_contour_angle" not in statistics:
        return np.empty((0, 0))
    long, short = np.moveaxis(statistics[f"{prefix}pair_contour_half_axes"].values ** 2, -1, 0)
    cos, sin = (f(statistics[f"{prefix}pair_contour_angle"].values) for f in (np.cos, np.sin))
    across, along = long * cos**2 + short * sin**2, long * sin**2 + short * cos**2
    with np.errstate(divide="ignore", invalid="ignore"):
        tilt: Floats = np.abs((long - short) * sin * cos) / np.sqrt(across * along)
    return tilt


def _pairs(size: Floats, chosen: NDArray[np.int64]) -> Floats:
    """|rho| of all pairs among the chosen components, without NaN."""
    found = size[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    return found[np.isfinite(found)]


def _median(statistics: xr.Dataset, name: str) -> float:
    return _median_of(statistics[name].values) if name in statistics else float("nan")


def _median_of(values: Floats) -> float:
    defined = values[np.isfinite(values)]
    return float(np.median(defined)) if defined.size else float("nan")
