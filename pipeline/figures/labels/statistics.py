"""Figures of the statistics by label: categories, numbers and dates."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group
from zpoints.pipeline.figures.style import tick_label
from zpoints.storage.labels.columns import DAYS

Floats = NDArray[np.float64]

ROW = 0.165
"""Inches of a row."""
MOST_ROWS = 60
"""Categories or numbers that a figure shows at most."""


def categories(statistics: Any, label: str | None = None) -> Figure:
    """Draw how many vectors each category has, and how far its mean is from the mean of all.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    label
        Name of the label whose categories are drawn; by default all, the 60 most frequent.

    Raises
    ------
    FigureError
        If `statistics` is something else, or has no such categories.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.categories(store, "class")  # doctest: +SKIP
    """
    needs = ("category_count", "category_mean", "mean", "variance")
    statistics = group(statistics, "statistics", needs)
    labels = statistics["category_label"].values.astype(object)
    chosen = np.arange(len(labels)) if label is None else np.flatnonzero(labels == label)
    if not len(chosen):
        known = ", ".join(dict.fromkeys(labels.tolist())) or "none"
        raise FigureError(
            f"Got label={label!r}, which has no categories; labels with some: {known}."
        )
    count = statistics["category_count"].values
    most = np.argsort(-count[chosen], kind="stable")[:MOST_ROWS]
    chosen = chosen[np.sort(most)]  # in the order of the categories
    with np.errstate(divide="ignore", invalid="ignore"):
        away = statistics["category_mean"].values[chosen] - statistics["mean"].values
        away = away / np.sqrt(statistics["variance"].values)
    names = statistics["category" if label is None else "category_value"].values[chosen]
    ticks = [tick_label(str(name)) for name in names]
    return _by_component(ticks, count[chosen], away, r"(mean $-$ mean of all) / $\sigma$")


def numbers(statistics: Any) -> Figure:
    """Draw how many vectors have a value of each number or date, and its correlations with z.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.

    Raises
    ------
    FigureError
        If `statistics` is something else, or describes no numbers.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.numbers(store)  # doctest: +SKIP
    """
    needs = ("numeric_count", "numeric_mean", "numeric_std", "numeric_correlation")
    shown = group(statistics, "statistics", needs).isel(numeric=slice(MOST_ROWS))
    spread = zip(
        shown["numeric"].values,
        shown["numeric_mean"].values,
        shown["numeric_std"].values,
        shown["numeric_unit"].values,
        strict=True,
    )
    names = [f"{tick_label(name)}: {moments_text(*moments)}" for name, *moments in spread]
    correlation = shown["numeric_correlation"].values
    return _by_component(names, shown["numeric_count"].values, correlation, r"correlation  $\rho$")


def moments_text(mean: float, spread: float, unit: str) -> str:
    """Mean and standard deviation of a label, a date as a date.

    Parameters
    ----------
    mean, spread
        In the label's unit; days since 1970 for dates.
    unit
        The unit, as the registry of variables names it.

    Parameters
    ----------
    mean, spread
        Of the label, in its unit.
    unit
        "1", or that of dates.

    Examples
    --------
    >>> moments_text(41.25, 12.5, "1"), moments_text(20787.0, 30.0, DAYS)
    ('41.25 ± 12', '2026-11-30 ± 30 d')
    """
    if unit == DAYS and np.isfinite(mean):
        return f"{np.datetime64('1970-01-01') + np.timedelta64(round(mean), 'D')} ± {spread:.0f} d"
    return f"{mean:.4g} ± {spread:.2g}"


def _by_component(names: list[str], count: Any, values: Floats, meaning: str) -> Figure:
    """Bars of counts, and next to them a row of colours, one for each component."""
    rows = np.arange(len(names))
    figure = style.new_figure(1.0 + ROW * max(4, len(rows)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 2.4))
    left.barh(rows, count, height=0.72, color=style.DATA, alpha=0.45)
    left.set_yticks(rows, names)
    left.set_xlim(left=0)
    left.set_ylim(len(rows) - 0.5, -0.5)
    limit = float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    picture = right.imshow(
        values, cmap=style.DIVERGING, vmin=-limit, vmax=limit, aspect="auto", origin="upper",
        interpolation="none",
    )  # fmt: skip
    style.dress(left, x="vectors")
    style.dress(right, x="component", frame=True)
    right.set_facecolor(style.FAINT)
    left.locator_params(axis="x", nbins=3, integer=True)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0)
    right.tick_params(labelleft=False)
    style.colour_bar(picture, right, meaning)
    return figure
