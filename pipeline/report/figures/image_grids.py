"""Grids of images, drawn pixel for pixel."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.report.elements import style

ROW_PIXELS = 672  # ten images of 64 pixels with their gaps
GAP = 2
LABEL_PIXELS = 26  # width of a label that is written upwards, or height of one on top
NAME_PIXELS = 170  # width of the name of a strip


def face_grid(images: NDArray[np.uint8]) -> Figure:
    """Draw images in rows.

    Parameters
    ----------
    images
        (image, y, x, channel) uint8 with one or three channels.
    """
    images = _enlarged_colour(images)
    return _pixel_figure(_rows(images, _columns(images)))


def reconstruction_grid(originals: NDArray[np.uint8], reconstructions: NDArray[np.uint8]) -> Figure:
    """Draw each original above its reconstruction.

    Parameters
    ----------
    originals, reconstructions
        (image, y, x, channel) uint8, the same images in the same order.
    """
    upper, lower = _enlarged_colour(originals), _enlarged_colour(reconstructions)
    columns, height = _columns(upper), upper.shape[1]
    bands = [
        _rows(images[start : start + columns], columns)
        for start in range(0, len(upper), columns)
        for images in (upper, lower)
    ]
    spacer = np.full((3 * GAP, bands[0].shape[1], 3), 255, np.uint8)
    for index in range(len(bands) - 2, 0, -2):
        bands.insert(index, spacer)
    canvas = np.concatenate(bands)
    figure = _pixel_figure(canvas, left=LABEL_PIXELS)
    band = bands[0].shape[0]
    for pair in range(0, canvas.shape[0], 2 * band + spacer.shape[0]):
        for offset, label in ((0, "original"), (band, "decoded")):
            centre = 1 - (pair + offset + height / 2) / canvas.shape[0]
            figure.text(
                LABEL_PIXELS / 2 / (canvas.shape[1] + LABEL_PIXELS),
                centre,
                label,
                rotation=90,
                ha="center",
                va="center",
                fontsize=6.5,
                color=style.INK,
            )
    return figure


def labelled_strips(strips: Mapping[str, NDArray[np.uint8]]) -> Figure:
    """Draw the first images of each strip in a row, its name on the left.

    Parameters
    ----------
    strips
        For each name its images, (image, y, x, channel) uint8, all of one size.
    """
    enlarged = {name: _enlarged_colour(images) for name, images in strips.items()}
    columns = _columns(next(iter(enlarged.values())))
    rows = [_rows(images[:columns], columns) for images in enlarged.values()]
    figure = _pixel_figure(np.concatenate(rows), left=NAME_PIXELS)
    for position, name in enumerate(enlarged):
        figure.text(
            (NAME_PIXELS - 8) / (rows[0].shape[1] + NAME_PIXELS),
            1 - (position + 0.5) / len(rows),
            name,
            ha="right",
            va="center",
            fontsize=style.TICK,
            color=style.INK,
        )
    return figure


def _columns(images: NDArray[np.uint8]) -> int:
    return max(1, ROW_PIXELS // (images.shape[2] + GAP))


def _enlarged_colour(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images with three channels; pixels are repeated where the side is below 64."""
    factor = max(1, 64 // images.shape[1])
    enlarged = images.repeat(factor, axis=1).repeat(factor, axis=2)
    return np.broadcast_to(enlarged, (*enlarged.shape[:3], 3))


def _rows(images: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """One canvas of images side by side on white; the last row may be short."""
    count, height, width, _ = images.shape
    rows = -(-count // columns)
    canvas = np.full((rows, height + GAP, columns, width + GAP, 3), 255, np.uint8)
    for index, image in enumerate(images):
        row, column = divmod(index, columns)
        canvas[row, :height, column, :width] = image
    return canvas.reshape(rows * (height + GAP), columns * (width + GAP), 3)


def _pixel_figure(canvas: NDArray[np.uint8], *, left: int = 0, top: int = 0) -> Figure:
    height, width, _ = canvas.shape
    size = ((width + left) / style.DPI, (height + top) / style.DPI)
    figure = Figure(figsize=size, dpi=style.DPI, facecolor="white")
    figure.figimage(canvas, xo=left, yo=0, origin="upper")
    return figure


def labelled_rows(
    images: NDArray[np.uint8], *, rows: Sequence[str], columns: Sequence[str]
) -> Figure:
    """Draw rows of images with the names of the rows on the left, of the columns on top.

    Parameters
    ----------
    images
        (row, column, y, x, channel) uint8 with one or three channels.
    rows, columns
        Names of the rows and of the columns; may be empty.
    """
    flat = _enlarged_colour(images.reshape(-1, *images.shape[2:]))
    canvas = _rows(flat, images.shape[1])
    figure = _pixel_figure(canvas, left=LABEL_PIXELS, top=LABEL_PIXELS)
    height, width = (size + GAP for size in flat.shape[1:3])
    full_width, full_height = canvas.shape[1] + LABEL_PIXELS, canvas.shape[0] + LABEL_PIXELS
    text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 6.5, "color": style.INK}
    for index, name in enumerate(rows):
        y = 1 - (LABEL_PIXELS + (index + 0.5) * height) / full_height
        figure.text(LABEL_PIXELS / 2 / full_width, y, name, rotation=90, **text)
    for index, name in enumerate(columns):
        x = (LABEL_PIXELS + (index + 0.5) * width) / full_width
        figure.text(x, 1 - LABEL_PIXELS / 2 / full_height, name, **text)
    return figure
