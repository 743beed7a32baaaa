"""Typicality against diversity at the points of a sweep."""

from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group
from zpoints.pipeline.figures.swept.points import (
    SMALL_IS_GOOD,
    frontier_points,
    matching,
    parameters,
    values,
)
from zpoints.storage.schema.quality import MEASURES

RECOMMENDED_K, RECOMMENDED_FACT = (50, 120), (0.6, 0.8)
"""Ranges of the generator `ellipse` that the source of the method recommends."""

PANELS = (("recall", "precision"), ("coverage", "precision"), ("recall", "round_trip"))
"""Measures on the horizontal and the vertical axis of each panel: diversity, typicality."""
SHARES, END = ("recall", "precision", "coverage"), 1.02
MOST_NAMED = 12
"""Points of a panel that are all named; of more, only those on the frontier."""

_HEADINGS = {measure.name: measure.heading for measure in MEASURES}


def frontier(sweep: Any) -> Figure:
    """Draw typicality against diversity of a generator at the points of its grid.

    A line joins the values of the last parameter, with growing points; its colour is the value of
    the parameter before. Each combination of the others has a row of panels. Dashed: the frontier
    of the whole grid, the points that no other one exceeds in both measures. They have a dark edge
    and the value of the last parameter. Ringed: what the source recommends for `ellipse`.

    Parameters
    ----------
    sweep
        The `sweep` group, or a store.

    Raises
    ------
    FigureError
        If `sweep` is something else, or none of its measures is known.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.frontier(store)  # doctest: +SKIP
    """
    sweep = group(sweep, "sweep", ("precision", "recall"))
    panels = shown_panels(sweep)
    if not panels:
        raise FigureError(
            "None of the points has its measures, since there were too few vectors to compare. "
            "Sweep with more of them: raise sweep.count, or hold more photographs out."
        )
    *others, last = parameters(sweep)
    colour = others.pop() if others else None
    rows = list(product(*(values(sweep, name) for name in others)))
    figure = style.new_figure(2.75 * len(rows))
    grid = figure.subplots(len(rows), len(panels), squeeze=False, sharex="col", sharey="col")
    for row, combination in zip(grid, rows, strict=True):
        chosen = dict(zip(others, combination, strict=True))
        title = ", ".join(
            f"{style.tick_label(n)} {style.plain_label(v)}" for n, v in chosen.items()
        )
        for axes, (x, y) in zip(row, panels, strict=True):
            _panel(axes, sweep, matching(sweep, chosen), colour, last, (x, y))
            style.dress(axes, x=_HEADINGS[x], y=_HEADINGS[y], title=title)
    for axes, (x, y) in zip(grid[0], panels, strict=True):
        _end_at_one(axes, x, y)
        if y in SMALL_IS_GOOD:
            axes.invert_yaxis()  # shared by the column
    if colour is not None:
        title = style.tick_label(colour)
        style.legend(grid[0, -1], title=title, title_fontsize=style.TICK, loc="lower left")
    return figure


def _end_at_one(axes: Axes, x: str, y: str) -> None:
    """No axis of a share goes on beyond 1."""
    if x in SHARES:
        axes.set_xlim(right=min(axes.get_xlim()[1], END))
    if y in SHARES:
        axes.set_ylim(top=min(axes.get_ylim()[1], END))


def shown_panels(sweep: xr.Dataset) -> list[tuple[str, str]]:
    """The panels whose measures some point has."""

    def known(name: str) -> bool:
        return name in sweep and bool(np.isfinite(sweep[name]).any())

    return [(x, y) for x, y in PANELS if known(x) and known(y)]


def recommended(sweep: xr.Dataset) -> NDArray[np.bool_]:
    """Whether K and fact are in the ranges that the source recommends, bool (point)."""
    if sweep.attrs.get("generator", "ellipse") != "ellipse" or not {"K", "fact"} <= set(
        sweep.coords
    ):
        return np.zeros(sweep.sizes["point"], dtype=bool)
    K, fact = sweep["K"].values, sweep["fact"].values
    lowest_fact, highest_fact = RECOMMENDED_FACT
    inside = (RECOMMENDED_K[0] <= K) & (RECOMMENDED_K[1] >= K)
    return inside & (fact >= lowest_fact - 1e-9) & (fact <= highest_fact + 1e-9)


def _panel(
    axes: Axes,
    sweep: xr.Dataset,
    points: NDArray[np.int64],
    colour: str | None,
    last: str,
    measures: tuple[str, str],
) -> None:
    """Lines, points and their names of one row of the grid."""
    x, y = (sweep[name].values for name in measures)
    front = frontier_points(sweep, *measures)
    ends = np.flatnonzero(front)[np.argsort(x[front])]
    axes.plot(x[ends], y[ends], color=style.MUTED, lw=0.8, ls=(0, (3, 2)), zorder=1)
    colours = values(sweep, colour) if colour else [""]
    shades = np.linspace(0.4, 1.0, len(colours)) if colour else [0.75]
    for value, shade in zip(colours, shades, strict=True):
        of_value = matching(sweep, {colour: value} if colour else {})
        names = values(sweep, last)
        steps = [matching(sweep, {last: name}) for name in names]
        line = [k for step in steps for k in step if k in of_value and k in points]
        if not line:
            continue
        ink = style.SEQUENTIAL(shade)
        axes.plot(x[line], y[line], color=ink, lw=1.0, label=style.plain_label(value), zorder=2)
        edges = [style.INK if front[k] else ink for k in line]
        sizes = np.linspace(8, 34, len(line))
        axes.scatter(x[line], y[line], s=sizes, color=[ink], edgecolors=edges, lw=0.9, zorder=3)
    ringed = points[recommended(sweep)[points]]
    axes.scatter(
        x[ringed], y[ringed], s=80, facecolors="none", edgecolors=style.GENERATED, zorder=4
    )
    _name(axes, sweep, points if len(points) <= MOST_NAMED else points[front[points]], last, (x, y))


def _name(
    axes: Axes,
    sweep: xr.Dataset,
    points: NDArray[np.int64],
    last: str,
    at: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    """Write the value of the last parameter next to points."""
    for value in values(sweep, last):
        for k in np.intersect1d(points, matching(sweep, {last: value})):
            axes.annotate(
                style.plain_label(value, 10),
                (at[0][k], at[1][k]),
                xytext=(4, 3),
                textcoords="offset points",
                fontsize=style.NOTE - 1,
                color=style.INK,
                zorder=5,
            )
