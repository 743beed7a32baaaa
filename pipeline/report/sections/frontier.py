"""The frontier of typicality and diversity: `ellipse` over a grid of its parameters."""

import numpy as np
import xarray as xr
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements import style
from zpoints.pipeline.report.elements.entry import Entry

RECOMMENDED_K, RECOMMENDED_FACT = (50, 120), (0.6, 0.8)
PANELS = (
    ("recall", "round_trip", "recall", "round trip"),
    ("coverage", "round_trip", "coverage", "round trip"),
    ("recall", "precision", "recall", "precision"),
    ("coverage", "precision", "coverage", "precision"),
)
AXES = ("round_trip", "precision", "recall", "coverage")


def entries(m: Material) -> list[Entry]:
    """The figure of the frontier; nothing where no sweep was made."""
    sweep = m.sweep
    if sweep is None or any(np.isnan(sweep[name]).all() for name in AXES):
        return []
    return [
        Entry(
            "frontier",
            "Typicality and diversity of ellipse",
            Markup(
                "The generator <code>ellipse</code> for {} choices of law, <i>K</i> and "
                "<i>fact</i>, {:,} vectors each. Upwards vectors are more typical, to the right "
                "more diverse; a line joins the values of <i>fact</i> from {:g} to {:g} for one "
                "<i>K</i>, larger points for larger ones. {}Measured as in the table of all "
                "generators."
            ).format(
                sweep.sizes["point"],
                sweep.attrs["count"],
                float(sweep["fact"].min()),
                float(sweep["fact"].max()),
                _ringed(sweep),
            ),
            lambda: frontier(sweep),
            "Round trip and precision against recall and coverage, a line for each K.",
        )
    ]


def _ringed(sweep: xr.Dataset) -> Markup:
    if not recommended(sweep).any():
        return Markup()
    return Markup(
        "Ringed: what the source recommends, <i>K</i> from {} to {} with <i>fact</i> from {:g} to "
        "{:g}. "
    ).format(*RECOMMENDED_K, *RECOMMENDED_FACT)


def frontier(sweep: xr.Dataset) -> Figure:
    """Draw typicality against diversity, a row of panels for each law.

    Parameters
    ----------
    sweep
        The group `sweep`.
    """
    laws = list(dict.fromkeys(sweep["law"].values.tolist()))
    figure = style.new_figure(2.6 * len(laws))
    grid = figure.subplots(len(laws), len(PANELS), squeeze=False, sharex="col", sharey="col")
    for row, law in zip(grid, laws, strict=True):
        chosen = sweep.isel(point=np.flatnonzero(sweep["law"].values == law))
        for axes, (x, y, x_label, y_label) in zip(row, PANELS, strict=True):
            _lines(axes, chosen, x, y)
            style.dress(axes, x=x_label, y=y_label, title=f"law {law}")
    for axes in grid[0, :2]:
        axes.invert_yaxis()  # small is good; shared by the column
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
    """bool (point): whether K and fact lie in the ranges that the source recommends."""
    K, fact = sweep["K"].values, sweep["fact"].values
    lowest_fact, highest_fact = RECOMMENDED_FACT
    inside = (RECOMMENDED_K[0] <= K) & (RECOMMENDED_K[1] >= K)
    return inside & (fact >= lowest_fact - 1e-9) & (fact <= highest_fact + 1e-9)
