"""Typicality against diversity of the generator `ellipse` over a grid of its parameters."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zpoints.pipeline.report.elements import style
from zpoints.storage.schema.quality import MEASURES

RECOMMENDED_K, RECOMMENDED_FACT = (50, 120), (0.6, 0.8)
"""Ranges that the source of the method recommends."""

PANELS = (
    ("recall", "round_trip"),
    ("coverage", "round_trip"),
    ("recall", "precision"),
    ("coverage", "precision"),
)
"""Measures on the horizontal and the vertical axis of each panel."""

_HEADINGS = {measure.name: measure.heading for measure in MEASURES}


def frontier(sweep: xr.Dataset) -> Figure:
    """Draw typicality against diversity, a row of panels for each law.

    Parameters
    ----------
    sweep
        The `sweep` group: `law`, `K`, `fact` (point) and the measures of `PANELS` (point).
    """
    laws = list(dict.fromkeys(sweep["law"].values.tolist()))
    figure = style.new_figure(2.6 * len(laws))
    grid = figure.subplots(len(laws), len(PANELS), squeeze=False, sharex="col", sharey="col")
    for row, law in zip(grid, laws, strict=True):
        chosen = sweep.isel(point=np.flatnonzero(sweep["law"].values == law))
        for axes, (x, y) in zip(row, PANELS, strict=True):
            _lines(axes, chosen, x, y)
            style.dress(axes, x=_HEADINGS[x], y=_HEADINGS[y], title=f"law {law}")
    for axes in grid[0, :2]:
        axes.invert_yaxis()  # a small round trip is good; shared by the column
    style.legend(grid[0, -1], title="K", title_fontsize=style.TICK, loc="lower left")
    return figure


def _lines(axes: Axes, sweep: xr.Dataset, x: str, y: str) -> None:
    components = np.unique(sweep["K"].values)
    shades = np.linspace(0.35, 1.0, len(components))
    for k, shade in zip(components, shades, strict=True):
        line = sweep.isel(point=np.flatnonzero(sweep["K"].values == k)).sortby("fact")
        colour = style.SEQUENTIAL(shade)
        size = np.linspace(8, 34, line.sizes["point"])
        axes.plot(line[x], line[y], color=colour, linewidth=1.0, label=f"{k}")
        axes.scatter(line[x], line[y], s=size, color=[colour], linewidths=0, zorder=3)
        ringed = line.isel(point=np.flatnonzero(recommended(line)))
        axes.scatter(
            ringed[x], ringed[y], s=80, facecolors="none", edgecolors=style.GENERATED, zorder=4
        )


def recommended(sweep: xr.Dataset) -> np.ndarray:
    """Whether K and fact are in the ranges that the source recommends, bool (point)."""
    K, fact = sweep["K"].values, sweep["fact"].values
    lowest_fact, highest_fact = RECOMMENDED_FACT
    inside = (RECOMMENDED_K[0] <= K) & (RECOMMENDED_K[1] >= K)
    return inside & (fact >= lowest_fact - 1e-9) & (fact <= highest_fact + 1e-9)
