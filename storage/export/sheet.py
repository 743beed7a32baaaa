"""Arranges images on one sheet."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GAP = 2
"""White pixels between the images of a sheet."""

Pixels = NDArray[np.uint8]


def contact_sheet(pixels: Pixels, columns: int) -> Pixels:
    """Images in rows on a white sheet.

    Parameters
    ----------
    pixels
        (image, y, x, channel) uint8, at least one image.
    columns
        Images across the sheet; fewer where there are fewer images.

    Returns
    -------
    numpy.ndarray
        (y, x, channel) uint8.

    Examples
    --------
    >>> contact_sheet(np.zeros((3, 8, 8, 1), np.uint8), 2).shape
    (18, 18, 1)
    """
    count, height, width, channels = pixels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    canvas = np.full((rows, height + GAP, columns, width + GAP, channels), 255, np.uint8)
    for number, image in enumerate(pixels):
        row, column = divmod(number, columns)
        canvas[row, :height, column, :width] = image
    sheet = canvas.reshape(rows * (height + GAP), columns * (width + GAP), channels)
    return sheet[:-GAP, :-GAP]


def picture(pixels: Pixels) -> Image.Image:
    """An image (y, x, channel) for Pillow; a single channel is grey."""
    grey = pixels.shape[-1] == 1
    return Image.fromarray(np.ascontiguousarray(pixels[..., 0] if grey else pixels))
