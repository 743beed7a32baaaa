"""Section on the structure of the latent vectors: radii, covariance, pair densities."""

from functools import partial

import numpy as np
import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.figures.covariance import correlation, variance
from zpoints.pipeline.figures.pair_densities import SHOWN, densities
from zpoints.pipeline.figures.radius_distributions import radii
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.sections import mahalanobis_radii

RADII = Markup(
    "Lengths <i>r</i> = |<i>z</i>| of the latent vectors (mean {mean:.2f}, standard deviation "
    "{std:.2f}), and of vectors with components uniform in [−<i>b</i>, <i>b</i>], on a logarithmic "
    "axis; each curve is scaled to maximum 1. Dashed lines and bars: the expected mean "
    "<i>b</i> √(<i>N</i>/3 − 1/15) and standard deviation <i>b</i>/√15 for <i>N</i> = "
    "{components}. Below: median and range from 5% to 95%, also of the generated vectors. Uniform "
    "vectors have the radii of the data only where their peak covers that of the data."
)
CORRELATION = Markup(
    "Pearson correlation of all pairs of components, ordered by dominance, and of the most "
    "dominant components by their numbers. The colour scale covers all but 0.1% of the pairs; "
    "constant components are grey."
)
DENSITIES = Markup(
    "Number distributions of pairs, both axes on the same scale. Lines: contours of the density at "
    "{heights} and {lowest:g} of its maximum, smoothed by a normal kernel with the covariance of "
    "the pair times <i>n</i><sup>−1/3</sup> for <i>n</i> vectors counted. Dashed: the "
    "least-squares ellipse of the largest outline at each height. Green: the {level:.2f} <i>σ</i> "
    "ellipse of the covariance, where a normal density has {lowest:g} of its maximum. Numbers: "
    "ellipticity, 1 where the contours are nested ellipses that follow the covariance. It is the "
    "intersection over union of the inside of a contour and an ellipse of the same area with the "
    "centre, axis ratio and angle of the covariance, averaged over the contours. Normal vectors "
    "reach 0.93 if there are 5,000, and 0.98 if there are 200,000."
)
DENSITIES_AFTER_PCA = Markup(
    "The same for pairs of PCA coordinates, which are uncorrelated: their ellipses have the "
    "directions of the axes."
)
ELLIPTICITY = Markup(
    " The ellipticity is {low:.2f} to {high:.2f}, median {median:.2f}, over {count} pairs."
)
FIRST_PAIRS = Markup(" The first {shown} of {count} pairs are shown.")
VARIANCE = Markup(
    "Variances <i>λ<sub>k</sub></i> of the principal components, and the share of the total "
    "variance that the <i>K</i> leading ones explain. Marks: the number of components that explain "
    "50, 90, 95 and 99%."
)
SOLVER = Markup(
    " Computed by dask-ml’s IncrementalPCA; the largest differences from the eigenvectors of the "
    "covariance among the {leading} leading components: {error:.1e} of the variance, {angle:.1e}° "
    "between axes. Axes of nearly equal variance may rotate freely."
)


def pairs(data: ReportData) -> list[Entry]:
    """Correlations and pair densities."""
    return [
        Entry(
            "correlation",
            "Correlations",
            CORRELATION,
            lambda: correlation(data.statistics, order=data.dominance.order),
            "Correlation matrix of the latent components.",
        ),
        *_densities(data.statistics),
    ]


def radii_and_variance(data: ReportData) -> list[Entry]:
    """Radii, the core, explained variance."""
    s = data.statistics
    return [
        Entry(
            "radii",
            "Radii",
            RADII.format(
                mean=float(s["radius_mean"]),
                std=float(s["radius_std"]),
                components=s.sizes["component"],
            ),
            lambda: radii(
                s, {g.name: g.z for g in data.generated}, limits=data.config.uniform_limits
            ),
            "Radius distribution of the data and of uniform vectors for several b.",
        ),
        mahalanobis_radii.entry(s),
        Entry(
            "variance",
            "Explained variance",
            VARIANCE + _solver_difference(s, leading=data.config.components),
            lambda: variance(s),
            "Scree plot and cumulative explained variance of the principal components.",
        ),
    ]


def _densities(s: xr.Dataset) -> list[Entry]:
    kinds = [("original", "Densities", ""), ("pca", "Densities after PCA", "pc_")]
    return [
        Entry(
            f"densities-{name}",
            title,
            densities_caption(s, prefix=prefix),
            partial(densities, s, principal=bool(prefix)),
            "Densities of pairs with contours, fitted ellipses and covariance ellipses.",
        )
        for name, title, prefix in kinds
        if s.sizes.get(f"{prefix}pair", 0) > 0
    ]


def densities_caption(statistics: xr.Dataset, *, prefix: str = "") -> Markup:
    """Caption of the pair densities; `prefix` is "pc_" for principal components, else empty."""
    scores = statistics[f"{prefix}pair_ellipticity"].values
    *heights, lowest = statistics["contour_height"].values
    defined = scores[np.isfinite(scores)]
    text = DENSITIES.format(
        heights=", ".join(f"{height:g}" for height in heights),
        lowest=lowest,
        level=np.sqrt(-2 * np.log(lowest)),
    )
    if prefix and statistics.sizes.get("pair", 0):
        text = DENSITIES_AFTER_PCA
    if len(scores) > SHOWN:
        text += FIRST_PAIRS.format(shown=SHOWN, count=len(scores))
    if defined.size:
        text += ELLIPTICITY.format(
            low=defined.min(), high=defined.max(), median=np.median(defined), count=defined.size
        )
    return text


def _solver_difference(s: xr.Dataset, *, leading: int) -> Markup:
    """How far IncrementalPCA is from the exact components; empty if it was not computed."""
    if "solver_angle" not in s:
        return Markup("")
    error, angle = (
        np.abs(s[name].values[:leading]) for name in ("solver_variance_error", "solver_angle")
    )
    if np.isnan(angle).all():
        return Markup("")
    return SOLVER.format(leading=len(angle), error=np.nanmax(error), angle=np.nanmax(angle))
