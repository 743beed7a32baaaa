"""The coordinates and labels of all latent vectors, read once and kept."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import cached_property
from threading import RLock
from typing import Any

import dask
import dask.array as da
import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.explore.axes import ERROR, RADIUS, Axes, Axis, Plane
from zpoints.pipeline.explore.colours import Colouring, density, of_categories, of_label
from zpoints.pipeline.explore.selection.pictures import can_decode, has_images
from zpoints.pipeline.sample.region import mahalanobis_radius
from zpoints.pipeline.structure.k_means import nearest_centre
from zpoints.storage.labels.label_table import label_names

HELD_BYTES = 2 * 2**30
"""Vectors of up to this size are kept in memory; more are read again for each new coordinate."""
MOST_COLUMNS, MOST_COLOURS = 2**31, 2**29
"""Bytes of columns and of colours that are kept; those not used for longest are forgotten."""
MOST_KEPT = 64
"""Columns, and likewise colours, that are kept however few vectors there are."""
ROWS = 65536
"""Vectors that are computed with at a time."""
CLUSTER, DENSITY, LABEL = "cluster", "density", "label:"
"""Colours by k-means cluster, by number of points, and, before a name, by a label."""

Column = NDArray[np.float32]


class Points:
    """The latent vectors of a space as points of planes.

    It is shared by all pages of one version of a store, and computes each column once.

    Parameters
    ----------
    space
        What `zpoints.open` or `zpoints.open_arrays` returns.
    """

    def __init__(self, space: Any) -> None:
        self.space = space
        self.latents = space.latents
        names = ("mean", "covariance", "loadings", "explained_variance", "count")
        own = [str(name) for name in space.statistics if str(name).startswith(_READ)]
        self.statistics = space.statistics[[*names, *own]].load()
        self.errors = "reconstruction_error" in self.latents
        self.axes = Axes(self.statistics, has_errors=self.errors)
        self.count, self.components = self.latents["z"].shape
        self.names = self.latents.indexes["image"]
        self._columns: dict[str, Column] = {}
        self._colours: dict[str, Colouring] = {}
        self._used: dict[str, int] = {}
        self._uses = itertools.count()
        self._held: NDArray[Any] | None = None
        self._lock = RLock()

    def columns(self, axes: Sequence[Axis]) -> list[Column]:
        """Coordinates (vector,) float32 of all vectors; new ones are computed in one pass.

        Vectors with a component that is NaN or infinite have NaN coordinates.
        """
        if (known := self._known(self._columns, [axis.key for axis in axes])) is not None:
            return known
        with self._lock:
            new = [axis for axis in axes if axis.key not in self._columns]
            if any(axis.key == ERROR for axis in new):
                errors = self.latents["reconstruction_error"].values
                self._columns[ERROR] = np.asarray(errors, np.float32)
                new = [axis for axis in new if axis.key != ERROR]
            if new:
                found = self._computed(new)
                self._columns |= {axis.key: found[:, i].copy() for i, axis in enumerate(new)}
            columns = [self._columns[axis.key] for axis in axes]
            self._use([axis.key for axis in axes])
            self._forget(self._columns, MOST_COLUMNS)
            return columns

    def knows(self, x: str, y: str, color: str) -> bool:
        """Whether the columns of two coordinates and a colour are kept; it waits for no thread.

        Parameters
        ----------
        x, y, color
            Their keys.
        """
        return {x, y} <= self._columns.keys() and (color in self._colours or color == DENSITY)

    def _known(self, kept: dict[str, Any], keys: Sequence[str]) -> list[Any] | None:
        """What is kept of some keys, now used last; None if any is not.

        It does not take the lock, which is held while others are computed.
        """
        found = [kept.get(key) for key in keys]
        if any(values is None for values in found):
            return None
        self._use(keys)
        return found

    def _use(self, keys: Sequence[str]) -> None:
        self._used |= {key: next(self._uses) for key in keys}

    def _forget(self, kept: dict[str, Any], most_bytes: int) -> None:
        """Drop what was used longest ago, beyond so many bytes and 64; two are always kept."""
        most = min(MOST_KEPT, max(2, most_bytes // max(1, 4 * self.count)))
        for key in sorted(kept, key=lambda key: self._used[key])[:-most]:
            del kept[key]

    def plane(self, x: str, y: str) -> tuple[Plane, Column, Column]:
        """The plane of two coordinates by their keys, and the columns of all vectors.

        Raises
        ------
        ExploreError
            If there is no such coordinate.
        """
        axes = self.axes[x], self.axes[y]
        columns = self.columns(axes)
        given = (
            np.stack(columns, axis=1).astype(np.float64)
            if RADIUS in (x, y) or ERROR in (x, y)
            else None
        )
        return self.axes.plane(*axes, given), columns[0], columns[1]

    def vectors(self, rows: Any) -> NDArray[np.float32]:
        """Vectors (row, component) float32 by their numbers."""
        if self._held is not None:
            return np.asarray(self._held[rows], np.float32)
        return np.asarray(self.latents["z"].data[rows], np.float32)

    @property
    def colours(self) -> dict[str, str]:
        """What points may be coloured by: titles by key."""
        known = {DENSITY: "density"}
        if self.errors:
            known[ERROR] = "reconstruction error"
        if "structure" in self._groups:
            known[CLUSTER] = "k-means cluster"
        taken = set(known.values())
        titles = {
            name: f"{name} (label)" if name in taken else name for name in label_names(self.latents)
        }
        return known | {f"{LABEL}{name}": title for name, title in titles.items()}

    def colouring(self, key: str) -> Colouring:
        """The colour of each vector, computed once.

        Parameters
        ----------
        key
            One of `colours`; points have the colour of their density for others.
        """
        if (known := self._known(self._colours, [key])) is not None:
            found: Colouring = known[0]
            return found
        with self._lock:
            if key not in self._colours:
                self._colours[key] = self._colouring(key)
            self._use([key])
            self._forget(self._colours, MOST_COLOURS)
            return self._colours[key]

    def _colouring(self, key: str) -> Colouring:
        if key not in self.colours or key == DENSITY:
            return density()
        title = self.colours[key]
        if key == ERROR:
            return of_label(title, self.latents["reconstruction_error"].values)
        if key == CLUSTER:
            centres = self.space.structure["cluster_centre"].values
            member = self._blocks(lambda z: nearest_centre(np.nan_to_num(z), centres)[:, None])
            names = [f"cluster {i + 1}" for i in range(len(centres))]
            return of_categories(title, member[:, 0].astype(np.int16), names)
        return of_label(title, self.latents[key.removeprefix(LABEL)].values)

    @cached_property
    def decodes(self) -> bool:
        """Whether vectors can be decoded; asked once."""
        return can_decode(self.space)

    @cached_property
    def pictured(self) -> bool:
        """Whether the vectors have photographs; asked once."""
        return has_images(self.space)

    @property
    def _groups(self) -> tuple[str, ...]:
        return tuple(getattr(self.space, "groups", ()))

    def _computed(self, axes: Sequence[Axis]) -> NDArray[np.float32]:
        linear = [axis for axis in axes if axis.weights is not None]
        weights = np.stack([a.weights for a in linear], axis=1) if linear else None  # type: ignore[misc]
        offsets = np.array([axis.offset for axis in linear])

        def coordinates(z: NDArray[Any]) -> NDArray[np.float32]:
            found = np.empty((len(z), len(axes)), np.float32)
            finite = np.where(np.isfinite(z).all(axis=1), 0.0, np.nan)[:, None]
            z = np.nan_to_num(z).astype(np.float64)
            if weights is not None:
                places = [i for i, axis in enumerate(axes) if axis.weights is not None]
                found[:, places] = z @ weights - offsets
            for place, axis in enumerate(axes):
                if axis.key == RADIUS:
                    found[:, place] = mahalanobis_radius(z, self.statistics)
            return found + finite.astype(np.float32)

        return self._blocks(coordinates)

    def _blocks(self, function: Any) -> NDArray[Any]:
        """A function of rows (row, component), applied to all vectors a few at a time."""
        z = self.latents["z"].data
        if self._held is None and z.nbytes <= HELD_BYTES:
            self._held = np.asarray(z)
        if self._held is not None:
            starts = range(0, max(self.count, 1), ROWS)
            return np.concatenate([function(self._held[s : s + ROWS]) for s in starts])
        z = da.asarray(z).rechunk({1: -1})
        width = function(np.zeros((1, self.components), z.dtype))
        mapped = z.map_blocks(function, dtype=width.dtype, chunks=(z.chunks[0], width.shape[1:]))
        return np.asarray(dask.compute(mapped)[0])


_READ = ("attribute_", "category_", "numeric_count", "nan_rows")
"""Variables of the statistics that directions are computed from, by the beginnings of names."""
