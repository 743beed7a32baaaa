"""Figures by label: categories, numbers, probes, clusters, angles between directions."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.image_grids import thumbnail
from zpoints.pipeline.figures.inputs import group, pixels
from zpoints.pipeline.figures.style import tick_label
from zpoints.storage.labels.columns import DAYS

Floats = NDArray[np.float64]

ROW = 0.165  # inches per attribute
CELL = 1.12  # inches per row of clusters
SHOWN_CLUSTERS = 24
ENRICHED = 5  # attributes shown per cluster, at most
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


def probes(structure: Any) -> Figure:
    """Draw the scores of probes and clusters for each attribute, the largest gain first.

    Parameters
    ----------
    structure
        The `structure` group, or a store; attributes without a probe are left out.

    Raises
    ------
    FigureError
        If `structure` is something else, or has no probe.
    """
    needs = ("attribute", "probe_accuracy", "probe_majority", "probe_roc_auc", "cluster_roc_auc")
    structure = group(structure, "structure", needs)
    gain = (structure["probe_accuracy"] - structure["probe_majority"]).values
    order = np.argsort(-gain)[: np.count_nonzero(np.isfinite(gain))]
    if not len(order):
        raise FigureError(
            "No attribute has a probe: each is constant in the training or the test split. Add "
            "labels that differ, then run `zpoints run`."
        )
    shown = structure.isel(attribute=order)
    rows = np.arange(len(order))
    figure = style.new_figure(1.1 + ROW * max(4, len(order)))
    left, right = figure.subplots(1, 2, sharey=True)
    majority, accuracy = shown["probe_majority"].values, shown["probe_accuracy"].values
    left.hlines(rows, majority, accuracy, color=style.DATA, lw=2.2, alpha=0.35)
    left.plot(majority, rows, "|", color=style.INK, markersize=6, label="majority")
    left.plot(accuracy, rows, "o", color=style.DATA, markersize=3.5, label="linear probe")
    right.axvline(0.5, color=style.FAINT, lw=0.8)
    clusters = shown["cluster_roc_auc"].values
    right.plot(clusters, rows, "D", color=style.GENERATED, markersize=3.2, label="cluster")
    probe = shown["probe_roc_auc"].values
    right.plot(probe, rows, "o", color=style.DATA, markersize=3.5, label="linear probe")
    left.set_yticks(rows, [tick_label(name) for name in shown["attribute"].values])
    lowest = np.nanmin([*clusters, *probe], initial=1.0)
    right.set_xlim(min(0.45, float(lowest) - 0.03), 1.01)
    left.set_ylim(len(order) - 0.4, -0.6)
    for axes, name in ((left, "accuracy"), (right, "area under the ROC curve")):
        style.dress(axes, x=name)
        axes.grid(axis="y", color=style.FAINT, lw=0.4)
        axes.set_axisbelow(True)
        style.legend(axes, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, borderaxespad=0.2)
    left.tick_params(axis="y", length=0)
    right.tick_params(axis="y", length=0)
    return figure


def clusters(structure: Any, centres: Any = None) -> Figure:
    """Draw each cluster: its decoded centre, its size, its most enriched attributes.

    Bars: share of an attribute in the cluster; marks: its share among all vectors.

    Parameters
    ----------
    structure
        The `structure` group, or a store.
    centres
        The decoded centres, images (cluster, y, x, channel); by default those that the store
        decodes.

    Raises
    ------
    FigureError
        If `structure` is something else, or there is no image for each centre.
    """
    if centres is None and hasattr(structure, "decode"):
        stored = group(structure, "structure", ["cluster_centre"])
        centres = structure.decode(stored["cluster_centre"].values.astype(np.float32))
    structure = group(structure, "structure", ["cluster_count"])
    if centres is None:
        raise FigureError(
            "The decoded centres are missing. Pass the store, or "
            "centres=store.decode(store.structure.cluster_centre)."
        )
    centres = pixels(centres)
    count = structure["cluster_count"].values
    if len(centres) != len(count):
        raise FigureError(f"Got {len(centres)} centres of {len(count)} clusters; expected equal.")
    shown = min(len(count), SHOWN_CLUSTERS)
    lines = -(-shown // 2)
    figure = style.new_figure(CELL * lines + 0.1, layout=None)
    height, width = (round(inches * style.DPI) for inches in figure.get_size_inches()[::-1])
    for cluster in range(shown):
        row, column = divmod(cluster, 2)
        top, x = height - round((CELL * row + 0.2) * style.DPI), column * width // 2
        _picture(figure, thumbnail(centres[cluster]), x + 8, top)
        figure.text(
            (x + 8) / width, (top + 3) / height,
            f"{cluster + 1}: {count[cluster]:,} ({count[cluster] / count.sum():.1%})",
            fontsize=style.NOTE, color=style.INK, va="bottom",
        )  # fmt: skip
        if "attribute" in structure.coords:
            bottom = top - round(0.88 * style.DPI)
            axes = figure.add_axes(
                ((x + 290) / width, bottom / height, 175 / width, (top - bottom) / height)
            )
            _enriched(axes, structure.isel(cluster=cluster))
    return figure


def enriched(share: Floats, rate: Floats) -> NDArray[np.int64]:
    """The attributes whose share in a cluster exceeds that of all vectors most.

    Parameters
    ----------
    share, rate
        (attribute) float64, share with each attribute in the cluster and among all vectors.

    Returns
    -------
    numpy.ndarray
        int64, at most five positions, ordered by (share - rate) / sqrt(rate (1 - rate)).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (share - rate) / np.sqrt(rate * (1 - rate))
    order = np.argsort(-np.nan_to_num(excess, nan=-np.inf), kind="stable")
    return order[: min(ENRICHED, np.count_nonzero(excess > 0))]


def angles(structure: Any, *, ax: Axes | None = None) -> style.Drawn:
    """Draw the angles between attribute directions: original above, whitened below the diagonal.

    A hierarchical clustering of the original directions (average linkage) orders the attributes,
    so that those with similar directions are neighbours.

    Parameters
    ----------
    structure
        The `structure` group, or a store.
    ax
        Axes to draw in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If `structure` is something else, or no attribute has a direction.
    """
    needs = ("attribute", "direction_angle", "whitened_direction_angle")
    structure = group(structure, "structure", needs)
    names, original, whitened = _ordered_angles(structure)
    if not names:
        raise FigureError(
            "No attribute has a direction: expected one that some vectors have and others lack."
        )
    matrix = np.where(np.triu(np.ones_like(original, dtype=bool), 1), original, whitened)
    np.fill_diagonal(matrix, np.nan)
    axes = style.panel(ax, width=style.WIDTH, height=1.5 + 0.132 * max(len(names), 8))
    picture = axes.imshow(
        matrix, cmap="RdBu", vmin=30, vmax=150, interpolation="none", origin="upper"
    )
    ticks = np.arange(len(names))
    axes.set_xticks(ticks, [tick_label(name) for name in names], rotation=90)
    axes.set_yticks(ticks, [tick_label(name) for name in names])
    style.dress(axes, frame=True)
    axes.set_facecolor(style.FAINT)
    axes.tick_params(labelsize=6.2, length=0)
    label = "angle  [degrees]"
    bar = style.colour_bar(picture, axes, label, fraction=0.03, extend="both")
    bar.set_ticks([30, 60, 90, 120, 150])
    return style.drawn(axes, ax)


def _ordered_angles(structure: xr.Dataset) -> tuple[list[str], Floats, Floats]:
    """Names and both matrices of the attributes with a direction, similar ones together."""
    original = structure["direction_angle"].values
    defined = np.flatnonzero(np.isfinite(np.diagonal(original)))
    order = defined
    if len(defined) > 2:
        distances = original[np.ix_(defined, defined)].copy()
        np.fill_diagonal(distances, 0.0)
        tree = linkage(squareform(distances, checks=False), "average", optimal_ordering=True)
        order = defined[leaves_list(tree)]
    chosen = np.ix_(order, order)
    names = [str(name) for name in structure["attribute"].values[order]]
    return names, original[chosen], structure["whitened_direction_angle"].values[chosen]


def _enriched(axes: Axes, cluster: xr.Dataset) -> None:
    """Draw bars of the share of each enriched attribute, and marks of its share in all vectors."""
    share, rate = cluster["cluster_attribute_share"].values, cluster["attribute_rate"].values
    chosen = enriched(share, rate)
    rows = np.arange(len(chosen))
    axes.barh(rows, share[chosen], height=0.72, color=style.DATA, alpha=0.45)
    axes.plot(rate[chosen], rows, "|", color=style.INK, markersize=6)
    for row, attribute in enumerate(chosen):
        axes.text(
            1.02, row, f"{share[attribute]:.0%}", fontsize=6, color=style.INK, va="center",
        )  # fmt: skip
    axes.set_yticks(rows, [tick_label(name) for name in cluster["attribute"].values[chosen]])
    axes.set_xlim(0, 1)
    axes.set_ylim(ENRICHED - 0.5, -0.5)
    style.dress(axes)
    axes.tick_params(axis="y", labelsize=6.2, length=0)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    for side in ("bottom", "right", "top"):
        axes.spines[side].set_visible(False)


def _picture(figure: Figure, image: NDArray[np.uint8], left: int, top: int) -> None:
    """Draw an image pixel for pixel, its upper left corner at pixels from the lower left."""
    height, width = (round(inches * style.DPI) for inches in figure.get_size_inches()[::-1])
    rows, columns, _ = image.shape
    place = (left / width, (top - rows) / height, columns / width, rows / height)
    axes = figure.add_axes(place, label="centre")
    axes.imshow(image, aspect="auto", origin="upper", interpolation="auto")
    axes.set_axis_off()
