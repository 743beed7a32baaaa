"""Confidence ellipses of component pairs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


class PlanarEllipse(NamedTuple):
    """An ellipse in the plane of two components.

    Attributes
    ----------
    centre
        (2,) coordinates.
    half_axes
        (2,) lengths, the longer first.
    angle
        Angle of the longer axis to the first coordinate, in radians, in (-pi/2, pi/2].
    """

    centre: Floats
    half_axes: Floats
    angle: float


def confidence_ellipse(mean: ArrayLike, covariance: ArrayLike, level: float) -> PlanarEllipse:
    """The ellipse of Mahalanobis radius `level`: eigen-axes of the covariance times the level.

    Parameters
    ----------
    mean
        (2,) centre.
    covariance
        (2, 2) symmetric; a singular covariance gives a half-axis of zero.
    level
        Multiple of the standard deviation; see `coverage` for the share it encloses.

    Examples
    --------
    >>> confidence_ellipse([0, 0], [[4, 0], [0, 1]], 2.0)
    PlanarEllipse(centre=array([0., 0.]), half_axes=array([4., 2.]), angle=0.0)
    """
    (a, b), (_, c) = np.asarray(covariance, dtype=np.float64)
    middle, radius = (a + c) / 2, np.hypot((a - c) / 2, b)
    variances = np.maximum([middle + radius, middle - radius], 0.0)
    angle = float(np.arctan2(2 * b, a - c) / 2)
    return PlanarEllipse(np.array(mean, dtype=np.float64), level * np.sqrt(variances), angle)


def ellipse_points(ellipse: PlanarEllipse, *, count: int = 181) -> Floats:
    """Points (count, 2) along an ellipse for plotting; the last equals the first."""
    phase = np.linspace(0, 2 * np.pi, count)
    phase[-1] = 0.0
    along, across = ellipse.half_axes[:, None] * [np.cos(phase), np.sin(phase)]
    cos, sin = np.cos(ellipse.angle), np.sin(ellipse.angle)
    offsets = np.stack([cos * along - sin * across, sin * along + cos * across], axis=1)
    return ellipse.centre + offsets


def coverage(level: ArrayLike) -> Floats:
    """Share 1 - exp(-level**2 / 2) of a bivariate normal distribution inside an ellipse.

    The squared Mahalanobis radius follows a chi-squared distribution with two degrees of freedom.

    Examples
    --------
    >>> coverage([1, 2, 2.2, 3]).round(3)
    array([0.393, 0.865, 0.911, 0.989])
    """
    return -np.expm1(-np.square(np.asarray(level, dtype=np.float64)) / 2)
