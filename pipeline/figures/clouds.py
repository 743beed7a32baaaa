"""z-points in a few coordinates, their confidence ellipses, and the share of points inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.shape.ellipses import PlanarEllipse, confidence_ellipse
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures.inputs import components_of, group, vectors

Floats = NDArray[np.float64]

MOST = 12
"""Components of a cloud, at most."""


@dataclass(frozen=True)
class Coordinates:
    """A few coordinates of latent vectors: components, or principal components.

    Attributes
    ----------
    width
        Number of all components of a vector.
    numbers
        Numbers of the components that are coordinates, from 0.
    basis
        The principal components, or None for components as they are.
    """

    width: int
    numbers: tuple[int, ...]
    basis: Basis | None

    @property
    def labels(self) -> tuple[str, ...]:
        """Name of each axis, as Matplotlib mathtext."""
        if self.basis is None:
            return tuple(f"$z_{{{number}}}$" for number in self.numbers)
        return tuple(f"$v_{{{number + 1}}}$" for number in self.numbers)

    def project(self, z: Floats) -> Floats:
        """Coordinates (vector, axis) of vectors (vector, component)."""
        chosen = list(self.numbers)
        if self.basis is None:
            return z[:, chosen]
        return (z - self.basis.mean) @ self.basis.loadings[chosen].T

    def moments(self, z: Floats, statistics: xr.Dataset | None) -> tuple[Floats, Floats]:
        """Mean (axis) and covariance (axis, axis), stored ones if there are statistics."""
        chosen = list(self.numbers)
        if self.basis is not None:
            return np.zeros(len(chosen)), np.diag(self.basis.explained_variance[chosen])
        if statistics is not None:
            covariance = statistics["covariance"].values[np.ix_(chosen, chosen)]
            return statistics["mean"].values[chosen], covariance
        points = z[:, chosen]
        if len(points) < 2:
            return points.mean(axis=0), np.zeros((len(chosen), len(chosen)))
        return points.mean(axis=0), np.cov(points, rowvar=False)


@dataclass(frozen=True)
class Cloud:
    """z-points in a few coordinates, with the moments of all z-points.

    Attributes
    ----------
    points
        (point, axis) float64, coordinates of some z-points.
    mean, covariance
        (axis) and (axis, axis) float64, moments of all z-points.
    axes
        The coordinates.
    """

    points: Floats
    mean: Floats
    covariance: Floats
    axes: Coordinates

    @property
    def labels(self) -> tuple[str, ...]:
        """Name of each axis, as Matplotlib mathtext."""
        return self.axes.labels

    def project(self, drawn: Any, most: int | None) -> Floats:
        """Coordinates (vector, axis) of other vectors, the first `most` ones.

        Raises
        ------
        FigureError
            If they have another number of components.
        """
        if isinstance(drawn, xr.Dataset):
            drawn = group(drawn, "samples", ["z"])["z"]
        z, _ = vectors(drawn if most is None else drawn[:most])
        if z.shape[1] != self.axes.width:
            raise FigureError(
                f"The generated vectors have {z.shape[1]} components and the z-points "
                f"{self.axes.width}; expected vectors of the same latent space."
            )
        return self.axes.project(z)

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


def cloud(
    z: Floats, components: Sequence[int], statistics: xr.Dataset | None, *, principal: bool
) -> Cloud:
    """z-points in some of their components, or principal components.

    Parameters
    ----------
    z
        (vector, component) float64, finite.
    components
        Numbers of the components, or of the principal components, from 0.
    statistics
        The `statistics` group, for the moments of all z-points; None takes those of `z`.
    principal
        Whether the coordinates are principal components; they need `statistics`.

    Raises
    ------
    FigureError
        If a number is out of range, the statistics are missing, or those of other vectors.
    """
    if statistics is not None and statistics.sizes["component"] != z.shape[1]:
        raise FigureError(
            f"The vectors have {z.shape[1]} components and the statistics "
            f"{statistics.sizes['component']}; expected statistics of the same vectors."
        )
    if principal and statistics is None:
        raise FigureError(
            "Principal components need the statistics of the vectors. Pass the store, or "
            "statistics=store.statistics."
        )
    basis = Basis.from_statistics(statistics) if principal and statistics is not None else None
    total = z.shape[1] if basis is None else len(basis.explained_variance)
    what = "component" if basis is None else "principal component"
    axes = Coordinates(z.shape[1], tuple(components_of(components, total, what=what)), basis)
    return Cloud(axes.project(z), *axes.moments(z, statistics), axes)


def read_cloud(
    data: Any, components: Sequence[int], statistics: Any, *, principal: bool, points: int | None
) -> tuple[Cloud, NDArray[np.int64], int]:
    """The z-points to draw, their rows, and the number of all vectors.

    Parameters
    ----------
    data
        A store, the `latents` group, or vectors (vector, component).
    components, principal
        As in `cloud`; from 2 to 12 different ones.
    statistics
        The `statistics` group, or None for the store's, if `data` is one.
    points
        Number of z-points at most; None takes all.

    Raises
    ------
    FigureError
        If there are no vectors, or one of the parameters is out of range.
    """
    if points is not None and (not isinstance(points, int | np.integer) or points < 1):
        raise FigureError(f"Got points={points!r}; expected a whole number above 0, or None.")
    different = np.ndim(components) == 1 and len(set(components)) == len(components)
    if not different or not 2 <= len(components) <= MOST:
        raise FigureError(
            f"Got components={components!r}; expected 2 to {MOST} different ones, e.g. (0, 1)."
        )
    is_store = hasattr(data, "latents") and not isinstance(data, xr.Dataset)
    if statistics is None and is_store:
        statistics = data.statistics
    if statistics is not None:
        needs = ("mean", "covariance", "loadings", "explained_variance")
        statistics = group(statistics, "statistics", needs)
    held = data.latents if is_store else data
    z, rows = vectors(held, points)
    if not len(z):
        raise FigureError("Got no vectors; expected at least one.")
    total = len(held["z"] if isinstance(held, xr.Dataset) else held)
    return cloud(z, components, statistics, principal=principal), rows, total


def share_inside(points: Floats, ellipse: PlanarEllipse) -> float:
    """Share of the points (point, 2) on or inside an ellipse; NaN without points."""
    if len(points) == 0:
        return float("nan")
    cos, sin = np.cos(ellipse.angle), np.sin(ellipse.angle)
    turned = (points - ellipse.centre) @ np.array([[cos, -sin], [sin, cos]])
    half_axes = np.maximum(ellipse.half_axes, np.finfo(np.float64).tiny)
    with np.errstate(over="ignore"):
        return float(np.mean(np.square(turned / half_axes).sum(axis=1) <= 1))
