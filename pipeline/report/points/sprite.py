"""Small photographs of many points in one picture."""

import io
from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from PIL import Image

SIDES = (64, 48, 32, 16)
"""Sides of a small photograph in pixels, whole blocks of JPEG: none bleeds into the next."""
MOST_PIXELS = 4608
"""Side of the picture in pixels: browsers of telephones decode it."""
QUALITY = 70
ROWS = 1024
"""Photographs that are read at a time."""


def tile_side(photographs: int, height: int, width: int) -> int:
    """Side of the small photographs: at most their own, and so that all fit one picture.

    Parameters
    ----------
    photographs
        Their number.
    height, width
        Their size in pixels.

    Examples
    --------
    >>> tile_side(2000, 64, 64), tile_side(8000, 64, 64), tile_side(20_000, 64, 64)
    (64, 48, 32)
    """
    enough = next((side for side in reversed(SIDES) if side >= max(height, width)), SIDES[0])
    fits = (side for side in SIDES if photographs <= (MOST_PIXELS // side) ** 2)
    return min(enough, next(fits, SIDES[-1]))


def sprite(images: xr.DataArray, rows: NDArray[np.int64]) -> tuple[bytes, int, int]:
    """Photographs side by side as JPEG; returns it, the side of each, and their number in a row.

    Parameters
    ----------
    images
        (image, y, x, channel) uint8, lazy; read in parts.
    rows
        (photograph) int64, increasing, at least one.
    """
    height, width = images.sizes["y"], images.sizes["x"]
    side = tile_side(len(rows), height, width)
    across = int(np.ceil(np.sqrt(len(rows))))
    canvas = np.full((-(-len(rows) // across), side, across, side, 3), 128, np.uint8)
    for place, image in enumerate(_read(images, rows)):
        down, right = divmod(place, across)
        small = _fitted(image, side)
        top, left = ((side - size) // 2 for size in small.shape[:2])
        canvas[down, top : top + small.shape[0], right, left : left + small.shape[1]] = small
    written = io.BytesIO()
    pixels = canvas.reshape(-1, across * side, 3)
    Image.fromarray(pixels).save(written, format="JPEG", quality=QUALITY, optimize=True)
    return written.getvalue(), side, across


def _read(images: xr.DataArray, rows: NDArray[np.int64]) -> Iterator[NDArray[np.uint8]]:
    for start in range(0, len(rows), ROWS):
        yield from images[rows[start : start + ROWS]].values


def _fitted(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """An image in colour, its longer side at most `side`."""
    colour = np.ascontiguousarray(np.broadcast_to(image, (*image.shape[:2], 3)))
    scale = side / max(colour.shape[:2])
    if scale >= 1:
        return colour
    height, width = (max(1, round(scale * size)) for size in colour.shape[:2])
    return np.asarray(Image.fromarray(colour).resize((width, height), Image.Resampling.BOX))
