"""The plane of z-points: drawn on the server at any zoom, with its confidence ellipse."""

from __future__ import annotations

from html import escape
from typing import Any

import holoviews as hv
import holoviews.plotting.bokeh
import numpy as np
import panel as pn
from holoviews import streams
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.ellipses import confidence_ellipse, coverage, ellipse_points
from zpoints.pipeline.explore.colours import SCALE, Colouring
from zpoints.pipeline.explore.panes.arrow_keys import ArrowKeys
from zpoints.pipeline.explore.panes.work import Work, spinner
from zpoints.pipeline.explore.raster import Extent, raster
from zpoints.pipeline.explore.state import LEVELS, View
from zpoints.pipeline.explore.text import WIDGET, text

SIZE = (640, 560)
"""Width and height in pixels of the first picture, until the page reports its own."""
AROUND = 5.0
"""Standard deviations on each side of the mean that a plane shows at first."""
STEP = 0.02
"""Share of the window by which an arrow key moves the decoded place."""
INK, FAINT = "#707c8a", "rgba(128, 140, 152, 0.25)"
"""Colours of axes that can be read on a light and on a dark ground."""
ELLIPSE, CURSOR = "#d1495b", "#e07a1f"
Redraw = streams.Stream.define("Redraw", count=0)
Moved = streams.Stream.define("Moved", count=0)


class PlanePane:
    """The scatter of one page.

    Attributes
    ----------
    pointer, tap, lasso
        Streams of HoloViews: the place of the pointer, of a click, and of a drawn outline.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.pointer, self.tap = streams.PointerXY(), streams.Tap()
        self.lasso, self.box = streams.Lasso(), streams.BoundsXY()
        self._redraw, self._moved = Redraw(), Moved()
        self._range, self._place = streams.RangeXY(), list(view.cursor)
        self.keys = ArrowKeys(width=0, height=0, margin=0, sizing_mode="fixed")
        self.pane = pn.pane.HoloViews(
            self._plot(), sizing_mode="stretch_both", css_classes=["plane"]
        )
        view.param.watch(self._forget, ["x", "y", "points"])
        view.param.watch(self._show, ["drawn", "colouring", "shown"])
        view.param.watch(self._move, ["level", "cursor", "image", "lasso"])
        view.param.watch(lambda event: self._note(*event.new), "cursor")
        self.keys.param.watch(lambda event: self._step(*event.new), "pressed")
        for stream in (self.pointer, self.tap):
            stream.add_subscriber(self._note)

    def panel(self) -> Any:
        """The plot at a height that suits the window: nearly square on a phone."""
        height = {"height": "clamp(300px, min(66vh, 88vw), 720px)"}
        return pn.Column(self.pane, self.keys, sizing_mode="stretch_width", styles=height)

    def _plot(self) -> Any:
        """The plot of a pair of coordinates; another pair gets another plot."""
        plane, x, y = self.view.plane()
        extent = first_extent(plane, x, y)
        size = streams.PlotSize(width=SIZE[0], height=SIZE[1])
        self._range = streams.RangeXY()
        picture = hv.DynamicMap(self._picture, streams=[self._range, size, self._redraw]).opts(
            hv.opts.RGB(
                xlim=extent[0], ylim=extent[1], xlabel=_plain(plane.x.title),
                ylabel=_plain(plane.y.title), responsive=True, min_height=280,
                tools=["lasso_select", "box_select", "tap"], active_tools=["wheel_zoom"],
                default_tools=["pan", "wheel_zoom", "box_zoom", "reset"],
                hooks=[_dress], show_grid=False, framewise=False, axiswise=True,
            )
        )  # fmt: skip
        for stream in (self.pointer, self.tap, self.lasso, self.box):
            stream.source = picture
        marks = hv.DynamicMap(self._marks, streams=[self._moved])
        return (picture * marks).opts(show_legend=False)

    def _picture(
        self, x_range: Any, y_range: Any, width: Any, height: Any, scale: Any, count: int
    ) -> Any:
        view = self.view
        _, x, y = view.plane()
        extent = self._extent(x_range, y_range)
        pixels = raster(
            x, y, view.colouring,
            rows=view.shown, extent=extent,
            size=(int(width or SIZE[0]), int(height or SIZE[1])),
        )  # fmt: skip
        bounds = (extent[0][0], extent[1][0], extent[0][1], extent[1][1])
        return hv.RGB(pixels[::-1], bounds=bounds, kdims=["x", "y"])

    def _extent(self, x_range: Any, y_range: Any) -> tuple[Extent, Extent]:
        """The window that the page reports, or the first one."""
        first = first_extent(*self.view.plane())
        return _window(x_range, first[0]), _window(y_range, first[1])

    def _marks(self, count: int) -> Any:
        """The ellipse, the outline of a selection, and the places of the cursor and the image."""
        view = self.view
        plane, x, y = view.plane()
        outline = ellipse_points(confidence_ellipse(plane.mean, plane.covariance, view.level))
        here = view.is_current  # or the places are those of a plane that is being computed
        drawn = np.reshape(np.asarray(view.lasso if here else [], float), (-1, 2))
        closed = np.concatenate([drawn, drawn[:1]])
        cursor = [tuple(view.cursor)] if here and len(view.cursor) == 2 else []
        chosen = 0 <= view.image < len(x)
        image = [(x[view.image], y[view.image])] if chosen else []
        return hv.Overlay(
            [
                hv.Curve(outline, "x", "y", label="ellipse").opts(color=ELLIPSE, line_width=2),
                hv.Curve(closed, "x", "y", label="lasso").opts(color=INK, line_dash="dashed"),
                hv.Points(cursor, ["x", "y"], label="cursor").opts(
                    size=13, marker="circle_cross", fill_alpha=0, color=CURSOR, line_width=2
                ),
                hv.Points(image, ["x", "y"], label="image").opts(
                    size=15, marker="circle", fill_alpha=0, color=INK, line_width=2.5
                ),
            ]
        ).opts(show_legend=False)

    def _note(self, x: Any = None, y: Any = None) -> None:
        """Keep the place that is decoded, where arrow keys start."""
        if x is not None and y is not None and np.isfinite([x, y]).all():
            self._place = [float(x), float(y)]

    def _step(self, across: int, up: int, presses: int) -> None:
        """Move the decoded place by steps of the window."""
        window = self._extent(self._range.x_range, self._range.y_range)
        start = self._place or self.view.plane()[0].mean.tolist()
        self.view.cursor = [
            place + way * STEP * (high - low)
            for place, way, (low, high) in zip(start, (across, up), window, strict=True)
        ]

    def _forget(self, *events: Any) -> None:
        self._place = []
        self.view.param.update(cursor=[], lasso=[])  # they were places of another plane

    def _show(self, *events: Any) -> None:
        if any(event.name == "drawn" for event in events):
            self.pane.object = self._plot()
        else:
            self._redraw.event(count=self._redraw.count + 1)

    def _move(self, *events: Any) -> None:
        self._moved.event(count=self._moved.count + 1)


def _dress(plot: Any, element: Any) -> None:
    """Style the axes. HoloViews keeps hooks for good, so it may hold nothing of a page."""
    figure, ink = plot.state, INK
    figure.border_fill_color = figure.background_fill_color = None
    figure.outline_line_color = None
    figure.toolbar.logo, figure.toolbar.autohide = None, False
    for axis in figure.axis:
        axis.axis_label_text_color = axis.major_label_text_color = ink
        axis.axis_line_color = axis.major_tick_line_color = axis.minor_tick_line_color = ink
        axis.axis_label_text_font_style = "normal"
        axis.formatter.power_limit_low = -5  # reconstruction errors are thousandths
        axis.axis_label_text_font_size, axis.major_label_text_font_size = "14px", "12px"


def draw_first() -> None:
    """Draw a plot of nothing: the first one takes HoloViews a second longer than others."""
    nothing = hv.RGB(np.zeros((2, 2, 4), np.uint8)) * hv.Curve([]) * hv.Points([])
    hv.renderer("bokeh").get_plot(nothing)


def first_extent(
    plane: Any, x: NDArray[np.float32], y: NDArray[np.float32]
) -> tuple[Extent, Extent]:
    """The window that shows the points and as much around them: 5 standard deviations each way.

    Parameters
    ----------
    plane
        The plane.
    x, y
        (vector,) coordinates; the window of one that is not linear is where its points are.
    """
    spread = np.sqrt(np.maximum(plane.covariance.diagonal(), 0.0))
    found = []
    for axis, middle, deviation, column in zip(
        (plane.x, plane.y), plane.mean, spread, (x, y), strict=True
    ):
        half = float(AROUND * deviation) or 0.5
        low, high = float(middle) - half, float(middle) + half
        known = column[np.isfinite(column)]
        if axis.weights is None and known.size:
            low, high = float(known.min()), float(np.percentile(known, 99.9))
            low, high = low - 0.05 * (high - low), high + 0.1 * (high - low)
        found.append((low, high if high > low else low + 1.0))
    return found[0], found[1]


def controls(view: View) -> Any:
    """Choosers of the coordinates and the colour, the level of the ellipse, the share inside."""
    titles, colours = offered(view)
    choose, shown = pn.widgets.Select.from_param, view.param
    wide: dict[str, Any] = {
        "sizing_mode": "stretch_width",
        "description": None,
        "stylesheets": [WIDGET],
        "margin": 0,
    }
    x = choose(shown.x, name="Across", options=titles, **wide)
    y = choose(shown.y, name="Up", options=titles, **wide)
    color = choose(shown.color, name="Colour", options=colours, **wide)
    level = pn.widgets.FloatSlider.from_param(
        shown.level, name="Confidence ellipse, level in σ",
        start=LEVELS[0], end=LEVELS[1], step=0.05,
        format="0.00", stylesheets=[WIDGET], sizing_mode="stretch_width", margin=0,
    )  # fmt: skip
    share, problem, waiting = text(), text(), spinner()

    def count(*events: Any) -> None:
        if view.has_radii:
            share.object = share_text(*view.inside(), view.level)
        else:
            counted.ask(None)

    def fail(message: str) -> None:
        problem.object = escape(message)

    def show_busy(*events: Any) -> None:
        waiting.visible = waiting.value = view.busy
        fail(view.problem)

    counted = Work(lambda asked: view.radii(), count, fail)

    def offer(*events: Any) -> None:
        x.options, color.options = offered(view)
        y.options = x.options

    view.param.watch(count, ["level", "drawn", "shown"])
    view.param.watch(show_busy, ["busy", "problem"])
    view.param.watch(offer, "points")
    count()
    show_busy()
    grid = {"display": "grid", "gap": "10px 16px", "align-items": "end"}
    columns = {"grid-template-columns": "repeat(auto-fit, minmax(150px, 1fr))"}
    row: dict[str, Any] = {"sizing_mode": "stretch_width", "styles": grid | columns}
    lower = {"grid-template-columns": "repeat(auto-fit, minmax(240px, 1fr))", "margin-top": "12px"}
    return pn.Column(
        pn.Column(x, y, color, **row),
        pn.Column(level, share, sizing_mode="stretch_width", styles=grid | lower),
        pn.Row(waiting, problem, sizing_mode="stretch_width"),
        sizing_mode="stretch_width",
    )


def offered(view: View) -> tuple[dict[str, str], dict[str, str]]:
    """Keys of the coordinates and of the colours that may be chosen, by title."""
    axes, colours = view.points.axes.titles, view.points.colours
    return {axes[key]: key for key in axes}, {colours[key]: key for key in colours}


def share_text(inside: int, total: int, level: float) -> str:
    """How many points are inside the ellipse, beside the share of a normal distribution.

    Parameters
    ----------
    inside
        Points inside.
    total
        Points on the plane.
    level
        Level of the ellipse, in standard deviations.
    """
    found = f"{inside / total:.2%}" if total else "none"
    return (
        f"<b>{found}</b> inside ({inside:,} of {total:,}); "
        f"a normal distribution has {float(coverage(level)):.2%}"
    )


def legend(view: View) -> Any:
    """The key to the colours."""
    pane = text()

    def show(*events: Any) -> None:
        pane.object = legend_html(view.colouring)

    view.param.watch(show, "colouring")
    show()
    return pane


def legend_html(colouring: Colouring) -> str:
    """The key to colours as HTML; names of categories are data, and escaped."""
    if colouring.kind == "category":
        return "".join(
            f'<span class="entry"><i style="background:{colour}"></i>{escape(_cut(name))}</span>'
            for name, colour in colouring.key
        )
    if colouring.kind == "number":
        low, high = map(escape, colouring.ends)
        bar = f"background:linear-gradient(90deg,{','.join(SCALE)})"
        return f'<span class="entry">{low}<i class="bar" style="{bar}"></i>{high}</span>'
    return '<span class="entry">stronger where there are more points</span>'


def _cut(name: str, most: int = 40) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _plain(title: str) -> str:
    """A title for Bokeh, which would read `$$` as mathematics."""
    return _cut(title.replace("$$", "$ $"), 60)


def _window(given: Any, usual: Extent) -> Extent:
    if given is None or not np.isfinite(given).all() or given[1] <= given[0]:
        return usual
    return float(given[0]), float(given[1])
