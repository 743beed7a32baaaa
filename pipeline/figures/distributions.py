"""Figures of number distributions, component by component."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.peaks import dominance_order
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import components_of, group

Floats = NDArray[np.float64]

SHOWN = 12
"""Number of distributions that `histogram` draws where none are chosen."""

_COLUMNS = 4
_HISTOGRAM = ("histogram", "histogram_edges", "mu", "hw")


def spectrum(statistics: Any, *, ax: Axes | None = None) -> style.Drawn:
    """Draw the number distributions of all components as a heat map and as curves.

    Left: a row per component, sorted by mu, on a common axis z. Right: a curve per component, the
    density of (z - mean) / (standard deviation), their median, and the normal density.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    ax
        Axes to draw the heat map in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If `statistics` is something else.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.spectrum(store)  # doctest: +SKIP
    """
    needs = ("count", "histogram", "histogram_edges", "mu", "mean", "variance")
    statistics = group(statistics, "statistics", needs)
    if ax is not None:
        axes = style.panel(ax)
        _heat_map(axes, statistics)
        return style.drawn(axes, ax)
    figure = style.new_figure(3.9)
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
    _heat_map(left, statistics)
    _standardised_curves(right, statistics)
    return figure


def _heat_map(axes: Axes, statistics: xr.Dataset) -> None:
    """Draw a row per component, sorted by mu."""
    height, edges = _relative_heights(statistics)
    mu = statistics["mu"].values
    low, high = _range(edges, height)
    grid = np.linspace(low, high, 601)
    order = np.argsort(mu, kind="stable")
    rows = np.stack([_step(grid, edges[i], height[i]) for i in order])
    picture = axes.imshow(
        rows,
        cmap=style.SEQUENTIAL,
        norm=PowerNorm(0.7, 0, 1),
        aspect="auto",
        origin="lower",
        interpolation="none",
        extent=(low, high, 0.5, len(mu) + 0.5),
    )
    axes.axvline(0, color=style.MUTED, lw=0.6, ls=(0, (4, 3)))
    axes.locator_params(axis="x", nbins=7)  # longer labels would touch
    style.dress(
        axes,
        x=f"$z_i$  {style.UNIT}",
        y=r"component, sorted by $\mu_i$",
        title="On a common axis",
        frame=True,
    )
    style.colour_bar(picture, axes, "count / maximum", ticks=(0, 0.25, 0.5, 0.75, 1))


def histogram(
    statistics: Any,
    component: int | Sequence[int] | None = None,
    *,
    principal: bool = False,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw number distributions with mu and hw: one component, or a panel for each of several.

    The dashed line is mu, the position of the maximum; the bar is hw, the full width at half of it.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    component
        Number of a component, from 0, or several. By default the 12 most dominant components, or
        the 12 leading principal ones.
    principal
        Whether these are principal components.
    ax
        Axes to draw one component in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If a number is out of range, `ax` is given for several components, or `statistics` is
        something else.

    Examples
    --------
    >>> counts, edges = np.histogram(np.random.default_rng(0).normal(size=500), 40)
    >>> variables = {
    ...     "histogram": (("component", "bin"), counts[None]),
    ...     "histogram_edges": (("component", "edge"), edges[None]),
    ...     "mu": ("component", [0.0]),
    ...     "hw": ("component", [2.355]),
    ... }
    >>> figure = histogram(xr.Dataset(variables), component=0)
    >>> figure.axes[0].get_xlabel()
    '$z_{0}$  [latent units]'
    """
    prefix, symbol = ("pc_", "v") if principal else ("", "z")
    statistics = group(statistics, "statistics", [prefix + name for name in _HISTOGRAM])
    counts, edges, mu, hw = (statistics[prefix + name].values for name in _HISTOGRAM)
    if component is None:
        order = np.arange(len(mu)) if principal else dominance_order(mu, hw)
        component = order[:SHOWN].tolist()
    what = "principal component" if principal else "component"
    chosen = components_of(component, len(mu), what=what)
    symbols = [f"${symbol}_{{{i + bool(principal)}}}$" for i in chosen]
    single = np.ndim(component) == 0 or (ax is not None and len(chosen) == 1)
    if single:
        (i,), (name,) = chosen, symbols
        axes = style.panel(ax)
        constant = _distribution(axes, counts[i], edges[i], mu[i], hw[i])
        title = "constant" if constant else ""
        style.dress(axes, x=f"{name}  {style.UNIT}", y="count", title=title)
        return style.drawn(axes, ax)
    if ax is not None:
        raise FigureError(
            f"Got ax and {len(chosen)} components; expected one component, e.g. component=15."
        )
    return _panels([(counts[i], edges[i], mu[i], hw[i]) for i in chosen], symbols, symbol)


def _panels(distributions: Sequence[tuple[Any, ...]], names: list[str], symbol: str) -> Figure:
    """A panel for each distribution (counts, edges, mu, hw)."""
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = style.new_figure(0.35 + 1.45 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(names) :]:
        axes.remove()
    index_name = "k" if symbol == "v" else "i"
    for index, name in enumerate(names):
        axes = panels[index]
        constant = _distribution(axes, *distributions[index])
        last_row = index + columns >= len(names)
        style.dress(
            axes,
            x=f"${symbol}_{{{index_name}}}$  {style.UNIT}" if last_row else "",
            y="count" if index % columns == 0 else "",
            title=f"{name}  constant" if constant else name,
        )
        axes.locator_params(axis="x", nbins=4, steps=(1, 2, 5, 10))
        axes.locator_params(axis="y", nbins=4)
    return figure


def _distribution(
    axes: Axes, counts: NDArray[np.int64], edges: Floats, mu: float, hw: float
) -> bool:
    """Draw one distribution; returns whether the component is constant."""
    constant = bool(np.ptp(edges) <= 1e-12 * (1 + abs(mu)))
    if constant:
        axes.set_xlim(mu - 0.5, mu + 0.5)
    else:
        axes.stairs(counts, edges, fill=True, color=style.DATA, alpha=0.3)
        axes.stairs(counts, edges, color=style.DATA, lw=0.8)
    _mark_peak(axes, counts.max(initial=1), mu, hw)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 4), useMathText=True)
    axes.yaxis.get_offset_text().set_fontsize(style.NOTE)
    axes.set_ylim(0, 1.06 * max(counts.max(initial=0), 1))
    return constant


def _mark_peak(axes: Axes, top: float, mu: float, hw: float) -> None:
    axes.axvline(mu, color=style.INK, lw=0.9, ls=(0, (4, 2)))
    axes.annotate(
        "",
        (mu - hw / 2, top / 2),
        (mu + hw / 2, top / 2),
        arrowprops={
            "arrowstyle": "|-|,widthA=0.18,widthB=0.18",
            "color": style.GENERATED,
            "lw": 1.2,
            "shrinkA": 0,
            "shrinkB": 0,
        },
    )
    text = rf"$\mu = {mu:.2f}$" + "\n" + rf"$hw = {hw:.2f}$"
    style.note(axes, 0.985, 0.97, text, ha="right", va="top", color=style.INK)


def _standardised_curves(axes: Axes, statistics: xr.Dataset) -> None:
    """Draw all standardised densities, their median, and the normal density."""
    mean, sigma = statistics["mean"].values, np.sqrt(statistics["variance"].values)
    counts, edges = statistics["histogram"].values, statistics["histogram_edges"].values
    grid = np.linspace(-4.5, 4.5, 181)
    curves = []
    for i in np.flatnonzero(sigma > 0):
        scaled = (edges[i] - mean[i]) / sigma[i]
        density = counts[i] / (np.diff(scaled) * max(int(statistics["count"][i]), 1))
        curves.append(_step(grid, scaled, density))
        alpha = max(0.05, min(0.6, 12 / len(mean)))
        axes.plot((scaled[1:] + scaled[:-1]) / 2, density, color=style.DATA, lw=0.5, alpha=alpha)
    if curves:
        median = np.median(curves, axis=0)
        axes.plot(grid, median, color=style.INK, lw=1.3, label="median")
    normal = np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi)
    axes.plot(grid, normal, color=style.GENERATED, lw=1.3, ls=(0, (4, 2)), label="normal")
    axes.set_xlim(-4.5, 4.5)
    axes.set_ylim(bottom=0)
    style.dress(
        axes,
        x=r"$(z_i - \mathrm{mean}_i)\,/\,\sigma_i$",
        y="density",
        title="Standardised",
    )
    style.legend(axes, loc="upper left", handlelength=1.6, borderaxespad=0.2)


def _relative_heights(statistics: xr.Dataset) -> tuple[Floats, Floats]:
    """Distributions (component, bin) divided by their maxima, and their edges."""
    counts = statistics["histogram"].values.astype(np.float64)
    return counts / np.maximum(counts.max(axis=1, keepdims=True), 1), statistics[
        "histogram_edges"
    ].values


def _range(edges: Floats, height: Floats) -> tuple[float, float]:
    """Range of z in which some distribution is above a hundredth of its maximum."""
    high = height >= 0.01
    if not high.any():
        return -1.0, 1.0
    lowest, highest = float(edges[:, :-1][high].min()), float(edges[:, 1:][high].max())
    return min(lowest, 0.0), max(highest, 0.0) or 1.0


def _step(grid: Floats, edges: Floats, height: Floats) -> Floats:
    """Step function of a histogram at the points of a grid, 0 outside the edges."""
    position = np.searchsorted(edges, grid, side="right") - 1
    inside = (position >= 0) & (position < height.size)
    return np.where(inside, height[np.clip(position, 0, height.size - 1)], 0.0)
