"""The coordinates that a plane of the explorer may have, and the vectors that lie in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import ExploreError
from zpoints.pipeline.sample.arithmetic import attribute_direction
from zpoints.storage.errors import SUGGESTED, did_you_mean

Floats = NDArray[np.float64]

ALONG = "along:"
"""Begins the key of the direction of an attribute or a category."""
RADIUS, ERROR = "radius", "error"
"""Keys of the Mahalanobis radius and of the reconstruction error."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One coordinate of vectors.

    Attributes
    ----------
    key
        Its name in the address of the page: `z0`, `v1`, `along:Smiling`, `radius` or `error`.
    title
        Its name as a reader sees it; plain text, which may hold any characters of a label.
    weights
        (component,) float64 for a linear coordinate `z @ weights - offset`; None for others.
    offset
        See `weights`.
    """

    key: str
    title: str
    weights: Floats | None = None
    offset: float = 0.0


@dataclass(frozen=True, eq=False)
class Plane:
    """Two coordinates with the mean and covariance of all vectors in them.

    Attributes
    ----------
    x, y
        The coordinates.
    mean, covariance
        (2,) and (2, 2) float64.
    """

    x: Axis
    y: Axis
    mean: Floats
    covariance: Floats

    @property
    def is_linear(self) -> bool:
        """Whether a point of the plane stands for a vector, which can be decoded."""
        return self.x.weights is not None and self.y.weights is not None

    @cached_property
    def _precision(self) -> Floats:
        found = np.linalg.pinv(self.covariance, rcond=1e-12, hermitian=True)
        return found.astype(np.float64)

    def radii(self, points: Floats) -> Floats:
        """Mahalanobis distances (point,) of points (point, 2) from the mean, in the plane."""
        away = points - self.mean
        squares = np.einsum("pi,ij,pj->p", away, self._precision, away)
        found: Floats = np.sqrt(np.maximum(squares, 0.0))
        return found

    def nearest(
        self,
        columns: tuple[NDArray[np.float32], NDArray[np.float32]],
        place: tuple[float, float],
        shown: NDArray[np.bool_] | None = None,
    ) -> int:
        """Number of the vector nearest to a place; -1 if there is none.

        Distances are in standard deviations of each coordinate.

        Parameters
        ----------
        columns
            (vector,) coordinates x and y; NaN ones are left out.
        place
            Coordinates x and y.
        shown
            (vector,) which vectors are asked about; None for all.
        """
        spread = np.sqrt(np.maximum(self.covariance.diagonal(), np.finfo(float).tiny))
        across, up = ((c - p) / s for c, p, s in zip(columns, place, spread, strict=True))
        away = np.hypot(across, up)
        asked = np.isfinite(away) if shown is None else np.isfinite(away) & shown
        away = np.where(asked, away, np.inf)
        return int(np.argmin(away)) if asked.any() else -1

    def lift(self, points: Floats, statistics: xr.Dataset) -> NDArray[np.float32]:
        """The vectors for which points of the plane stand.

        All other coordinates have their conditional mean given the two, under the covariance of all
        vectors: `mean + C W^T (W C W^T)^-1 (u - W mean)`. For two principal components these are
        the mean plus the two components. The Mahalanobis radius of such a vector is that of the
        point in the plane.

        Parameters
        ----------
        points
            (point, 2) coordinates.
        statistics
            The `statistics` group: `mean` and `covariance`.

        Returns
        -------
        numpy.ndarray
            (point, component) float32.

        Raises
        ------
        ExploreError
            If a coordinate is not linear, so that its points stand for no single vector.
        """
        if self.x.weights is None or self.y.weights is None:
            raise ExploreError(
                f"A point in the plane of {self.x.title} and {self.y.title} stands for no single "
                "vector. Expected two components, principal components or directions."
            )
        weights = np.stack([self.x.weights, self.y.weights])
        spread = statistics["covariance"].values @ weights.T
        moved = (np.asarray(points, np.float64) - self.mean) @ self._precision @ spread.T
        return (statistics["mean"].values + moved).astype(np.float32)


class Axes:
    """All coordinates that a latent space offers, by key.

    Parameters
    ----------
    statistics
        The `statistics` group.
    has_errors
        Whether the vectors have reconstruction errors.
    """

    def __init__(self, statistics: xr.Dataset, *, has_errors: bool) -> None:
        self._statistics = statistics
        self._names = _titles(statistics, has_errors=has_errors)

    @property
    def titles(self) -> dict[str, str]:
        """Title of each coordinate by key, in the order in which a reader looks for them."""
        return self._names

    def __getitem__(self, key: str) -> Axis:
        """The coordinate of a key.

        Raises
        ------
        ExploreError
            If there is none.
        """
        if key not in self._names:
            some = ", ".join(key for key in list(self._names)[:4] if key != RADIUS)
            raise ExploreError(
                f"There is no coordinate {key!r}; expected one of {len(self._names):,}, such as "
                f"{some}, {RADIUS}, or {ALONG}NAME of an attribute."
                f"{did_you_mean(key, self._names, SUGGESTED)}"
            )
        title, mean = self._names[key], self._statistics["mean"].values
        if key in (RADIUS, ERROR):
            return Axis(key, title)
        if key.startswith(ALONG):
            direction = attribute_direction(self._statistics, key.removeprefix(ALONG))
            weights = direction / np.linalg.norm(direction)
            return Axis(key, title, weights, float(mean @ weights))
        number = int(key[1:])
        if key[0] == "z":
            return Axis(key, title, np.eye(len(mean))[number])
        weights = self._statistics["loadings"].values[number - 1]
        return Axis(key, title, weights, float(mean @ weights))

    def plane(self, x: Axis, y: Axis, points: Floats | None = None) -> Plane:
        """The plane of two coordinates.

        Parameters
        ----------
        x, y
            The coordinates.
        points
            (point, 2) coordinates of all vectors, for the moments of those that are not linear.
        """
        if x.weights is not None and y.weights is not None:
            weights = np.stack([x.weights, y.weights])
            mean = weights @ self._statistics["mean"].values - [x.offset, y.offset]
            return Plane(x, y, mean, weights @ self._statistics["covariance"].values @ weights.T)
        known = np.empty((0, 2)) if points is None else points[np.isfinite(points).all(axis=1)]
        if len(known) < 2:
            return Plane(x, y, np.zeros(2), np.eye(2))
        return Plane(x, y, known.mean(axis=0), np.cov(known, rowvar=False))


def _titles(statistics: xr.Dataset, *, has_errors: bool) -> dict[str, str]:
    components = statistics.sizes["component"]
    known = {f"v{i + 1}": f"principal component {i + 1}" for i in range(statistics.sizes["pc"])}
    known |= {f"z{i}": f"component {i}" for i in range(components)}
    known[RADIUS] = "Mahalanobis radius (all components)"
    if has_errors:
        known[ERROR] = "reconstruction error"
    total = int(statistics["count"].values[0]) if components else 0
    for dim in ("attribute", "category"):
        if f"{dim}_count" in statistics:
            counts = statistics[f"{dim}_count"].values
            names = map(str, statistics[dim].values[(counts > 0) & (counts < total)])
            known |= {f"{ALONG}{name}": f"direction of {name}" for name in names}
    return known
