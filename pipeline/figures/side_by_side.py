"""Panels of the same kind side by side, on common axes."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from zpoints.pipeline.figures import style


def side_by_side(
    panels: Mapping[str, Callable[[Any], Any]], *, height: float, same: str = "xy", pad: float = 6
) -> Figure:
    """One panel for each name, under it.

    Parameters
    ----------
    panels
        For each name a function that draws into Matplotlib axes.
    height
        Height of the figure, in inches.
    same
        Axes, of x and y, that have the same limits in all panels of the same scale.
    pad
        Points between a panel and its name, where a legend may be.
    """
    figure = style.new_figure(height)
    drawn = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, draw) in zip(drawn, panels.items(), strict=True):
        draw(axes)
        title = style.plain_label(name, 92 // len(panels))
        axes.set_title(title, loc="left", fontsize=style.TITLE, color=style.INK, pad=pad)
    for axis in same:
        if len({getattr(axes, f"get_{axis}scale")() for axes in drawn}) > 1:
            continue  # logarithmic beside linear: the limits of one may not suit the other
        limits = np.array([getattr(axes, f"get_{axis}lim")() for axes in drawn])
        for axes in drawn:
            getattr(axes, f"set_{axis}lim")(limits[:, 0].min(), limits[:, 1].max())
    return figure
