"""Pictures of any number of points: counted in the pixels of a screen, then coloured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import datashader as ds
import datashader.transfer_functions as tf
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.explore.colours import DENSE, SCALE, Colouring, density, of_label

Extent = tuple[float, float]
SIZES = ((600, 3), (8_000, 2))
"""Pixels with points, at most, and the radius in pixels at which they are drawn; otherwise 1."""
MOST_SIDE = 2000
"""Pixels of a side of a picture, at most: a screenful."""


def raster(
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    colouring: Colouring,
    *,
    rows: NDArray[np.bool_] | None,
    extent: tuple[Extent, Extent],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """The picture of points in a window.

    Parameters
    ----------
    x, y
        (vector,) coordinates; NaN ones are left out.
    colouring
        The colour of each vector.
    rows
        (vector,) the vectors that are drawn; None draws all.
    extent
        Ends of the window along x and along y.
    size
        Width and height in pixels.

    Returns
    -------
    numpy.ndarray
        (height, width, 4) uint8, red, green, blue, alpha; the first row is the lowest y.
    """
    width, height = (int(np.clip(side, 16, MOST_SIDE)) for side in size)
    table = pd.DataFrame({"x": x, "y": y}, copy=False)
    counted = ds.count()
    if colouring.kind == "category":
        names = [str(code) for code in range(len(colouring.key))]
        codes: Any = colouring.values
        table["by"] = pd.Categorical.from_codes(codes, pd.Index(names))
        counted = ds.by("by", ds.count())
    elif colouring.kind == "number":
        table["by"] = colouring.values
        counted = ds.mean("by")
    if rows is not None:
        table = table[rows]
    canvas = ds.Canvas(width, height, x_range=extent[0], y_range=extent[1])
    counts = canvas.points(table, "x", "y", counted)
    if colouring.kind == "density":
        counts = counts.copy(data=overlapping(counts.values))
        picture = np.ascontiguousarray(_shaded(counts, colouring).values)
    else:
        picture = enlarged(np.ascontiguousarray(_shaded(counts, colouring).values))
    return picture.view(np.uint8).reshape(height, width, 4)


def enlarged(picture: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A picture whose points are larger the fewer there are, so that single ones are seen.

    Datashader's `dynspread` does the like, and compiles for two seconds before the first picture.

    Parameters
    ----------
    picture
        (height, width), alpha in the highest byte; of overlapping points the more opaque is seen.
    """
    found = picture.copy()
    for to, by in _shifted(found, picture, int(np.count_nonzero(picture >> 24))):
        np.copyto(to, by, where=(by >> 24) > (to >> 24))
    return found


def overlapping(counts: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Counts (height, width) of points that are as large: how many of them cover each pixel."""
    found = counts.copy()
    for to, by in _shifted(found, counts, int(np.count_nonzero(counts))):
        to += by
    return found


def _shifted(
    found: NDArray[np.uint32], picture: NDArray[np.uint32], drawn: int
) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint32]]]:
    """Views of a picture and of the pixels beside, for each shift within the radius of points."""
    radius = next((radius for most, radius in SIZES if drawn <= most), 1)
    height, width = picture.shape
    for down in range(-radius, radius + 1):
        for right in range(-radius, radius + 1):
            if 0 < down**2 + right**2 <= radius**2 + (radius > 1):
                yield (
                    found[max(0, down) : height + down, max(0, right) : width + right],
                    picture[max(0, -down) : height - down, max(0, -right) : width - right],
                )


def _shaded(counts: xr.DataArray, colouring: Colouring) -> tf.Image:
    if colouring.kind == "category":
        colours = {str(code): colour for code, (_, colour) in enumerate(colouring.key)}
        return tf.shade(counts, color_key=colours, how="eq_hist", min_alpha=150)
    if colouring.kind == "number":
        return tf.shade(counts, cmap=list(SCALE), how="linear", span=colouring.limits)
    return tf.shade(counts, cmap=DENSE, how="eq_hist", min_alpha=150)


def compile_first() -> None:
    """Compile what draws a first picture, which takes a second: Numba keeps none of it on disk."""
    few, ends = np.linspace(-1, 1, 3, dtype=np.float32), (-1.0, 1.0)
    raster(few, few, density(), rows=None, extent=(ends, ends), size=(64, 64))


def compile_others() -> None:
    """Compile what draws pictures by category and by number."""
    few, ends = np.linspace(-1, 1, 3, dtype=np.float32), (-1.0, 1.0)
    flags = pd.Series([True, False, True])
    for colouring in (of_label("category", flags), of_label("number", few + 0.5)):
        raster(few, few, colouring, rows=None, extent=(ends, ends), size=(64, 64))
