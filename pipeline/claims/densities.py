"""Claims 9 and 10: the components in pairs."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.peaks import dominance_order, dominant_components
from zpoints.pipeline.claims.claim import Claim

Floats = NDArray[np.float64]

STRONG = 0.5
"""A correlation is strong from here on (Cohen 1988, section 3.2)."""

LEADING = 20
"""So many of the most dominant components are compared with all."""

ELLIPTICITY = 0.8
"""Median from which on contours are nested ellipses: 500 normal vectors give 0.84, a cross 0.74,
two hills 0.4, a banana 0.26 (see `zpoints.pipeline.analyze.shape.contours`)."""

TILT = 0.2
"""Median up to which ellipses are aligned with the axes, see `tilts`."""


def pair_claims(
    statistics: xr.Dataset, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> list[Claim]:
    """Claims 9 and 10, from the `statistics` group; dominance as in `dominant_components`."""
    strong = strong_correlations(statistics, least_mu=least_mu, least_hw=least_hw)
    return [strong, nested_ellipses(statistics)]


def strong_correlations(
    statistics: xr.Dataset, *, least_mu: float = 0.25, least_hw: float = 1.5
) -> Claim:
    """Claim 9: some pair of dominant components has |rho| >= 0.5.

    Chance alone does not come near: the largest |rho| among all pairs of 256 independent
    components is about 5.5 / sqrt(n) for n vectors.
    """
    measured = statistics["mu"].values, statistics["hw"].values
    size = np.abs(statistics["correlation"].values)
    dominant = dominant_components(*measured, least_mu=least_mu, least_hw=least_hw)
    pairs = _pairs(size, dominant)
    words = "strong correlations between dominant components"
    threshold = f"a pair of dominant components with |ρ| ≥ {STRONG:g}"
    if not pairs.size:
        return Claim(9, words, "fewer than two dominant components vary", threshold, None)
    leading = _pairs(size, dominance_order(*measured)[: min(LEADING, len(dominant))])
    everything = _pairs(size, np.arange(len(size)))
    values = {
        "largest": float(pairs.max()),
        "strong_pairs": int(np.sum(pairs >= STRONG)),
        "rms_leading": float(np.sqrt(np.mean(leading**2))),
        "rms_all": float(np.sqrt(np.mean(everything**2))),
    }
    return Claim(
        9,
        words,
        f"largest |ρ| {values['largest']:.2f}; {values['strong_pairs']} of {pairs.size:,} pairs "
        f"with |ρ| ≥ {STRONG:g}; root mean square {values['rms_leading']:.2f} among the "
        f"{min(LEADING, len(dominant))} most dominant, {values['rms_all']:.2f} among all",
        threshold,
        values["largest"] >= STRONG,
        values,
    )


def nested_ellipses(statistics: xr.Dataset) -> Claim:
    """Claim 10: contours of pair densities are nested ellipses, after PCA along the axes.

    The former is the median ellipticity of the stored pairs, the latter the median tilt of the
    ellipses fitted to the contours.
    """
    words = (
        "pair densities have nested elliptic contours, also after PCA, there aligned with the axes"
    )
    threshold = f"median ellipticity ≥ {ELLIPTICITY:g} in both; median tilt ≤ {TILT:g} after PCA"
    found = {
        "ellipticity": _median(statistics, "pair_ellipticity"),
        "pc_ellipticity": _median(statistics, "pc_pair_ellipticity"),
        "tilt": _median_of(tilts(statistics, prefix="")),
        "pc_tilt": _median_of(tilts(statistics, prefix="pc_")),
    }
    if not np.isfinite(list(found.values())).all():
        reason = "no contours: fewer than 100 vectors, or no pairs in analyze.pairs"
        return Claim(10, words, reason, threshold, None)
    holds = (
        min(found["ellipticity"], found["pc_ellipticity"]) >= ELLIPTICITY
        and found["pc_tilt"] <= TILT
    )
    return Claim(
        10,
        words,
        f"ellipticity {found['ellipticity']:.2f}, after PCA {found['pc_ellipticity']:.2f}; tilt "
        f"{found['tilt']:.2f}, after PCA {found['pc_tilt']:.2f}",
        threshold,
        bool(holds),
        found,
    )


def tilts(statistics: xr.Dataset, *, prefix: str) -> Floats:
    """Tilt (pair, contour) of the ellipses fitted to the contours of pair densities.

    The tilt is |rho| of the normal distribution whose contour the ellipse is: 0 if its axes are
    those of the coordinates, 1 for a line at a slant. An angle would not do: that of a circle is
    undetermined, and so is, nearly, that of two components of almost the same variance.

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
    """The defined |rho| of all pairs among the chosen components."""
    found = size[np.ix_(chosen, chosen)][np.triu_indices(len(chosen), 1)]
    return found[np.isfinite(found)]


def _median(statistics: xr.Dataset, name: str) -> float:
    return _median_of(statistics[name].values) if name in statistics else float("nan")


def _median_of(values: Floats) -> float:
    defined = values[np.isfinite(values)]
    return float(np.median(defined)) if defined.size else float("nan")
