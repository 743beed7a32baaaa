"""Loss curves of the training."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group


def loss(model: Any) -> Figure:
    """Draw training loss, validation loss and learning rate against the epoch.

    Parameters
    ----------
    model
        The `model` group, or a store.

    Raises
    ------
    FigureError
        If `model` is something else.
    """
    model = group(model, "model", ("epoch", "loss", "validation_loss", "learning_rate"))
    figure = style.new_figure(2.7)
    left, right = figure.subplots(1, 2, width_ratios=(2.1, 1))
    epoch = model["epoch"].values
    marker = "o" if epoch.size < 40 else ""
    curves = (("loss", "training", style.DATA), ("validation_loss", "validation", style.GENERATED))
    for name, label, colour in curves:
        values = model[name].values
        if np.isfinite(values).any():
            left.plot(
                epoch, values, color=colour, marker=marker, markersize=2.8, lw=1.3, label=label
            )
    low, high = left.get_ylim()
    if 0 < 2 * low < high:
        left.set_yscale("log")
        left.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        left.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")
        left.yaxis.set_minor_formatter(NullFormatter())
    style.dress(left, x="epoch", y="loss", title="Loss")
    style.legend(left)

    rate = model["learning_rate"].values * 1e3
    right.plot(epoch, rate, color=style.ACCENT, marker=marker, markersize=2.8, lw=1.3)
    right.set_ylim(bottom=0)
    style.dress(right, x="epoch", y=r"learning rate  [$10^{-3}$]", title="Learning rate")
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
        axes.set_xlim(epoch[0] - 0.5, epoch[-1] + 0.5)
    return figure
