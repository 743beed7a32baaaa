"""Scatter plots of component pairs: z-points, confidence ellipses, generated vectors."""

import itertools
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.ellipses import ellipse_points
from zpoints.pipeline.report.elements import style
from zpoints.pipeline.report.point_cloud import Cloud, share_inside

Floats = NDArray[np.float64]


def pair_grid(cloud: Cloud, generated: Floats, *, level: float, name: str, colour: str) -> Figure:
    """Draw every pair of axes: z-points below the diagonal, generated points above it.

    Parameters
    ----------
    cloud
        The z-points.
    generated
        (point, axis) float64, generated vectors; none leave the panels empty.
    level
        Level of the confidence ellipses, in standard deviations.
    name, colour
        Name of the generator in the legend, and colour of its points.
    """
    count = len(cloud.labels)
    figure = style.new_figure(7.45, layout=None)
    margins = {"left": 0.075, "right": 0.995, "top": 0.957, "bottom": 0.063}
    figure.subplots_adjust(**margins, hspace=0.09, wspace=0.09)
    panels = figure.subplots(count, count, squeeze=False)
    for row in range(count):
        for column in range(count):
            axes = panels[row, column]
            if row == column:
                _marginals(axes, cloud, generated, row, colour)
            else:
                upper = generated if column > row else None
                _pair(axes, cloud, column, row, upper, colour, level)
            _outer_labels(
                axes,
                cloud.labels[column] if row == count - 1 else "",
                cloud.labels[row] if column == 0 else "",
            )
    entries = [("z-points", style.DATA)] + ([(name, colour)] if len(generated) else [])
    for index, (label, colour) in enumerate(entries):
        x = 0.085 + 0.14 * index
        figure.text(x, 0.978, "●", color=colour, fontsize=7, ha="right", va="center")
        figure.text(x + 0.006, 0.978, label, fontsize=style.LABEL, color=style.INK, va="center")
    return figure


def generator_rows(cloud: Cloud, generated: Mapping[str, Floats], *, level: float) -> Figure:
    """Draw a row of pairs per generator: its vectors on the z-points and their ellipses.

    Parameters
    ----------
    cloud
        The z-points.
    generated
        For each generator its vectors, (point, axis) float64.
    level
        Level of the confidence ellipses, in standard deviations.
    """
    rows, columns = len(generated), 5
    pairs = list(itertools.pairwise(range(len(cloud.labels))))[:columns]
    side = style.WIDTH * 0.925 / (columns + 0.42 * (columns - 1))
    height = side * (rows + 0.2 * (rows - 1)) + 0.62
    figure = style.new_figure(height, layout=None)
    figure.subplots_adjust(
        left=0.07, right=0.995, top=1 - 0.2 / height, bottom=0.42 / height, hspace=0.2, wspace=0.42
    )
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels[:, len(pairs) :].ravel():
        axes.remove()
    for row, (name, points) in enumerate(generated.items()):
        colour = style.series(row)
        for column, (x, y) in enumerate(pairs):
            axes = panels[row, column]
            _pair(axes, cloud, x, y, points, colour, level)
            _outer_labels(axes, cloud.labels[x] if row == rows - 1 else "", None)
            axes.set_ylabel(cloud.labels[y], fontsize=style.LABEL, labelpad=1, color=style.INK)
        panels[row, 0].set_title(name, fontsize=style.TITLE, color=colour, loc="left", pad=3)
    return figure


def _pair(
    axes: Axes,
    cloud: Cloud,
    x: int,
    y: int,
    generated: Floats | None,
    colour: str,
    level: float,
) -> None:
    """Draw one pair; z-points are grey where there are generated vectors."""
    alone = generated is None
    _dots(axes, cloud.points[:, [x, y]], style.DATA if alone else style.FAINT)
    shown = cloud.points[:, [x, y]] if generated is None else generated[:, [x, y]]
    if not alone:
        _dots(axes, shown, colour)
    ellipse = cloud.ellipse(x, y, level)
    axes.plot(*ellipse_points(ellipse).T, color=style.INK, lw=0.9)
    if len(shown):
        share = f"{share_inside(shown, ellipse):.0%}"
        text = style.note(axes, 0.96, 0.95, share, size=6.5, ha="right", va="top", color=style.INK)
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8})
    axes.set_xlim(cloud.limits(x))
    axes.set_ylim(cloud.limits(y))
    _frame(axes)


def _dots(axes: Axes, points: Floats, colour: str) -> None:
    """Draw points, smaller ones where there are many."""
    size = max(0.35, min(6.0, 2600 / max(len(points), 1)))
    x, y = points.T
    axes.scatter(x, y, s=size, color=colour, alpha=0.6, linewidths=0, rasterized=True)


def _marginals(axes: Axes, cloud: Cloud, generated: Floats, index: int, colour: str) -> None:
    edges = np.linspace(*cloud.limits(index), 41)
    for points, shade, fill in ((cloud.points, style.DATA, True), (generated, colour, False)):
        if len(points):
            counts = np.histogram(points[:, index], edges)[0] / len(points)
            axes.stairs(counts, edges, color=shade, fill=fill, alpha=0.35 if fill else 1, lw=1.0)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_yticks([])
    _frame(axes)


def _frame(axes: Axes) -> None:
    style.dress(axes, frame=True)
    axes.tick_params(labelsize=6, length=2, pad=1.5)
    axes.locator_params(nbins=4)


def _outer_labels(axes: Axes, x: str, y: str | None) -> None:
    """Label the outer axes; None leaves the vertical axis as it is."""
    axes.set_xlabel(x, fontsize=style.LABEL, color=style.INK, labelpad=2)
    axes.tick_params(labelbottom=bool(x))
    if y is not None:
        axes.set_ylabel(y, fontsize=style.LABEL, color=style.INK, labelpad=2)
        axes.tick_params(labelleft=bool(y) and bool(axes.get_yticks().size))
