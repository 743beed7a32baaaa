"""Pair densities of as many normal vectors: what chance and smoothing leave of ellipses."""

from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.contours import describe_contours

Floats = NDArray[np.float64]

DRAWS = 30
"""Simulated densities at least, so that their median varies by less than 0.01."""


class NormalDensities(NamedTuple):
    """Medians over pair densities of normal vectors; NaN without contours.

    Attributes
    ----------
    ellipticity
        As `pair_ellipticity`.
    tilt
        As `tilts`, of pairs without correlation.
    """

    ellipticity: float
    tilt: float


def normal_densities(statistics: xr.Dataset, *, prefix: str, seed: int = 0) -> NormalDensities:
    """Simulate the stored pair densities for normal vectors of the same number and correlations.

    The counts of a pair are multinomial, with the probabilities that a normal distribution gives
    its intervals, so that the cost does not depend on the number of vectors. Pairs are simulated
    independently, while stored pairs share components: this leaves their median as it is.

    Parameters
    ----------
    statistics
        The `statistics` group.
    prefix
        "" for components, "pc_" for principal components.
    seed
        Of the simulation.
    """
    counts = statistics[f"{prefix}pair_histogram"].values
    defined = np.isfinite(statistics[f"{prefix}pair_ellipticity"].values)
    if not defined.any():
        return NormalDensities(np.nan, np.nan)
    vectors, bins = int(counts.sum(axis=(1, 2))[defined].mean()), counts.shape[1]
    step = _step(statistics, prefix, defined)
    rng = np.random.default_rng(seed)
    repeated = np.resize(_correlations(statistics, prefix)[defined], max(DRAWS, defined.sum()))
    found = [
        _medians(rng, vectors, bins, step, correlation)
        for correlation in (repeated, np.zeros(DRAWS))
    ]
    return NormalDensities(found[0][0], found[1][1])


def tilt_of(half_axes: Floats, angle: Floats) -> Floats:
    """|rho| of the normal distributions that have these ellipses as contours.

    It is 0 for axes along the coordinates, 1 for a slanted line. The angle itself is unsuitable:
    it is undefined for a circle and ill-conditioned for two components of almost equal variance.

    Parameters
    ----------
    half_axes
        (..., 2), the longer one first.
    angle
        (...) of the longer axis to the first coordinate, in radians.
    """
    long, short = np.moveaxis(half_axes**2, -1, 0)
    cos, sin = np.cos(angle), np.sin(angle)
    across, along = long * cos**2 + short * sin**2, long * sin**2 + short * cos**2
    with np.errstate(divide="ignore", invalid="ignore"):
        tilt: Floats = np.abs((long - short) * sin * cos) / np.sqrt(across * along)
    return tilt


def median(values: Floats) -> float:
    """Median of the values that are defined; NaN without any."""
    defined = values[np.isfinite(values)]
    return float(np.median(defined)) if defined.size else float("nan")


def _medians(
    rng: np.random.Generator, vectors: int, bins: int, step: float, correlation: Floats
) -> tuple[float, float]:
    """Median ellipticity and tilt of normal pairs with these correlations (pair)."""
    counts = np.stack(
        [
            rng.multinomial(vectors, _cells(bins, step, rho)).reshape(bins, bins)
            for rho in correlation
        ]
    )
    covariance = np.ones((len(correlation), 2, 2))
    covariance[:, 0, 1] = covariance[:, 1, 0] = correlation
    found = describe_contours(counts, step, np.zeros((len(correlation), 2)), covariance)
    return median(found.ellipticity), median(tilt_of(found.half_axes, found.angle))


def _cells(bins: int, step: float, correlation: float) -> Floats:
    """Probabilities (bins * bins,) of the intervals, by the density at their centres."""
    x = step * (np.arange(bins) - (bins - 1) / 2)
    quadratic = x[:, None] ** 2 - 2 * correlation * np.outer(x, x) + x[None, :] ** 2
    density = np.exp(-quadratic / (2 * (1 - correlation**2)))
    return (density / density.sum()).ravel()


def _correlations(statistics: xr.Dataset, prefix: str) -> Floats:
    """Correlations (pair); principal components have none."""
    one, other = statistics[f"{prefix}pair_components"].values.T
    if prefix:
        return np.zeros(len(one))
    found: Floats = statistics["correlation"].values[one, other]
    return found


def _step(statistics: xr.Dataset, prefix: str, defined: NDArray[np.bool_]) -> float:
    """Width of the intervals in standard deviations, which is that of all pairs."""
    edges = statistics[f"{prefix}pair_edges"].values[defined][0, 0]
    component = statistics[f"{prefix}pair_components"].values[defined][0, 0]
    variance = statistics["explained_variance" if prefix else "variance"].values[component]
    return float((edges[-1] - edges[0]) / (len(edges) - 1) / np.sqrt(variance))
