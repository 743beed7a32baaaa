"""Picture files of the page, one PNG for light and dark pages.

The style sheet of a dark page inverts a picture. Photographs must not be inverted, so the page
shows the picture once more on top of itself, cut to the photographs. What is between these is
transparent (docs/decisions/pipeline-report-figures.md).
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from zpoints.pipeline.figures import style
from zpoints.storage.marks import REPORT_FIGURES

Rectangle = tuple[float, float, float, float]
"""Left, top, right and lower edge, as shares of the picture."""


@dataclass(frozen=True)
class Picture:
    """A picture file of the page.

    Attributes
    ----------
    name
        Path in the folder of the report.
    width, height
        Size in pixels.
    photographs
        Where the picture shows photographs, which a dark page does not invert.
    """

    name: str
    width: int
    height: int
    photographs: tuple[Rectangle, ...] = ()

    @property
    def clip(self) -> str:
        """The rectangles as a polygon of CSS; empty without photographs.

        The polygon returns to the corner between two rectangles, so that nothing else is in it.
        """
        points = []
        for left, top, right, low in self.photographs:
            around = ((left, top), (right, top), (right, low), (left, low), (left, top))
            points += [(0.0, 0.0), *around, (0.0, 0.0)]
        text = ",".join(f"{100 * x:.4g}% {100 * y:.4g}%" for x, y in points)
        return f"polygon({text})" if points else ""


def write_picture(figure: Figure, folder: Path, name: str) -> Picture:
    """Write a figure as PNG; what is between photographs becomes transparent.

    Parameters
    ----------
    figure
        The figure; its background is transparent afterwards if it has photographs.
    folder
        Folder of the report.
    name
        Name of the file without suffix.
    """
    path = f"{REPORT_FIGURES}/{name}.png"
    if not style.has_photographs(figure):
        return Picture(path, *style.save(figure, folder / path))
    figure.set_facecolor("none")
    for axes in figure.axes:
        axes.patch.set_visible(False)
    drawn = style.rgba(figure)
    height, width = drawn.shape[:2]
    places = tuple(_photographs(figure))
    (folder / path).write_bytes(_png(drawn, places))
    return Picture(path, width, height, places)


def _photographs(figure: Figure) -> Iterator[Rectangle]:
    """Places of the images in colour of a figure that has been drawn."""
    for axes in figure.axes:
        if any(np.asarray(image.get_array()).ndim == 3 for image in axes.images):
            box = axes.get_window_extent().transformed(figure.transFigure.inverted())
            corners = np.clip((box.x0, 1 - box.y1, box.x1, 1 - box.y0), 0, 1)
            left, top, right, low = corners.tolist()
            yield left, top, right, low


def _png(drawn: NDArray[np.uint8], places: tuple[Rectangle, ...]) -> bytes:
    """Pixels (y, x, 4) on white as PNG; what is empty in the places is transparent.

    One colour stands for transparency, since a channel for it adds a fifth to the bytes.
    """
    opacity = drawn[..., 3:] / 255
    pixels = np.rint(255 - opacity * (255 - drawn[..., :3].astype(np.float64))).astype(np.uint8)
    height, width = opacity.shape[:2]
    gaps = np.zeros((height, width), bool)
    for left, top, right, low in places:
        rows = slice(round(top * height), round(low * height))
        columns = slice(round(left * width), round(right * width))
        gaps[rows, columns] = opacity[rows, columns, 0] == 0
    key = _unused(pixels)
    pixels[gaps] = key
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, format="PNG", compress_level=6, transparency=key)
    return written.getvalue()


def _unused(pixels: NDArray[np.uint8]) -> tuple[int, int, int]:
    """The lightest grey or blue that no pixel has."""
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    used = np.unique(codes)
    candidates = np.arange((1 << 24) - 1 - len(used), 1 << 24)
    code = int(np.setdiff1d(candidates, used).max())
    return code >> 16, (code >> 8) & 255, code & 255
