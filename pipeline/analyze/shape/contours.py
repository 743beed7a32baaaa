"""Contours of pair densities, least-squares ellipses of the contours, and their ellipticity.

The density of a pair is its number distribution, smoothed by a normal kernel with the correlation
of the pair and n^(-1/6) of its standard deviations, where n is the number of vectors counted:
Scott's rule in two dimensions, as in `scipy.stats.gaussian_kde`. All lengths here are in standard
units: distances from the mean in standard deviations of each component.

References
----------
Scott (1992), Multivariate density estimation, equation 6.42.
Sheppard (1897), On the calculation of the most probable values of frequency-constants.
"""

from typing import NamedTuple

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftfreq, irfft2, next_fast_len, rfft2, rfftfreq

from zpoints.pipeline.analyze.shape.conics import fit_ellipse, radial_distance
from zpoints.pipeline.analyze.shape.ellipses import confidence_ellipse

Floats = NDArray[np.float64]

HEIGHTS = (0.8, 0.6, 0.4, 0.2, 0.1)
"""Contour levels, as fractions of the maximum of the density."""

LEAST_VECTORS = 100
"""Smallest number of vectors that gives contours; with fewer, the kernel shapes them."""

# Grid points of the density per interval, along each axis.
_FINER = 2

# Points of an outline to which its ellipse is fitted.
_POINTS = 128


class Density(NamedTuple):
    """The smoothed density of a pair, in standard units.

    Attributes
    ----------
    axis
        (m,) coordinates of the grid, the same along both axes.
    values
        (m, m) density at (axis[row], axis[column]), with maximum 1, and 0 along the border.
    covariance
        (2, 2) covariance of the smoothed density: that of the data plus the kernel's and, by
        Sheppard's correction, a twelfth of an interval squared.
    """

    axis: Floats
    values: Floats
    covariance: Floats


class Contours(NamedTuple):
    """The contours of P pairs at all C `HEIGHTS`, against ellipses; NaN where there are none.

    Attributes
    ----------
    centre, half_axes, angle
        (P, C, 2), (P, C, 2) and (P, C), in latent units: least-squares ellipse of the outline
        that encloses the largest area, as in `PlanarEllipse`.
    distance
        (P, C) root mean square distance of that outline from the ellipse, see `radial_distance`.
    overlap
        (P, C) Jaccard index (area of the intersection divided by area of the union) of two sets:
        where the density exceeds the contour's height, and the ellipse of the same area that is
        similar to, concentric with and parallel to the covariance ellipse.
    """

    centre: Floats
    half_axes: Floats
    angle: Floats
    distance: Floats
    overlap: Floats

    @property
    def ellipticity(self) -> Floats:
        """(P,) mean overlap over the contours; 1 where the covariance predicts all of them."""
        return self.overlap.mean(axis=1)


def smoothed_density(counts: NDArray[np.int64], step: float, correlation: float) -> Density | None:
    """The density of one pair; None where no contours can be drawn.

    That is the case for fewer than `LEAST_VECTORS` vectors, for a constant component, and for a
    covariance ellipse too narrow for the intervals: 1 - |correlation| < step^2.

    Parameters
    ----------
    counts
        (bins, bins) number distribution of a pair, with intervals centred at the mean.
    step
        Width of the intervals in standard deviations.
    correlation
        Correlation of the two components; NaN where one is constant.
    """
    total = counts.sum()
    if total < LEAST_VECTORS or not 1 - abs(correlation) >= step**2:
        return None
    bandwidth = total ** (-1 / 6)
    shape = np.array([[1.0, correlation], [correlation, 1.0]])
    margin = int(np.ceil(4 * bandwidth / step))
    size = next_fast_len(len(counts) + 2 * margin, real=True)
    finer = np.zeros((_FINER * size, _FINER * size))
    cells = slice(_FINER * margin, _FINER * (margin + len(counts)), _FINER)
    finer[cells, cells] = counts
    values = irfft2(rfft2(finer) * _transfer(_FINER * size, bandwidth**2 * shape, step))
    kept = slice(0, _FINER * (2 * margin + len(counts) - 1) + 1)
    values = values[kept, kept] / values.max()
    values[[0, -1]] = values[:, [0, -1]] = 0.0
    axis = step * (np.arange(len(values)) - (len(values) - 1) / 2) / _FINER
    covariance = (1 + bandwidth**2) * shape + np.eye(2) * step**2 / 12
    return Density(axis, values, covariance)


def _transfer(size: int, covariance: Floats, step: float) -> Floats:
    """Fourier transform of the kernel on a grid of `size` points, step / `_FINER` apart.

    Frequencies above those of the intervals are set to 0, which interpolates between intervals.
    """
    spacing = step / _FINER
    u = 2 * np.pi * fftfreq(size, spacing)[:, None]
    w = 2 * np.pi * rfftfreq(size, spacing)[None, :]
    (a, b), (_, c) = covariance
    gauss = np.exp(-(a * u**2 + 2 * b * u * w + c * w**2) / 2)
    return np.where((abs(u) < np.pi / step) & (w < np.pi / step), gauss, 0.0)


def outlines(density: Density) -> list[list[Floats]]:
    """The contours at each of the `HEIGHTS`, as closed polygons (k, 2).

    The last point of a polygon equals the first. Polygons around maxima run counterclockwise,
    those around minima clockwise; the one that encloses the largest area comes first.
    """
    tracer = contourpy.contour_generator(density.axis, density.axis, density.values.T)
    return [
        sorted((np.asarray(line) for line in tracer.lines(height)), key=_area, reverse=True)
        for height in HEIGHTS
    ]


def _area(polygon: Floats) -> float:
    x, y = polygon.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def overlaps(density: Density) -> Floats:
    """(contour,) overlap of each contour's inside with its ellipse, see `Contours.overlap`.

    Both sets have the same number of grid points: those of largest density, and those of smallest
    Mahalanobis radius.
    """
    x, y = density.axis[:, None], density.axis[None, :]
    (a, b), (_, c) = np.linalg.inv(density.covariance)
    radius = (a * x**2 + 2 * b * x * y + c * y**2).ravel()
    inside = [density.values.ravel() >= height for height in HEIGHTS]
    areas = np.array([mask.sum() for mask in inside])
    borders = np.partition(radius, areas - 1)[areas - 1]
    shared = np.array(
        [np.sum(mask & (radius <= border)) for mask, border in zip(inside, borders, strict=True)]
    )
    near = np.array([np.sum(radius <= border) for border in borders])  # ties on the border
    return shared / (areas + near - shared)


def describe_contours(
    counts: NDArray[np.int64], step: float, mean: Floats, covariance: Floats
) -> Contours:
    """The contours of P pairs.

    Parameters
    ----------
    counts
        (P, bins, bins) number distributions.
    step
        Width of the intervals in standard deviations.
    mean, covariance
        (P, 2) and (P, 2, 2) moments of the pairs, in latent units.
    """
    pairs, levels = len(counts), len(HEIGHTS)
    deviation = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = covariance[:, 0, 1] / deviation.prod(axis=1)
    lines = np.full((pairs, levels, _POINTS, 2), np.nan)
    overlap = np.full((pairs, levels), np.nan)
    for p in range(pairs):
        density = smoothed_density(counts[p], step, correlation[p])
        if density is not None:
            lines[p] = [_spaced(largest) for largest, *_ in outlines(density)]
            overlap[p] = overlaps(density)
    centre, matrix = fit_ellipse(lines)
    distance = radial_distance(lines, centre, matrix)
    centre = mean[:, None] + deviation[:, None] * centre
    matrix = matrix * (deviation[:, None, :, None] * deviation[:, None, None, :])
    flat = zip(centre.reshape(-1, 2), matrix.reshape(-1, 2, 2), strict=True)
    found = [confidence_ellipse(*ellipse, 1.0) for ellipse in flat]
    half_axes = np.reshape([ellipse.half_axes for ellipse in found], (pairs, levels, 2))
    angle = np.reshape([ellipse.angle for ellipse in found], (pairs, levels))
    return Contours(centre, half_axes, angle, distance, overlap)


def _spaced(outline: Floats) -> Floats:
    """`_POINTS` equidistant points along a closed polygon (k, 2)."""
    length = np.append(0.0, np.cumsum(np.hypot(*np.diff(outline, axis=0).T)))
    distances = np.arange(_POINTS) * (length[-1] / _POINTS)
    return np.stack([np.interp(distances, length, side) for side in outline.T], axis=1)
