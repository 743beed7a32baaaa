"""Figures of number distributions, component by component."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.report.elements import style

Floats = NDArray[np.float64]


def spectrum(statistics: xr.Dataset) -> Figure:
    """Draw the number distributions of all components as a heat map and as curves.

    Left: a row per component, sorted by mu, on a common axis z. Right: a curve per component, the
    density of (z - mean) / (standard deviation).

    Parameters
    ----------
    statistics
        The `statistics` group: `count`, `histogram`, `histogram_edges`, `mu`, `mean`,
        `variance`.
    """
    height, edges = _relative_heights(statistics)
    mu = statistics["mu"].values
    figure = style.new_figure(3.9)
    left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))

    low, high = _range(edges, height)
    grid = np.linspace(low, high, 601)
    order = np.argsort(mu, kind="stable")
    rows = np.stack([_step(grid, edges[i], height[i]) for i in order])
    picture = left.imshow(
        rows,
        cmap=style.SEQUENTIAL,
        norm=PowerNorm(0.7, 0, 1),
        aspect="auto",
        origin="lower",
        interpolation="none",
        extent=(low, high, 0.5, len(mu) + 0.5),
    )
    left.axvline(0, color=style.MUTED, lw=0.6, ls=(0, (4, 3)))
    left.locator_params(axis="x", nbins=7)  # longer labels would touch
    style.dress(
        left, x="$z_i$", y=r"component, sorted by $\mu_i$", title="On a common axis", frame=True
    )
    bar = figure.colorbar(picture, ax=left, pad=0.02, fraction=0.04, ticks=(0, 0.25, 0.5, 0.75, 1))
    bar.ax.tick_params(labelsize=style.TICK, color=style.MUTED, length=2)
    bar.outline.set_linewidth(0.6)
    bar.outline.set_edgecolor(style.MUTED)
    bar.set_label("count / maximum", fontsize=style.LABEL, color=style.INK)
    _standardised_curves(right, statistics)
    return figure


def number_distributions(
    statistics: xr.Dataset, chosen: NDArray[np.int64], *, prefix: str = "", symbol: str = "z"
) -> Figure:
    """Draw number distributions, a panel each, with mu and hw marked.

    Parameters
    ----------
    statistics
        The `statistics` group: `histogram`, `histogram_edges`, `mu`, `hw`.
    chosen
        (panel) int64, components to draw.
    prefix
        Prefix of the variables: "" for components, "pc_" for principal components.
    symbol
        Symbol of the coordinates; the component's number becomes its subscript.
    """
    names = ("histogram", "histogram_edges", "mu", "hw")
    counts, edges, mu, hw = (statistics[prefix + name].values[chosen] for name in names)
    first, index_name = (1, "k") if prefix else (0, "i")
    labels = [f"${symbol}_{{{i + first}}}$" for i in chosen]
    columns = min(4, len(labels))
    rows = -(-len(labels) // columns)
    figure = style.new_figure(0.35 + 1.45 * rows)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels[len(labels) :]:
        axes.remove()
    for index, label in enumerate(labels):
        axes = panels[index]
        constant = np.ptp(edges[index]) <= 1e-12 * (1 + abs(mu[index]))
        if constant:
            axes.set_xlim(mu[index] - 0.5, mu[index] + 0.5)
            label = f"{label}  constant"
        else:
            axes.stairs(counts[index], edges[index], fill=True, color=style.DATA, alpha=0.3)
            axes.stairs(counts[index], edges[index], color=style.DATA, lw=0.8)
        _mark_peak(axes, counts[index].max(initial=1), mu[index], hw[index])
        last_row = index + columns >= len(labels)
        style.dress(
            axes,
            x=f"${symbol}_{{{index_name}}}$" if last_row else "",
            y="count" if index % columns == 0 else "",
            title=label,
        )
        axes.locator_params(axis="x", nbins=4, steps=(1, 2, 5, 10))
        axes.locator_params(axis="y", nbins=4)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 4), useMathText=True)
        axes.yaxis.get_offset_text().set_fontsize(style.NOTE)
        axes.set_ylim(0, 1.06 * max(counts[index].max(initial=0), 1))
    return figure


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
