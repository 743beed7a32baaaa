"""Number distributions over the same fixed intervals, beside those of uniform vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter

from zpoints.pipeline.analyze.shape.fixed_intervals import (
    INTERVALS,
    LIMIT,
    NEEDED,
    FixedIntervals,
    fixed_intervals,
    uniform_share,
)
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group

UNIFORM = (12.0, 1.5)
"""Limits b of the uniform vectors: that of the source, and one whose radii are typical."""
MOST = 4096
"""Intervals at most; a component is stored in 1024 cells."""

_DASHES = ((0, (5, 2)), (0, (1.5, 1.5)), (0, (5, 2, 1.5, 2)), "-")


def intervals(
    statistics: Any,
    *,
    limit: float = LIMIT,
    number: int = INTERVALS,
    uniform: Sequence[float] = UNIFORM,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw the number distributions of all components over the same intervals of [-limit, limit].

    Left: a curve per component, and the expected one of components uniform in [-b, b]. Components
    whose own hw is smaller than an interval are a spike whatever their shape is; they are marked.
    Right: the hw that the intervals give against the component's own.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, a store, or vectors (vector, component).
    limit
        End of the intervals, above 0.
    number
        Number of intervals. The default, a power of two over a latent unit, gives exact counts.
    uniform
        Limits b of the uniform vectors to compare, at most 4.
    ax
        Axes to draw the curves in, without the part on the right.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If a parameter is out of range, or `statistics` is something else.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(500, 4))
    >>> figure = intervals(z, uniform=(2.0,))
    >>> [text.get_text() for text in figure.axes[0].get_legend().texts]
    ['4 components', 'uniform, b = 2']
    """
    _check(limit, number, uniform)
    found = fixed_intervals(group(statistics, "statistics", NEEDED), limit=limit, intervals=number)
    own = group(statistics, "statistics", NEEDED)["hw"].values
    if ax is not None:
        axes = style.panel(ax)
        _curves(axes, found, uniform)
        return style.drawn(axes, ax)
    figure = style.new_figure(3.3)
    left, right = figure.subplots(1, 2, width_ratios=(2.1, 1))
    _curves(left, found, uniform)
    _resolution(right, found, own)
    return figure


def _check(limit: float, number: int, uniform: Sequence[float]) -> None:
    if not np.isfinite(limit) or limit <= 0:
        raise FigureError(f"Got limit={limit!r}; expected a number above 0, e.g. 12.")
    if not isinstance(number, int | np.integer) or not 2 <= number <= MOST:
        raise FigureError(f"Got number={number!r}; expected 2 to {MOST} intervals, e.g. 96.")
    above = all(np.isfinite(b) and b > 0 for b in uniform)
    if not above or len(uniform) > len(_DASHES):
        raise FigureError(
            f"Got uniform={tuple(uniform)}; expected at most {len(_DASHES)} numbers above 0, e.g. "
            "(12, 1.5)."
        )


def _curves(axes: Axes, found: FixedIntervals, uniform: Sequence[float]) -> None:
    """A curve of the share of vectors per interval for each component, narrow ones marked."""
    total = found.counts.sum(axis=1) / np.maximum(1 - found.outside, 1e-300)
    share = 100 * found.counts / np.maximum(total, 1)[:, None]
    middle = (found.edges[1:] + found.edges[:-1]) / 2
    alpha = float(np.clip(25 / max(len(share), 1), 0.12, 0.8))
    for chosen, name, colour, strength in (
        (~found.narrow, "components", style.DATA, alpha),
        (found.narrow, "unresolved", style.GENERATED, 1.0),
    ):
        curves = np.where(share[chosen] > 0, share[chosen], np.nan).T
        axes.plot(middle, curves, color=colour, lw=0.7, alpha=strength)
        if chosen.any():
            axes.plot([], [], color=colour, lw=1.4, label=f"{chosen.sum()} {name}")
    for b, dashes in zip(uniform, _DASHES, strict=False):
        expected = 100 * uniform_share(found.edges, b)
        label = f"uniform, b = {b:g}"
        axes.stairs(
            expected, found.edges, color=style.INK, lw=1.1, ls=dashes, label=label, baseline=None
        )
    axes.set_yscale("log")
    axes.set_ylim(max(0.5 * share[share > 0].min(initial=100), 1e-3), 150)
    axes.set_xlim(found.edges[0], found.edges[-1])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    style.legend(axes, loc="upper left", borderaxespad=0.2, handlelength=1.7)
    style.dress(
        axes,
        x=f"$z_i$  {style.UNIT}",
        y=f"vectors per interval of {found.width:.3g}  [%]",
        title="Number distributions",
    )


def _resolution(axes: Axes, found: FixedIntervals, own: Any) -> None:
    """The width that the intervals give against the component's own, and an interval's width."""
    shown = np.isfinite(found.measured_hw) & (own > 0) & (found.measured_hw > 0)
    for chosen, colour in ((~found.narrow, style.DATA), (found.narrow, style.GENERATED)):
        points = shown & chosen
        axes.scatter(own[points], found.measured_hw[points], s=7, color=colour, linewidths=0)
    widths = np.concatenate([own[shown], found.measured_hw[shown], [found.width]])
    ends = 0.7 * float(widths.min()), 1.4 * float(widths.max())
    axes.plot(ends, ends, color=style.MUTED, lw=0.7)
    axes.axvspan(ends[0], found.width, color=style.FAINT, alpha=0.5, lw=0, zorder=0)
    axes.loglog()
    axes.set(xlim=ends, ylim=ends)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(NullFormatter())
    style.note(axes, 0.04, 0.96, "narrower\nthan an\ninterval", va="top")
    style.dress(axes, x="own hw", y="hw over the intervals", title="Resolution", frame=True)
