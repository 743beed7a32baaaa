"""Images of the points of a sweep, drawn with the same random numbers."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.image_grids import GAP, LABEL_PIXELS, paths, strips
from zpoints.pipeline.figures.inputs import Bytes, components_of, group, pixels
from zpoints.pipeline.figures.swept.frontier import shown_panels
from zpoints.pipeline.figures.swept.points import (
    frontier_points,
    matching,
    parameters,
    texts,
    values,
)

MOST_STRIPS = 24
"""Points that all have a strip; of more, only those on the frontiers."""
MOST_IMAGES = 8
"""Images of a point that the figure of a single parameter shows."""
SHRUNK = 0.7
"""Smallest scale at which blocks of a figure stay next to each other."""
MARGIN = 2 * LABEL_PIXELS
"""Pixels of the values along a side of a block, and of the parameter's name."""
TITLE = 32
"""Pixels of the title of a block."""


def sweep_faces(sweep: Any, image: int = 0) -> Figure:
    """Draw one image at every point of a grid, a block of images over two parameters.

    The last parameter is along the columns, the one before along the rows; each combination of the
    others has a block. With a single parameter the rows are the images.

    Parameters
    ----------
    sweep
        The `sweep` group, or a store.
    image
        Number of the image, from 0; the same random numbers at every point.

    Raises
    ------
    FigureError
        If `sweep` is something else, or has no images, or not as many.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.sweep_faces(store)  # doctest: +SKIP
    """
    sweep = _with_images(sweep)
    (number,) = components_of(image, sweep.sizes["image"], what="image")
    *others, along = parameters(sweep)
    across = [{along: value} for value in values(sweep, along)]
    down: list[dict[str, str]] = [{}] * min(MOST_IMAGES, sweep.sizes["image"])
    name = "image"
    if others:
        name = others.pop()
        down = [{name: value} for value in values(sweep, name)]
    numbers = range(len(down)) if name == "image" else [number] * len(down)
    blocks = {}
    for combination in product(*(values(sweep, other) for other in others)):
        block = dict(zip(others, combination, strict=True))
        blocks[_title(block)] = np.array(
            [
                [_image(sweep, {**block, **row, **column}, k) for column in across]
                for row, k in zip(down, numbers, strict=True)
            ]
        )
    rows = [row.get(name, str(k + 1)) for k, row in enumerate(down)]
    return _draw_blocks(blocks, (name, rows), (along, values(sweep, along)))


def sweep_strips(sweep: Any, points: Sequence[int] | int | None = None) -> Figure:
    """Draw the first images of points of a sweep, a row for each with its parameters.

    The last line of a label is its precision and recall.

    Parameters
    ----------
    sweep
        The `sweep` group, or a store.
    points
        Numbers of the points, from 0; by default all, or of more than 24 those on the frontiers of
        recall against precision and round trip, at most 24 of them, the smallest recall first.

    Raises
    ------
    FigureError
        If `sweep` is something else, or has no images, or no such point.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.sweep_strips(store)  # doctest: +SKIP
    """
    sweep = _with_images(sweep)
    chosen = (
        strip_points(sweep)
        if points is None
        else components_of(points, sweep.sizes["point"], what="point")
    )
    figure = strips({k: sweep["pixels"][k] for k in chosen})
    figure.axes[0].set_yticklabels([_label(sweep, k) for k in chosen], linespacing=1.0)
    return figure


def strip_points(sweep: xr.Dataset) -> list[int]:
    """Points whose strips are drawn by default."""
    if sweep.sizes["point"] <= MOST_STRIPS:
        return list(range(sweep.sizes["point"]))
    on_front = np.zeros(sweep.sizes["point"], dtype=bool)
    for x, y in shown_panels(sweep):
        if x == "recall":
            on_front |= frontier_points(sweep, x, y)
    front = np.flatnonzero(on_front)
    front = front[np.argsort(sweep["recall"].values[front], kind="stable")]
    if not len(front):
        raise FigureError("None of the points has a recall; name some with points=[0, 1].")
    evenly = np.linspace(0, len(front) - 1, min(len(front), MOST_STRIPS)).round().astype(int)
    return [int(k) for k in front[evenly]]


def _with_images(sweep: Any) -> xr.Dataset:
    """The group `sweep`, if it has images."""
    found = group(sweep, "sweep", ("precision", "recall"))
    if "pixels" not in found:
        raise FigureError(
            "The sweep has no images: its vectors have no network that decodes them, or an earlier "
            "version of zpoints made it. zp.pl.frontier draws its measures; `zpoints sweep` makes "
            "it again."
        )
    return found


def _image(sweep: xr.Dataset, chosen: dict[str, str], number: int) -> Bytes:
    """An image of the point with these parameters; white if there is none."""
    found = matching(sweep, chosen)
    if not len(found):
        return np.full(sweep["pixels"].shape[2:], 255, np.uint8)
    return pixels(sweep["pixels"][found[0], number : number + 1])[0]


def _draw_blocks(
    blocks: dict[str, Bytes], rows: tuple[str, list[str]], columns: tuple[str, list[str]]
) -> Figure:
    """Draw blocks (row, column, y, x, channel) with the names and values of their sides."""
    _, _, height, width, _ = next(iter(blocks.values())).shape
    factor = max(1, 64 // height)  # as `paths` enlarges small images
    size = np.array(
        [len(columns[1]) * (factor * width + GAP), len(rows[1]) * (factor * height + GAP)]
    )
    margin = np.array([MARGIN, MARGIN if "" in blocks else MARGIN + TITLE])
    per_line, scale = _fitting(len(blocks), size[0])
    lines = -(-len(blocks) // per_line)
    full = scale * size + margin
    total = full * (per_line, lines)
    width_inches, height_inches = total / style.DPI
    figure = style.new_figure(height_inches, width=width_inches, layout=None)
    for index, (title, images) in enumerate(blocks.items()):
        line, column = divmod(index, per_line)
        left, bottom = column * full[0] + MARGIN, total[1] - (line + 1) * full[1]
        box = (left / total[0], bottom / total[1], *(scale * size / total))
        axes = figure.add_axes(box)
        paths(images, rows=rows[1], columns=columns[1], ax=axes)
        axes.xaxis.set_label_position("top")
        axes.set_xlabel(style.tick_label(columns[0]), fontsize=style.TICK, color=style.INK)
        axes.set_ylabel(style.tick_label(rows[0]), fontsize=style.TICK, color=style.INK)
        axes.set_title(title, fontsize=style.TITLE, color=style.INK)
    return figure


def _fitting(blocks: int, width: float) -> tuple[int, float]:
    """Number of blocks in a line of the page, and the scale of their images."""
    page = style.WIDTH * style.DPI
    scales = [min(1.0, (page / n - MARGIN) / width) for n in range(1, blocks + 1)]
    per_line = max((n for n, scale in enumerate(scales, 1) if scale >= SHRUNK), default=1)
    return per_line, scales[per_line - 1]


def _title(block: dict[str, str]) -> str:
    return ", ".join(f"{style.tick_label(n)} {style.plain_label(v)}" for n, v in block.items())


def _label(sweep: xr.Dataset, point: int) -> str:
    """Parameters of a point, at most three lines, and its precision and recall."""
    named = [
        f"{style.tick_label(name, 14)} {style.plain_label(texts(sweep, name)[point], 14)}"
        for name in parameters(sweep)
    ]
    together = -(-len(named) // 3)
    lines = [", ".join(named[k : k + together]) for k in range(0, len(named), together)]
    measured = (float(sweep[name][point]) for name in ("precision", "recall"))
    return "\n".join([*lines, "P {:.2f}  R {:.2f}".format(*measured)])
