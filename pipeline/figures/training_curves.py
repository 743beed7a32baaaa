"""Loss curves of the training."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group


def loss(model: Any, *, ax: Axes | None = None) -> style.Drawn:
    """Draw training loss, validation loss and learning rate against the epoch.

    Parameters
    ----------
    model
        The `model` group, or a store.
    ax
        Axes to draw the losses in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If `model` is something else.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.loss(store)  # doctest: +SKIP
    """
    model = group(model, "model", ("epoch", "loss", "validation_loss", "learning_rate"))
    if ax is not None:
        axes = style.panel(ax)
        _losses(axes, model)
        return style.drawn(axes, ax)
    figure = style.new_figure(2.7)
    left, right = figure.subplots(1, 2, width_ratios=(2.1, 1))
    _losses(left, model)
    rate = model["learning_rate"].values * 1e3
    right.plot(model["epoch"].values, rate, color=style.ACCENT, lw=1.3, **_marks(model))
    right.set_ylim(bottom=0)
    style.dress(right, x="epoch", y=r"learning rate  [$10^{-3}$]", title="Learning rate")
    _count_epochs(right, model)
    return figure


def _losses(axes: Axes, model: xr.Dataset) -> None:
    epoch = model["epoch"].values
    curves = (("loss", "training", style.DATA), ("validation_loss", "validation", style.GENERATED))
    found = np.concatenate([model[name].values for name, *_ in curves])
    for name, label, colour in curves:
        values = model[name].values
        if np.isfinite(values).any():
            axes.plot(epoch, values, color=colour, lw=1.3, label=label, **_marks(model))
    if np.isfinite(found).any() and 0 < 2 * np.nanmin(found) < np.nanmax(found):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.4g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
    style.dress(axes, x="epoch", y="loss", title="Loss")
    style.legend(axes)
    _count_epochs(axes, model)


def _marks(model: xr.Dataset) -> dict[str, Any]:
    return {"marker": "o" if model.sizes["epoch"] < 40 else "", "markersize": 2.8}


def _count_epochs(axes: Axes, model: xr.Dataset) -> None:
    epoch = model["epoch"].values
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
    axes.set_xlim(epoch[0] - 0.5, epoch[-1] + 0.5)
