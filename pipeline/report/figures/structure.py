"""Figures of the whole cloud of z-points: radii, correlations, explained variance."""

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.shape.expected_radii import uniform_radius
from zpoints.pipeline.report.elements import style

Floats = NDArray[np.float64]


def radii(
    statistics: xr.Dataset, generated: Mapping[str, Floats], *, limits: tuple[float, ...]
) -> Figure:
    """Draw the radius distribution of the data beside those of uniform vectors.

    Parameters
    ----------
    statistics
        The `statistics` group: `radius_histogram`, `radius_edges`, `radius_mean`.
    generated
        For each generator the radii (sample) of its vectors.
    limits
        The limits b of the uniform vectors.
    """
    rows = len(generated) + 1
    figure = style.new_figure(2.7 + 0.19 * rows)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.5, 0.19 * rows + 0.1))
    counts, edges = statistics["radius_histogram"].values, statistics["radius_edges"].values
    _data_radii(upper, counts, edges)
    components = statistics.sizes["component"]
    # Radii scale with b, so one draw serves every limit.
    unit = np.random.default_rng(0).uniform(-1, 1, (16384, components))
    unit_radii = np.linalg.norm(unit, axis=1)
    for b in limits:
        _uniform_peak(upper, b, b * unit_radii, components, labelled=b == limits[0])
    upper.set_xscale("log")
    _name_peaks(upper, limits, components)
    upper.set_ylim(0, 1.3)
    upper.set_yticks((0, 0.5, 1))
    style.legend(upper, loc="lower left", bbox_to_anchor=(0, 1), ncols=3, borderaxespad=0.2)
    upper.tick_params(labelbottom=False)
    style.dress(upper, y="relative frequency")

    _ranges(lower, _quantiles(counts, edges), generated)
    lower.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    lower.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    lower.xaxis.set_minor_formatter(NullFormatter())
    style.dress(lower, x=r"radius  $r = |z|$")
    return figure


def correlation(statistics: xr.Dataset, order: NDArray[np.int64]) -> Figure:
    """Draw the correlation matrix of all components and of the leading ones.

    Parameters
    ----------
    statistics
        The `statistics` group: `correlation` (component, other).
    order
        (component) indices, the most dominant first.
    """
    matrix = statistics["correlation"].values[np.ix_(order, order)]
    figure = style.new_figure(3.4)
    left, right = figure.subplots(1, 2)
    away = np.abs(matrix[np.triu_indices(len(order), 1)])
    away = away[np.isfinite(away)]
    limit = max(0.1, float(np.quantile(away, 0.999)) if away.size else 1.0)
    leading = min(20, len(order))
    options = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit, "interpolation": "none"}
    extent = (0.5, len(order) + 0.5, len(order) + 0.5, 0.5)
    picture = left.imshow(matrix, extent=extent, **options)
    right.imshow(matrix[:leading, :leading], **options)
    for axes in (left, right):
        axes.set_facecolor(style.FAINT)
    style.dress(
        left, x="rank of component", y="rank of component", title="All components", frame=True
    )
    style.dress(
        right, x="component", y="component", title=f"The {leading} most dominant", frame=True
    )
    ticks = np.arange(leading)
    right.set_xticks(ticks, [str(index) for index in order[:leading]], rotation=90)
    right.set_yticks(ticks, [str(index) for index in order[:leading]])
    right.tick_params(labelsize=6, length=0)
    bar = figure.colorbar(picture, ax=(left, right), fraction=0.022, pad=0.015, extend="both")
    bar.ax.tick_params(labelsize=style.TICK, color=style.MUTED, length=2)
    bar.outline.set_linewidth(0.6)
    bar.set_label(r"correlation  $\rho_{ij}$", fontsize=style.LABEL, color=style.INK)
    return figure


def explained_variance(statistics: xr.Dataset) -> Figure:
    """Draw the scree of the principal components and the cumulative share of variance.

    Parameters
    ----------
    statistics
        The `statistics` group: `mean`, `loadings`, `explained_variance`,
        `explained_variance_ratio`.
    """
    basis = Basis.from_statistics(statistics)
    variance = basis.explained_variance
    share = np.cumsum(statistics["explained_variance_ratio"].values)
    number = np.arange(1, len(variance) + 1)
    figure = style.new_figure(2.7)
    left, right = figure.subplots(1, 2)
    dot = {"marker": "o", "markersize": 1.8 if len(number) > 40 else 3.5, "lw": 0.8}
    shown = basis.varying
    left.plot(number[shown], variance[shown], color=style.DATA, **dot)
    left.set_yscale("log")
    style.dress(left, x="principal component $k$", y=r"variance  $\lambda_k$", title="Scree")
    right.plot(number, 100 * share, color=style.DATA, **dot)
    remarks = []
    for level in (0.5, 0.9, 0.95, 0.99):
        needed = min(int(np.searchsorted(share, level - 1e-12)) + 1, len(number))
        right.plot(needed, 100 * share[needed - 1], "o", color=style.GENERATED, markersize=4)
        remarks.append(f"{level:.0%}:  $K$ = {needed}")
    style.note(right, 0.97, 0.05, "\n".join(remarks), size=style.LABEL, ha="right", color=style.INK)
    right.set_ylim(0, 104)
    right.set_xlim(left=0)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    style.dress(
        right, x="principal components $K$", y="variance explained  [%]", title="Cumulative"
    )
    return figure


def _data_radii(axes: Axes, counts: NDArray[np.int64], edges: Floats) -> None:
    """Draw the measured radii as a density over the logarithm, scaled to maximum 1."""
    filled = np.flatnonzero((counts > 0) & (edges[:-1] > 0))
    if filled.size:
        first, last = filled[0], filled[-1]
        outline = edges[first : last + 2]
        density = counts[first : last + 1] / np.diff(np.log(outline))
        density /= density.max()
        axes.stairs(density, outline, fill=True, color=style.DATA, alpha=0.3)
        axes.stairs(density, outline, color=style.DATA, lw=0.8, label="data")


def _uniform_peak(axes: Axes, b: float, values: Floats, components: int, *, labelled: bool) -> None:
    counts, edges = np.histogram(np.log(values), 40)
    label = "uniform in $[-b, b]$" if labelled else None
    axes.stairs(counts / counts.max(), np.exp(edges), color=style.GENERATED, lw=0.9, label=label)
    mean, deviation = uniform_radius(b, components)
    label = "expected mean and standard deviation" if labelled else None
    axes.plot((mean, mean), (0, 1.03), color=style.INK, lw=0.7, ls=(0, (3, 2)), label=label)
    axes.plot((mean - deviation, mean + deviation), (0.5, 0.5), color=style.INK, lw=0.9)


def _name_peaks(axes: Axes, limits: tuple[float, ...], components: int) -> None:
    """Write each b above its peak, on a second line where it would touch its neighbour."""
    low, high = axes.get_xlim()
    last, raised = 0.0, True
    for b in sorted(limits):
        mean, _ = uniform_radius(b, components)
        close = last > 0 and np.log(mean / last) < 0.075 * np.log(high / low)
        last, raised = mean, close and not raised
        y = 1.17 if raised else 1.06
        axes.text(mean, y, f"$b$ = {b:g}", fontsize=style.TICK, color=style.INK, ha="center")


def _quantiles(counts: NDArray[np.int64], edges: Floats) -> Floats:
    """Return the 5 %, 50 % and 95 % points of a histogram."""
    cumulative = np.concatenate([[0], np.cumsum(counts)]) / max(counts.sum(), 1)
    return np.interp((0.05, 0.5, 0.95), cumulative, edges)


def _ranges(axes: Axes, measured: Floats, generated: Mapping[str, Floats]) -> None:
    """Draw the 5 % to 95 % range and the median, one row each."""
    rows = [("data", style.DATA, measured)] + [
        (name, style.series(index), np.quantile(values, (0.05, 0.5, 0.95)))
        for index, (name, values) in enumerate(generated.items())
    ]
    for row, (_, colour, (low, middle, high)) in enumerate(rows):
        axes.plot((low, high), (row, row), color=colour, lw=3, solid_capstyle="butt", alpha=0.55)
        axes.plot(middle, row, "o", color=colour, markersize=3.5)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
