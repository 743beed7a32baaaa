"""Densities of component pairs with contours, fitted ellipses and the covariance ellipse."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.contours import outlines, smoothed_density
from zpoints.pipeline.analyze.shape.ellipses import PlanarEllipse, ellipse_points
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group

Floats = NDArray[np.float64]

SHOWN = 15
"""Maximum number of pairs in one figure; the first ones are shown."""

_COLUMNS = 4
_ELLIPSE = ("contour_centre", "contour_half_axes", "contour_angle")
_FITTED: dict[str, Any] = {"lw": 0.9, "ls": (0, (3, 1.6))}
_EXPECTED: dict[str, Any] = {"lw": 1.1}


def densities(
    statistics: Any,
    pair: tuple[int, int] | None = None,
    *,
    principal: bool = False,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw densities of pairs of components with their contours and ellipses.

    Lines: contours of the smoothed density. Dashed: the ellipses fitted to them. Green: the ellipse
    of the covariance where a normal density has the lowest contour. Numbers: ellipticity, 1 where
    the contours are nested ellipses that follow the covariance.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    pair
        Numbers of the components of one stored pair, in either order; by default all pairs, 15 at
        most.
    principal
        Whether these are principal components.
    ax
        Axes to draw one pair in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If the pair is not stored, `ax` is given without a pair, or `statistics` is something else.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.densities(store, (0, 1), principal=True)  # doctest: +SKIP
    """
    prefix, symbol = ("pc_", "v") if principal else ("", "z")
    stored = ("pair_components", "pair_histogram", "pair_edges")
    needs = ("mean", "covariance", "explained_variance", "contour_height")
    needs_pairs = tuple(f"{prefix}{name}" for name in stored)
    statistics = group(statistics, "statistics", needs + needs_pairs)
    if pair is not None:
        index = _position(statistics[f"{prefix}pair_components"].values, pair)
        axes = style.panel(ax, width=3.6, height=3.4)
        _pair(axes, statistics, prefix, symbol, index)
        axes.set_aspect("equal")
        axes.tick_params(labelsize=style.TICK, length=3, pad=3)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_label_text(f"{axis.get_label_text()}  {style.UNIT}")
        return style.drawn(axes, ax)
    if ax is not None:
        raise FigureError("Got ax without a pair; expected the pair to draw, e.g. pair=(0, 1).")
    return _grid(statistics, prefix, symbol)


def _position(stored: NDArray[np.int64], pair: tuple[int, int]) -> int:
    """Position of a pair, in either order."""
    wanted = sorted(np.ravel(pair).tolist())
    found = [index for index, one in enumerate(stored.tolist()) if sorted(one) == wanted]
    if not found:
        known = ", ".join(str(tuple(one)) for one in stored.tolist()[:SHOWN]) or "no pairs"
        raise FigureError(
            f"No density of the pair {pair} is stored; expected one of {known}. "
            "`analyze.pairs` chooses them."
        )
    return found[0]


def _grid(statistics: xr.Dataset, prefix: str, symbol: str) -> Figure:
    """Draw the first pairs and a key."""
    shown = min(statistics.sizes[f"{prefix}pair"], SHOWN)
    places = min(shown + 1, _COLUMNS)
    rows = -(-(shown + 1) // places)
    side = style.WIDTH / (_COLUMNS + 0.42 * (_COLUMNS - 1) + 0.45)
    height = side * (rows + 0.34 * (rows - 1)) + 0.5
    figure = style.new_figure(height, layout=None)
    figure.subplots_adjust(
        left=0.42 * side / style.WIDTH,
        right=(0.42 * side + side * (places + 0.42 * (places - 1))) / style.WIDTH,
        top=1 - 0.1 / height,
        bottom=0.4 / height,
        hspace=0.34,
        wspace=0.42,
    )
    panels = figure.subplots(rows, places, squeeze=False).ravel()
    for index in range(shown):
        _pair(panels[index], statistics, prefix, symbol, index)
    _key(panels[shown], statistics["contour_height"].values)
    for axes in panels[shown + 1 :]:
        axes.remove()
    return figure


def _pair(axes: Axes, statistics: xr.Dataset, prefix: str, symbol: str, index: int) -> None:
    """Draw one pair, both axes on the same scale."""

    def stored(name: str) -> NDArray[Any]:
        return statistics[f"{prefix}pair_{name}"].values[index]

    columns, edges, counts = stored("components"), stored("edges"), stored("histogram")
    if prefix:
        mean, covariance = np.zeros(2), np.diag(statistics["explained_variance"].values[columns])
    else:
        mean = statistics["mean"].values[columns]
        covariance = statistics["covariance"].values[np.ix_(columns, columns)]
    axes.imshow(
        counts.T / max(counts.max(), 1),
        cmap=style.SEQUENTIAL,
        norm=PowerNorm(0.8, 0, 1.3),
        aspect="auto",
        origin="lower",
        interpolation="none",
        extent=(*edges[0, [0, -1]], *edges[1, [0, -1]]),
    )
    for outline in _outlines(counts, edges, mean, covariance):
        axes.plot(*outline.T, color=style.INK, lw=0.6)
    for ellipse in zip(*map(stored, _ELLIPSE), strict=True):
        axes.plot(*ellipse_points(PlanarEllipse(*ellipse)).T, color=style.GENERATED, **_FITTED)
    level = np.sqrt(-2 * np.log(statistics["contour_height"].values[-1]))
    expected = PlanarEllipse(mean, level * stored("half_axes"), float(stored("angle")))
    axes.plot(*ellipse_points(expected).T, color=style.ACCENT, **_EXPECTED)
    _write_score(axes, float(stored("ellipticity")))
    half = 0.8 * np.ptp(edges, axis=1).max() / 2
    axes.set_xlim(mean[0] - half, mean[0] + half)
    axes.set_ylim(mean[1] - half, mean[1] + half)
    one, other = (f"${symbol}_{{{number + bool(prefix)}}}$" for number in columns)
    _frame(axes, one, other)


def _outlines(
    counts: NDArray[np.int64], edges: Floats, mean: Floats, covariance: Floats
) -> Iterator[Floats]:
    """All contours of a pair (k, 2), in latent units."""
    deviation = np.sqrt(np.diagonal(covariance))
    with np.errstate(divide="ignore", invalid="ignore"):
        correlation = covariance[0, 1] / deviation.prod()
        step = (edges[0, 1] - edges[0, 0]) / deviation[0]
    density = smoothed_density(counts, float(step), float(correlation))
    if density is not None:
        for lines in outlines(density):
            yield from (mean + deviation * line for line in lines)


def _write_score(axes: Axes, score: float) -> None:
    if np.isfinite(score):
        text = style.note(axes, 0.96, 0.95, f"{score:.2f}", ha="right", va="top", color=style.INK)
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8})


def _frame(axes: Axes, x: str, y: str) -> None:
    style.dress(axes, frame=True)
    axes.tick_params(labelsize=6, length=2, pad=1.5)
    axes.locator_params(nbins=4, steps=(1, 2, 5, 10))
    axes.set_xlabel(x, fontsize=style.LABEL, color=style.INK, labelpad=1)
    axes.set_ylabel(y, fontsize=style.LABEL, color=style.INK, labelpad=1)


def _key(axes: Axes, heights: Floats) -> None:
    """Draw a legend of the lines in place of a panel."""
    axes.set_axis_off()
    listed = ", ".join(f"{height:g}" for height in heights)
    lines = [
        Line2D([], [], color=style.INK, lw=0.9),
        Line2D([], [], color=style.GENERATED, **_FITTED),
        Line2D([], [], color=style.ACCENT, **_EXPECTED),
    ]
    names = [
        f"contours at\n{listed}",
        "fitted ellipses",
        f"covariance ellipse,\nexpected at {heights[-1]:g}",
    ]
    style.legend(
        axes,
        handles=lines,
        labels=names,
        loc="center left",
        bbox_to_anchor=(-0.12, 0.5),
        fontsize=style.NOTE,
        handlelength=1.8,
        labelspacing=0.9,
        borderpad=0,
    )
