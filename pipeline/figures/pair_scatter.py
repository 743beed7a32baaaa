"""Scatter plots of component pairs: z-points, confidence ellipses, generated vectors."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.ellipses import ellipse_points
from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.clouds import Cloud, read_cloud, share_inside
from zpoints.pipeline.figures.inputs import mapping
from zpoints.pipeline.figures.labels.colours import Colours, colours_by, values_of

Floats = NDArray[np.float64]

POINTS = 2000
"""z-points, and vectors of each generator, that are drawn by default."""
LEVEL = 2.2
"""Level of the confidence ellipses, in standard deviations."""

_LARGE = 3.0  # area of a point in a panel of its own, relative to one in a grid
_GREY = "#98a3af"


def pairs(
    z: Any,
    components: Sequence[int] = (0, 1),
    *,
    color: Any = None,
    generated: Any = None,
    name: str = "generated",
    generated_color: str = style.GENERATED,
    level: float = LEVEL,
    principal: bool = False,
    statistics: Any = None,
    points: int | None = POINTS,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw z-points in pairs of components, with confidence ellipses, and generated vectors.

    Numbers: share of the points inside the ellipse, of the generated ones where there are some. Of
    more than two components every pair is drawn: z-points below the diagonal, generated vectors
    above it, both distributions on it.

    Parameters
    ----------
    z
        A store, the `latents` group, or vectors (vector, component).
    components
        Numbers of two or more components, from 0.
    color
        Name of a label of the vectors, or a value for each vector: boolean, text, number or date.
        Missing values are grey.
    generated
        Vectors to compare: one of `samples`, or an array (sample, component).
    name, generated_color
        Name of the generated vectors in the key, and their colour.
    level
        Half-axes of the ellipses in standard deviations, above 0.
    principal
        Whether these are principal components; they need a store or `statistics`.
    statistics
        The `statistics` group, for the moments of all vectors; by default the store's, else the
        moments of the points drawn.
    points
        Number of vectors to draw, from all over the store; None draws all.
    ax
        Axes to draw one pair in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If a number is out of range, a label is unknown, `ax` is given for several pairs, or `z`
        holds no vectors.

    Examples
    --------
    >>> z = np.random.default_rng(0).normal(size=(500, 8))
    >>> figure = pairs(z, (2, 5), color=z[:, 0] > 0)
    >>> figure.axes[0].get_xlabel(), [t.get_text() for t in figure.axes[0].get_legend().texts]
    ('$z_{2}$  [latent units]', ['yes', 'no'])
    """
    _check_level(level)
    shown, rows, total = read_cloud(z, components, statistics, principal=principal, points=points)
    drawn = None if generated is None else shown.project(generated, points)
    colours = None if color is None else colours_by(*values_of(z, color, rows, total))
    if len(shown.labels) == 2:
        axes = style.panel(ax, width=style.PANEL[0] if colours is None else 4.9, height=3.7)
        _pair(axes, shown, 0, 1, drawn, generated_color, level, colours, large=True)
        x, y = (f"{label}  {style.UNIT}" for label in shown.labels)
        style.dress(axes, x=x, y=y, frame=True)
        axes.set_aspect("equal")
        if colours is not None:
            colours.explain(axes)
        elif drawn is not None:
            _key(axes, [("z-points", _GREY), (name, generated_color)])
        return style.drawn(axes, ax)
    if ax is not None:
        raise FigureError(
            f"Got ax and {len(shown.labels)} components; expected two, e.g. components=(0, 1)."
        )
    none = np.empty((0, len(shown.labels)))
    return _grid(shown, none if drawn is None else drawn, level, name, generated_color, colours)


def generators(
    z: Any,
    generated: Mapping[str, Any] | None = None,
    components: Sequence[int] = (0, 1, 2, 3, 4, 5),
    *,
    level: float = LEVEL,
    principal: bool = False,
    statistics: Any = None,
    points: int | None = POINTS,
) -> Figure:
    """Draw a row of pairs per generator: its vectors on the z-points and their ellipses.

    Numbers: share of the generated vectors inside the ellipse.

    Parameters
    ----------
    z
        A store, the `latents` group, or vectors (vector, component).
    generated
        For each name its vectors, one of `samples` or an array (sample, component); by default all
        samples of the store.
    components
        Numbers of the components, from 0; the first five neighbouring pairs are drawn.
    level, principal, statistics, points
        As in `pairs`.

    Raises
    ------
    FigureError
        If a number is out of range, or there are no vectors.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.generators(store, {"ellipse": store.samples("ellipse")})  # doctest: +SKIP
    """
    if generated is None and hasattr(z, "sample_names"):
        generated = {name: z.samples(name) for name in z.sample_names}
    expected = "a mapping of names to vectors, e.g. {'ellipse': store.samples('ellipse')}"
    _check_level(level)
    named = mapping(generated, expected)
    shown, _, _ = read_cloud(z, components, statistics, principal=principal, points=points)
    projected = {name: shown.project(of, points) for name, of in named.items()}
    return _rows(shown, projected, level)


def _check_level(level: float) -> None:
    if not np.isfinite(level) or level <= 0:
        raise FigureError(f"Got level={level}; expected standard deviations above 0, e.g. 2.2.")


def _grid(
    cloud: Cloud,
    generated: Floats,
    level: float,
    name: str,
    colour: str,
    colours: Colours | None,
) -> Figure:
    """Every pair of axes: z-points below the diagonal, generated points above it."""
    count = len(cloud.labels)
    figure = style.new_figure(7.45, layout=None)
    margins = {"left": 0.075, "right": 0.995, "top": 0.957, "bottom": 0.063}
    figure.subplots_adjust(**margins, hspace=0.09, wspace=0.09)
    panels = figure.subplots(count, count, squeeze=False)
    for row in range(count):
        for column in range(count):
            axes = panels[row, column]
            if row == column:
                _marginals(axes, cloud, generated, row, colour)
            elif column > row and not len(generated):
                axes.set_visible(False)
                continue
            else:
                upper = generated if column > row else None
                _pair(axes, cloud, column, row, upper, colour, level, colours)
                _frame(axes)
            _outer_labels(
                axes,
                cloud.labels[column] if row == count - 1 else "",
                cloud.labels[row] if column == 0 else "",
            )
    if colours is not None and not len(generated):
        _explain_in_the_corner(figure, panels, colours)
        return figure
    entries = [("z-points", style.DATA), (name, colour)] if len(generated) else []
    x = 0.085
    for label, shade in entries:
        figure.text(x, 0.978, "●", color=shade, fontsize=7, ha="right", va="center")
        text = style.plain_label(label)
        figure.text(x + 0.006, 0.978, text, fontsize=style.LABEL, color=style.INK, va="center")
        x += 0.055 + 0.0105 * len(label)
    return figure


def _explain_in_the_corner(figure: Figure, panels: NDArray[Any], colours: Colours) -> None:
    """Key of the colours where the upper panels are empty."""
    place, below = panels[0, -1].get_position(), panels[1, -1].get_position()
    if colours.scale is None:
        corner = figure.add_axes((place.x0 - 0.05, place.y0, 0.01, place.height))
        corner.set_axis_off()
        colours.explain(corner)
    else:
        height = place.y1 - below.y0 - 0.05
        bar = figure.add_axes((place.x0 + 0.04, place.y1 - height, 0.018, height))
        colours.explain(panels[0, 0], bar_axes=bar)


def _rows(cloud: Cloud, generated: Mapping[str, Floats], level: float) -> Figure:
    """A row of neighbouring pairs per generator."""
    rows, columns = len(generated), 5
    pairs = list(itertools.pairwise(range(len(cloud.labels))))[:columns]
    side = style.WIDTH * 0.925 / (columns + 0.42 * (columns - 1))
    height = side * (rows + 0.2 * (rows - 1)) + 0.62
    figure = style.new_figure(height, layout=None)
    figure.subplots_adjust(
        left=0.07, right=0.995, top=1 - 0.2 / height, bottom=0.42 / height, hspace=0.2, wspace=0.42
    )
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels[:, len(pairs) :].ravel():
        axes.remove()
    for row, (name, points) in enumerate(generated.items()):
        colour = style.series(row)
        for column, (x, y) in enumerate(pairs):
            axes = panels[row, column]
            _pair(axes, cloud, x, y, points, colour, level)
            _frame(axes)
            _outer_labels(axes, cloud.labels[x] if row == rows - 1 else "", None)
            axes.set_ylabel(cloud.labels[y], fontsize=style.LABEL, labelpad=1, color=style.INK)
        title = style.plain_label(name)
        panels[row, 0].set_title(title, fontsize=style.TITLE, color=colour, loc="left", pad=3)
    return figure


def _pair(
    axes: Axes,
    cloud: Cloud,
    x: int,
    y: int,
    generated: Floats | None,
    colour: str,
    level: float,
    colours: Colours | None = None,
    *,
    large: bool = False,
) -> None:
    """Draw one pair; z-points are grey where there are generated vectors."""
    alone = generated is None
    own: Any = colours.colours if colours else style.DATA
    if colours is None and not alone:
        own = _GREY if large else style.FAINT
    _dots(axes, cloud.points[:, [x, y]], own, large=large)
    shown = cloud.points[:, [x, y]] if generated is None else generated[:, [x, y]]
    if not alone:
        _dots(axes, shown, colour, large=large)
    ellipse = cloud.ellipse(x, y, level)
    axes.plot(*ellipse_points(ellipse).T, color=style.INK, lw=0.9)
    if len(shown):
        share = f"{share_inside(shown, ellipse):.0%}"
        text = style.note(axes, 0.96, 0.95, share, size=6.5, ha="right", va="top", color=style.INK)
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.8})
    axes.set_xlim(cloud.limits(x))
    axes.set_ylim(cloud.limits(y))


def _dots(axes: Axes, points: Floats, colour: Any, *, large: bool) -> None:
    """Draw points, smaller ones where there are many, larger ones in a large panel."""
    size = max(0.35, min(6.0, 2600 / max(len(points), 1)))
    size = min(_LARGE * size, 9.0) if large else size
    x, y = points.T
    axes.scatter(x, y, s=size, color=colour, alpha=0.6, linewidths=0, rasterized=True)


def _key(axes: Axes, entries: Sequence[tuple[str, str]]) -> None:
    """Names of the points above the axes."""
    for name, colour in entries:
        axes.plot([], [], "o", color=colour, markersize=3.5, label=style.plain_label(name))
    style.legend(
        axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2, handletextpad=0.1
    )


def _marginals(axes: Axes, cloud: Cloud, generated: Floats, index: int, colour: str) -> None:
    edges = np.linspace(*cloud.limits(index), 41)
    for points, shade, fill in ((cloud.points, style.DATA, True), (generated, colour, False)):
        if len(points):
            counts = np.histogram(points[:, index], edges)[0] / len(points)
            axes.stairs(counts, edges, color=shade, fill=fill, alpha=0.35 if fill else 1, lw=1.0)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_yticks([])
    _frame(axes)


def _frame(axes: Axes) -> None:
    style.dress(axes, frame=True)
    axes.tick_params(labelsize=6, length=2, pad=1.5)
    axes.locator_params(nbins=4)


def _outer_labels(axes: Axes, x: str, y: str | None) -> None:
    """Label the outer axes; None leaves the vertical axis as it is."""
    axes.set_xlabel(x, fontsize=style.LABEL, color=style.INK, labelpad=2)
    axes.tick_params(labelbottom=bool(x))
    if y is not None:
        axes.set_ylabel(y, fontsize=style.LABEL, color=style.INK, labelpad=2)
        axes.tick_params(labelleft=bool(y) and bool(axes.get_yticks().size))
