"""Distributions of the L2 length of z-points and of their Mahalanobis radius."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray
from scipy.stats import chi

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.shape.expected_radii import uniform_radius
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group, mapping, vectors

Floats = NDArray[np.float64]


LIMITS = (12.0, 3.0, 2.0, 1.5, 1.0)
"""Limits b of the uniform vectors that `radii` draws by default."""


def radii(
    statistics: Any,
    generated: Mapping[str, Any] | None = None,
    *,
    limits: Sequence[float] = LIMITS,
) -> Figure:
    """Draw the distribution of the L2 length of z, those of uniform vectors, and ranges of others.

    Dashed lines and bars: the expected mean and standard deviation of uniform vectors. Below: the
    range from 5 to 95 % and the median.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    generated
        For each name the vectors to compare, a dataset with `z` or an array (sample, component),
        e.g. ``{"ellipse": store.samples("ellipse")}``.
    limits
        Limits b of the vectors with components uniform in [-b, b], each above 0.

    Raises
    ------
    FigureError
        If `statistics` is something else, a limit is not above 0, or vectors have another number
        of components.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.radii(store)  # doctest: +SKIP
    """
    statistics = group(statistics, "statistics", ("radius_histogram", "radius_edges", "mean"))
    components = statistics.sizes["component"]
    expected = "a mapping of names to vectors, e.g. {'ellipse': store.samples('ellipse')}"
    lengths = {
        name: _lengths(z, components)
        for name, z in (mapping(generated, expected) if generated else {}).items()
    }
    if not all(np.isfinite(b) and b > 0 for b in limits):
        raise FigureError(f"Got limits {tuple(limits)}; expected numbers above 0, e.g. (3, 1).")
    return _radii(statistics["radius_histogram"].values, statistics["radius_edges"].values,
                  components, lengths, tuple(limits))  # fmt: skip


def _lengths(z: Any, components: int) -> Floats:
    """L2 length (vector) of vectors with that number of components."""
    values, _ = vectors(z)
    if values.shape[1] != components:
        raise FigureError(
            f"The vectors have {values.shape[1]} components and the statistics {components}; "
            "expected vectors of the same latent space."
        )
    return np.linalg.norm(values, axis=1)


def _radii(
    counts: NDArray[np.int64],
    edges: Floats,
    components: int,
    generated: Mapping[str, Floats],
    limits: tuple[float, ...],
) -> Figure:
    rows = len(generated) + 1
    figure = style.new_figure(2.7 + 0.19 * rows)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(2.5, 0.19 * rows + 0.1))
    _data_radii(upper, counts, edges)
    # Radii are proportional to b, so one draw serves every limit.
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
    style.dress(lower, x=f"radius  $r = |z|$  {style.UNIT}")
    return figure


def mahalanobis(statistics: Any, *, ax: Axes | None = None) -> style.Drawn:
    """Draw the density of the Mahalanobis radius, the core, and the density of chi.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    ax
        Axes to draw in.

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
    >>> zp.pl.mahalanobis(store)  # doctest: +SKIP
    """
    needs = ("mahalanobis_histogram", "mahalanobis_edges", "core_radius", "loadings")
    statistics = group(statistics, "statistics", needs)
    counts, edges = (statistics[f"mahalanobis_{name}"].values for name in ("histogram", "edges"))
    varying = Basis.from_statistics(statistics).rank
    axes = style.panel(ax, width=style.WIDTH, height=2.3)
    density = counts / max(counts.sum(), 1) / np.diff(edges)
    axes.stairs(density, edges, fill=True, color=style.DATA, alpha=0.35, label="z-points")
    # A radius is never negative, whatever the intervals are.
    radius = np.linspace(max(edges[0], 0.0), edges[-1], 600)
    label = rf"chi distribution, {varying} components"
    axes.plot(radius, chi.pdf(radius, varying), color=style.INK, lw=1.0, label=label)
    axes.axvspan(
        radius[0], float(statistics["core_radius"]), color=style.FAINT, alpha=0.5, lw=0, zorder=0
    )
    axes.set_xlim(radius[0], radius[-1])
    axes.set_ylim(0, None)
    style.legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    style.dress(axes, x="Mahalanobis radius  [standard deviations]", y="density")
    return style.drawn(axes, ax)


def _data_radii(axes: Axes, counts: NDArray[np.int64], edges: Floats) -> None:
    """Draw the measured radii as a density over their logarithm, scaled to maximum 1."""
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
    """Write each b above its peak, raised where it would overlap its neighbour."""
    low, high = axes.get_xlim()
    last, raised = 0.0, True
    for b in sorted(limits):
        mean, _ = uniform_radius(b, components)
        close = last > 0 and np.log(mean / last) < 0.075 * np.log(high / low)
        last, raised = mean, close and not raised
        y = 1.17 if raised else 1.06
        axes.text(mean, y, f"$b$ = {b:g}", fontsize=style.TICK, color=style.INK, ha="center")


def _quantiles(counts: NDArray[np.int64], edges: Floats) -> Floats:
    """The 5 %, 50 % and 95 % quantiles of a histogram."""
    cumulative = np.concatenate([[0], np.cumsum(counts)]) / max(counts.sum(), 1)
    return np.interp((0.05, 0.5, 0.95), cumulative, edges)


def _ranges(axes: Axes, measured: Floats, generated: Mapping[str, Floats]) -> None:
    """Draw the range from 5 % to 95 % and the median, a row for the data and each generator."""
    rows = [("data", style.DATA, measured)] + [
        (name, style.series(index), np.quantile(values, (0.05, 0.5, 0.95)))
        for index, (name, values) in enumerate(generated.items())
    ]
    for row, (_, colour, (low, middle, high)) in enumerate(rows):
        axes.plot((low, high), (row, row), color=colour, lw=3, solid_capstyle="butt", alpha=0.55)
        axes.plot(middle, row, "o", color=colour, markersize=3.5)
    axes.set_yticks(range(len(rows)), [style.plain_label(str(name)) for name, _, _ in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
