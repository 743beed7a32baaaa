"""All components against the bounds of claims 1 to 8; the answers to the source's questions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from zpoints.pipeline.claims.answers import Answer, Answers
from zpoints.pipeline.claims.components import COMPONENTS, COUNTS, LIMIT, source_scale
from zpoints.pipeline.claims.normality import DISTANCE, KURTOSIS, SKEWNESS, normality
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import described, group

Floats = NDArray[np.float64]

_BOUND: dict[str, Any] = {"color": style.GENERATED, "lw": 0.9, "ls": (0, (4, 2))}


def claims(statistics: Any) -> Figure:
    """Draw the quantities of claims 1 to 8, sorted, with the bounds of the claims.

    The mark of a claim is at its bound and the number of components that may reach it: the claim
    holds where the curve passes below the mark, or through it. Grey: mu and hw rescaled to the
    source's radius, which claims 4 to 8 are judged by too.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.

    Raises
    ------
    FigureError
        If `statistics` is something else.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.claims(store)  # doctest: +SKIP
    """
    needs = ("mu", "hw", "minimum", "maximum", "grid_counts", "radius_histogram")
    statistics = group(statistics, "statistics", needs)
    figure = style.new_figure(4.6)
    (shapes, distances, peaks), (mu_axes, hw_axes, ranges) = figure.subplots(2, 3)
    mu, hw = np.abs(statistics["mu"].values), statistics["hw"].values
    shape, total = normality(statistics), len(mu)
    _shapes(shapes, shape.skewness, shape.kurtosis)
    _sorted(distances, shape.distance, [(total / 2, DISTANCE)])
    style.dress(distances, y="Kolmogorov distance", title="1  distance from normal")
    with np.errstate(divide="ignore", invalid="ignore"):
        _sorted(peaks, np.where(hw > 0, 2 * mu / hw, np.nan), [(0.1 * total, 1.0)])
    style.dress(peaks, y=r"$2\,|\mu_i|\,/\,hw_i$", title="2  distance from zero")
    for axes, name, values, symbol, title in (
        (mu_axes, "mu", mu, r"$|\mu_i|$", "4, 5  position of the peak"),
        (hw_axes, "hw", hw, "$hw_i$", "6, 7, 8  width of the peak"),
    ):
        marks = [(most * total / COMPONENTS, least) for _, of, least, most in COUNTS if of == name]
        _sorted(axes, values, marks)
        _rescaled(axes, values * source_scale(statistics))
        style.dress(axes, x="component, sorted", y=f"{symbol}  {style.UNIT}", title=title)
    _ranges(ranges, statistics["minimum"].values, statistics["maximum"].values)
    return figure


def _shapes(axes: Axes, skewness: Floats, kurtosis: Floats) -> None:
    axes.plot(skewness, kurtosis, "o", color=style.DATA, markersize=2.2, alpha=0.6, mew=0)
    x, y = SKEWNESS, KURTOSIS
    axes.plot((-x, x, x, -x, -x), (-y, -y, y, y, -y), **_BOUND)
    style.dress(axes, x="skewness", y="excess kurtosis", title="1  shape")


def _sorted(axes: Axes, values: Floats, marks: Sequence[tuple[float, float]]) -> None:
    """Draw values in descending order against their rank, and the marks (rank, value)."""
    ordered = np.sort(values[np.isfinite(values)])[::-1]
    axes.plot(np.arange(1, len(ordered) + 1), ordered, color=style.DATA, lw=1.3)
    for rank, value in marks:
        axes.plot((0, rank), (value, value), **_BOUND)
        axes.plot(rank, value, "o", color=style.GENERATED, markersize=4)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))


def _rescaled(axes: Axes, values: Floats) -> None:
    """Draw values that do not depend on scale, and name both curves."""
    ordered = np.sort(values[np.isfinite(values)])[::-1]
    if not ordered.size:
        return
    axes.plot(np.arange(1, len(ordered) + 1), ordered, color=style.MUTED, lw=0.9, label="rescaled")
    axes.get_lines()[0].set_label("latent units")
    axes.set_ylim(0, max(axes.get_ylim()[1], 1.05 * ordered[0]))
    style.legend(axes, loc="upper right")


def _ranges(axes: Axes, low: Floats, high: Floats) -> None:
    """Draw the range of each component, sorted by its width, and the limits of claim 3."""
    order = np.argsort(low - high, kind="stable")
    rank = np.arange(1, len(order) + 1)
    axes.fill_between(rank, low[order], high[order], color=style.DATA, alpha=0.35, step="mid", lw=0)
    for limit in (-LIMIT, LIMIT):
        axes.axhline(limit, **_BOUND)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    style.dress(axes, x="component, sorted", y=f"$z_i$  {style.UNIT}", title="3  range")


def answers(data: Any) -> Figure:
    """Draw what answers the questions of the source, against normal vectors and PCA ellipses.

    Left: Mahalanobis radii of the z-points and of vectors all of whose pairs are in ellipses.
    Middle: correlations of squared whitened coordinates over the squared radius. Right: tightness
    of k-means clusters. Only questions that are decided have a panel.

    Parameters
    ----------
    data
        A store, the latent space of arrays, or the `answers` of either.

    Raises
    ------
    FigureError
        If `data` is something else, or no question is decided.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.answers(store)  # doctest: +SKIP
    """
    found = data if isinstance(data, Answers) else getattr(data, "answers", None)
    if not isinstance(found, Answers):
        raise FigureError(f"Got {described(data)}; expected a store, or store.answers.")
    decided = [answer for answer in found if answer.values]
    if not decided:
        raise FigureError(f"Got answers of which none is decided. {found[0].answer}")
    figure = style.new_figure(2.7)
    draw = {"ellipses": _ellipses, "micro-correlations": _correlations, "clusters": _clusters}
    panels = figure.subplots(1, len(draw))
    for axes, answer in zip(panels, decided, strict=False):
        draw[answer.topic](axes, answer)
    for axes in panels[len(decided) :]:
        axes.remove()
    return figure


def _ellipses(axes: Axes, answer: Answer) -> None:
    found = answer.evidence
    if "histogram" in found:
        counts, edges = found["histogram"], np.asarray(found["edges"])
        density = counts / max(counts.sum(), 1) / np.diff(edges)
        axes.stairs(density, edges, fill=True, color=style.DATA, alpha=0.35, label="z-points")
    else:
        axes.axvline(answer.values["data"], color=style.DATA, lw=1.3, label="z-points")
    for name, colour, label in (
        ("pca", style.ACCENT, "PCA ellipses"),
        ("original", style.GENERATED, "original ellipses"),
    ):
        counts, edges = np.histogram(found[name], 20, density=True)
        axes.stairs(counts, edges, color=colour, lw=1.1, label=label)
    axes.set_ylim(0, 1.45 * axes.get_ylim()[1])
    axes.set_xlim(left=0)
    axes.set_yticks([])
    style.legend(axes, loc="upper left", borderaxespad=0.2)
    style.dress(axes, x="Mahalanobis radius", y="density", title="ellipses")


def _correlations(axes: Axes, answer: Answer) -> None:
    found = answer.evidence
    edges, counts = found["edges"], found["histogram"]
    normal = found["normal_histogram"].mean(axis=0)
    axes.stairs(counts / counts.sum(), edges, fill=True, color=style.DATA, alpha=0.35, label="data")
    axes.stairs(normal / normal.sum(), edges, color=style.INK, lw=1.0, label="normal")
    axes.set_ylim(0, 1.3 * axes.get_ylim()[1])
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
    style.legend(axes, loc="upper left", borderaxespad=0.2)
    x = r"correlation of $(w_i / |w|)^2$ and $(w_j / |w|)^2$"
    style.dress(axes, x=x, y="share of the pairs", title="micro-correlations")


def _clusters(axes: Axes, answer: Answer) -> None:
    for row, name in enumerate(("inertia", "silhouette")):
        normal = answer.evidence[name]
        label = "normal" if row == 0 else None
        axes.plot(normal, np.full(len(normal), row + 0.12), "|", color=style.INK, ms=9, label=label)
        axes.plot(answer.values[name], row - 0.12, "o", color=style.DATA, ms=5,
                  label="data" if row == 0 else None)  # fmt: skip
    axes.set_yticks([0, 1], ["deviations\nwithin", "silhouette"])
    axes.set_ylim(1.6, -0.9)
    axes.set_xlim(min(-0.05, 1.1 * answer.values["silhouette"]), 1.05)
    style.legend(axes, loc="upper left", ncols=2, borderaxespad=0.2)
    style.dress(axes, x="share, mean silhouette", title="clusters")
