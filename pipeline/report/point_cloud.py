"""z-points in a few coordinates, their confidence ellipses, and the share of points inside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.ellipses import PlanarEllipse, confidence_ellipse

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cloud:
    """z-points in a few coordinates, with the moments of all z-points.

    Attributes
    ----------
    points
        (point, axis) float64, coordinates of some z-points.
    mean, covariance
        (axis) and (axis, axis) float64, moments of all z-points.
    labels
        Name of each axis, as Matplotlib mathtext.
    """

    points: Floats
    mean: Floats
    covariance: Floats
    labels: tuple[str, ...]

    def limits(self, axis: int) -> tuple[float, float]:
        """Ends of an axis: the mean plus and minus 3.7 times the largest standard deviation.

        All axes have the same scale, so that ellipses are drawn in their true proportions.
        """
        half = 3.7 * float(np.sqrt(self.covariance.diagonal().max())) or 0.5
        return float(self.mean[axis]) - half, float(self.mean[axis]) + half

    def ellipse(self, x: int, y: int, level: float) -> PlanarEllipse:
        """Confidence ellipse of a pair of axes.

        Parameters
        ----------
        x, y
            Numbers of the axes.
        level
            Half-axes in standard deviations.
        """
        return confidence_ellipse(self.mean[[x, y]], self.covariance[np.ix_([x, y], [x, y])], level)


def share_inside(points: Floats, ellipse: PlanarEllipse) -> float:
    """Share of the points (point, 2) on or inside an ellipse; NaN without points."""
    if len(points) == 0:
        return float("nan")
    cos, sin = np.cos(ellipse.angle), np.sin(ellipse.angle)
    turned = (points - ellipse.centre) @ np.array([[cos, -sin], [sin, cos]])
    half_axes = np.maximum(ellipse.half_axes, np.finfo(np.float64).tiny)
    with np.errstate(over="ignore"):
        return float(np.mean(np.square(turned / half_axes).sum(axis=1) <= 1))
