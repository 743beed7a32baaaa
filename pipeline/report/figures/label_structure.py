"""Figures of the structure by label: probes, clusters, angles between attribute directions."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from zpoints.pipeline.report.elements import style
from zpoints.pipeline.report.elements.text import tick_label

Floats = NDArray[np.float64]

ROW = 0.165  # inches per attribute
CELL = 1.12  # inches per row of clusters
SHOWN_CLUSTERS = 24
ENRICHED = 5  # attributes shown per cluster, at most


def probes(structure: xr.Dataset) -> Figure:
    """Draw the scores of probes and clusters for each attribute, the largest gain first.

    Parameters
    ----------
    structure
        The `structure` group: `probe_accuracy`, `probe_majority`, `probe_roc_auc`,
        `cluster_roc_auc` (attribute); attributes without a probe are left out.
    """
    gain = (structure["probe_accuracy"] - structure["probe_majority"]).values
    order = np.argsort(-gain)[: np.count_nonzero(np.isfinite(gain))]
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


def clusters(structure: xr.Dataset, centres: NDArray[np.uint8]) -> Figure:
    """Draw each cluster: its decoded centre, its size, its most enriched attributes.

    Parameters
    ----------
    structure
        The `structure` group: `cluster_count` and, if there are attributes, their rates and
        shares.
    centres
        uint8 (cluster, y, x, channel), decoded centres.
    """
    count = structure["cluster_count"].values
    shown = min(len(count), SHOWN_CLUSTERS)
    lines = -(-shown // 2)
    figure = style.new_figure(CELL * lines + 0.1, layout=None)
    height, width = (round(inches * style.DPI) for inches in figure.get_size_inches()[::-1])
    for cluster in range(shown):
        row, column = divmod(cluster, 2)
        top, x = height - round((CELL * row + 0.2) * style.DPI), column * width // 2
        face = _thumbnail(centres[cluster])
        figure.figimage(face, xo=x + 8, yo=top - len(face), origin="upper")
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


def angles(structure: xr.Dataset) -> Figure:
    """Draw the angles between attribute directions: original above, whitened below the diagonal.

    A hierarchical clustering of the original directions (average linkage) orders the attributes,
    so that those with similar directions are neighbours.

    Parameters
    ----------
    structure
        The `structure` group: `direction_angle`, `whitened_direction_angle`.
    """
    names, original, whitened = _ordered_angles(structure)
    matrix = np.where(np.triu(np.ones_like(original, dtype=bool), 1), original, whitened)
    np.fill_diagonal(matrix, np.nan)
    figure = style.new_figure(1.5 + 0.132 * max(len(names), 8))
    axes = figure.subplots()
    axes.set_facecolor(style.FAINT)
    picture = axes.imshow(matrix, cmap="RdBu", vmin=30, vmax=150, interpolation="none")
    ticks = np.arange(len(names))
    axes.set_xticks(ticks, [tick_label(name) for name in names], rotation=90)
    axes.set_yticks(ticks, [tick_label(name) for name in names])
    style.dress(axes, frame=True)
    axes.tick_params(labelsize=6.2, length=0)
    bar = figure.colorbar(picture, ax=axes, fraction=0.03, pad=0.02, extend="both")
    bar.set_ticks([30, 60, 90, 120, 150])
    bar.ax.tick_params(labelsize=style.TICK, color=style.MUTED, length=2)
    bar.outline.set_linewidth(0.6)
    bar.set_label("angle in degrees", fontsize=style.LABEL, color=style.INK)
    return figure


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


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image in colour, at most 128 pixels high; pixels are repeated or left out."""
    factor, step = max(1, 128 // len(image)), -(-len(image) // 128)
    enlarged = image[::step, ::step].repeat(factor, axis=0).repeat(factor, axis=1)
    return np.broadcast_to(enlarged, (*enlarged.shape[:2], 3))
