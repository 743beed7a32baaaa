"""Figure of the angles between the directions of attributes."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group
from zpoints.pipeline.figures.style import tick_label

Floats = NDArray[np.float64]


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
        If `structure` is something else, or fewer than two attributes have a direction.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.angles(store)  # doctest: +SKIP
    """
    needs = ("attribute", "direction_angle", "whitened_direction_angle")
    structure = group(structure, "structure", needs)
    names, original, whitened = _ordered_angles(structure)
    if len(names) < 2:
        raise FigureError(
            f"{names[0] if names else 'No attribute'} {'alone ' if names else ''}has a direction; "
            "expected at least two attributes, each of which some vectors have and others lack."
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
