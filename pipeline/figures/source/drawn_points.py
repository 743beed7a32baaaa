"""A few drawn vectors as numbered points on many z-points, and the images that they decode to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.ellipses import ellipse_points
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.clouds import Cloud, read_cloud
from zpoints.pipeline.figures.image_grids import faces
from zpoints.pipeline.figures.inputs import pixels, vectors
from zpoints.pipeline.row_sample import representative_rows

Floats = NDArray[np.float64]

DRAWN, POINTS = 20, 60_000
"""Numbers of drawn points and of z-points, as the source has them."""
MOST = 99
LEVEL = 2.2
"""Level of the confidence ellipses, in standard deviations."""

_COLUMNS = 10
_AT_ONCE = 8192  # vectors in memory
_CELLS = 40, 130  # of a density along each axis, for few and for many points


def drawn_points(
    z: Any,
    generated: Any = "ellipse",
    *,
    number: int = DRAWN,
    components: Sequence[int] = (0, 1, 2, 3, 4, 5),
    images: Any = None,
    level: float = LEVEL,
    principal: bool = True,
    statistics: Any = None,
    points: int = POINTS,
) -> Figure:
    """Draw the first vectors of a generator as numbered points on the density of the z-points.

    One panel per pair of coordinates, with a confidence ellipse. The same vector has the same
    number in each panel and among the images below.

    Parameters
    ----------
    z
        A store, the `latents` group, or vectors (vector, component).
    generated
        Name of stored samples, one of `store.sample_names`, or vectors (sample, component), e.g.
        what `store.draw` returns.
    number
        Number of drawn vectors, the first ones; at most 99.
    components
        An even number of coordinates, from 0: a panel for the first two, one for the next two.
    images
        Images of the drawn vectors; by default those of the samples, if these have any.
    level
        Half-axes of the ellipses in standard deviations, above 0.
    principal
        Whether the coordinates are principal components; they need a store or `statistics`.
    statistics
        The `statistics` group; by default the store's.
    points
        Number of z-points at most, from all over the store.

    Raises
    ------
    FigureError
        If a parameter is out of range, or there are no vectors.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z, new = rng.normal(size=(900, 4)), rng.normal(size=(20, 4))
    >>> figure = drawn_points(z, new, components=(0, 1, 2, 3), principal=False)
    >>> len(figure.axes)
    2
    """
    _check(number, components, level)
    samples = z.samples(generated) if isinstance(generated, str) else generated
    cloud = _whole_cloud(z, components, statistics, principal=principal, points=points)
    chosen = cloud.project(samples, number)
    if not len(chosen):
        raise FigureError("Got no drawn vectors; expected at least one.")
    if images is None and isinstance(samples, xr.Dataset) and "pixels" in samples:
        images = samples
    shown = None if images is None else pixels(images, number)
    return _figure(cloud, chosen, shown, level)


def _check(number: int, components: Sequence[int], level: float) -> None:
    if not isinstance(number, int | np.integer) or not 1 <= number <= MOST:
        raise FigureError(f"Got number={number!r}; expected 1 to {MOST} drawn vectors, e.g. 20.")
    if np.ndim(components) != 1 or len(components) % 2 or len(components) > 6:
        raise FigureError(
            f"Got components={components!r}; expected 2, 4 or 6, a panel for every two, e.g. "
            "(0, 1, 2, 3)."
        )
    if not np.isfinite(level) or level <= 0:
        raise FigureError(f"Got level={level}; expected standard deviations above 0, e.g. 2.2.")


def _whole_cloud(
    z: Any, components: Sequence[int], statistics: Any, *, principal: bool, points: int
) -> Cloud:
    """The z-points in a few coordinates; never are many whole vectors in memory."""
    first, _, total = read_cloud(
        z, components, statistics, principal=principal, points=min(points, _AT_ONCE)
    )
    held = z.latents if hasattr(z, "latents") and not isinstance(z, xr.Dataset) else z
    held = held["z"] if isinstance(held, xr.Dataset) else held
    rows = representative_rows(total, points)
    if len(rows) <= len(first.points):
        return first
    blocks = np.split(rows, range(_AT_ONCE, len(rows), _AT_ONCE))
    parts = [first.axes.project(vectors(held[block])[0]) for block in blocks]
    return replace(first, points=np.concatenate(parts))


def _figure(cloud: Cloud, drawn: Floats, images: Any, level: float) -> Figure:
    count = len(cloud.labels) // 2
    side = style.WIDTH / max(count, 2)
    columns = min(_COLUMNS, len(drawn))
    rows = -(-len(drawn) // columns)
    strip = 0.0 if images is None else rows * 1.25 * style.WIDTH / columns * min(1, columns / 10)
    figure = style.new_figure(side + strip)
    if images is None:
        upper: Any = figure
    else:
        parts: Any = figure.subfigures(2, 1, height_ratios=(side, strip))
        upper, lower = parts
        titles = [str(k + 1) for k in range(len(images))]
        faces(images, len(images), columns=columns, titles=titles, ax=lower.subplots())
    panels = upper.subplots(1, count, squeeze=False)[0]
    for panel in range(count):
        _panel(panels[panel], cloud, drawn, 2 * panel, level)
    return figure


def _panel(axes: Axes, cloud: Cloud, drawn: Floats, x: int, level: float) -> None:
    """Density of the z-points in two coordinates, their ellipse, and the numbered points."""
    pair = [x, x + 1]
    points, new, centre = cloud.points[:, pair], drawn[:, pair], cloud.mean[pair]
    spread = float(np.sqrt(cloud.covariance.diagonal()[pair].max()))
    half = 1.15 * max(level * spread, float(np.abs(new - centre).max())) or 0.5
    (left, right), (low, high) = ((c - half, c + half) for c in centre)
    cells = int(np.clip(0.9 * np.sqrt(len(points)), *_CELLS))
    around = [(left, right), (low, high)]
    counts, x_edges, y_edges = np.histogram2d(points[:, 0], points[:, 1], cells, around)
    density = np.where(counts > 0, counts, np.nan).T
    norm = LogNorm(0.5, 5 * max(float(counts.max()), 1.0))  # pale, so that numbers stand out
    axes.pcolormesh(x_edges, y_edges, density, cmap=style.SEQUENTIAL, norm=norm, rasterized=True)
    axes.plot(*ellipse_points(cloud.ellipse(x, x + 1, level)).T, color=style.INK, lw=0.9)
    axes.plot(*new.T, "o", color=style.GENERATED, markersize=2.6, mec="white", mew=0.3, zorder=4)
    outward = new - new.mean(axis=0)  # numbers lie outside, where there is room
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    halo = [withStroke(linewidth=1.4, foreground="white")]
    for index, (place, away) in enumerate(zip(new, 6 * outward, strict=True), start=1):
        axes.annotate(
            str(index), place, away, textcoords="offset points", fontsize=5.8, ha="center",
            va="center", color=style.GENERATED, fontweight="bold", path_effects=halo,
        )  # fmt: skip
    axes.set(xlim=(left, right), ylim=(low, high), aspect="equal")
    axes.locator_params(nbins=5)
    style.dress(axes, x=cloud.labels[x], y=cloud.labels[x + 1], frame=True)
