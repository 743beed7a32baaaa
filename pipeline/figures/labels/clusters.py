"""Figure of the clusters: centres, sizes, enriched labels."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.image_grids import thumbnail
from zpoints.pipeline.figures.inputs import group, pixels
from zpoints.pipeline.figures.style import tick_label

Floats = NDArray[np.float64]

CELL = 1.12  # inches per row of clusters
SHOWN_CLUSTERS = 24
ENRICHED = 5  # labels shown per cluster, at most


def clusters(structure: Any, centres: Any = None) -> Figure:
    """Draw each cluster: its decoded centre, its size, its most enriched labels.

    Bars: share of an attribute or category in the cluster; marks: its share among all vectors.

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

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.clusters(store)  # doctest: +SKIP
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
        if {"attribute", "category"} & set(structure.coords):
            bottom = top - round(0.88 * style.DPI)
            axes = figure.add_axes(
                ((x + 290) / width, bottom / height, 175 / width, (top - bottom) / height)
            )
            _enriched(axes, structure.isel(cluster=cluster))
    return figure


def enriched(share: Floats, rate: Floats) -> NDArray[np.int64]:
    """The labels whose share in a cluster exceeds that of all vectors most.

    Parameters
    ----------
    share, rate
        (label) float64, share with each attribute or category in the cluster and among all vectors.

    Returns
    -------
    numpy.ndarray
        int64, at most five positions, ordered by (share - rate) / sqrt(rate (1 - rate)).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (share - rate) / np.sqrt(rate * (1 - rate))
    order = np.argsort(-np.nan_to_num(excess, nan=-np.inf), kind="stable")
    return order[: min(ENRICHED, np.count_nonzero(excess > 0))]


def enriched_labels(cluster: xr.Dataset) -> list[tuple[str, float, float]]:
    """Names of the enriched attributes and categories of a cluster, with their shares and rates.

    Parameters
    ----------
    cluster
        One cluster of the `structure` group.
    """
    names, shares, rates = [], [], []
    for dim in ("attribute", "category"):
        if f"cluster_{dim}_share" in cluster:
            names += [str(name) for name in cluster[dim].values]
            shares.append(cluster[f"cluster_{dim}_share"].values)
            rates.append(cluster[f"{dim}_rate"].values)
    if not names:
        return []
    share, rate = np.concatenate(shares), np.concatenate(rates)
    return [(names[k], float(share[k]), float(rate[k])) for k in enriched(share, rate)]


def _enriched(axes: Axes, cluster: xr.Dataset) -> None:
    """Draw bars of the share of each enriched label, and marks of its share in all vectors."""
    found = enriched_labels(cluster)
    names, share, rate = zip(*found, strict=True) if found else ((), (), ())
    rows = np.arange(len(found))
    axes.barh(rows, share, height=0.72, color=style.DATA, alpha=0.45)
    axes.plot(rate, rows, "|", color=style.INK, markersize=6)
    for row, value in enumerate(share):
        axes.text(
            1.02, row, f"{value:.0%}", fontsize=6, color=style.INK, va="center",
        )  # fmt: skip
    axes.set_yticks(rows, [tick_label(name) for name in names])
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
