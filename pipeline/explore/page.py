"""The page of the explorer: its panes, put together for a browser or a notebook."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import holoviews as hv
import panel as pn
from bokeh.models.css import ImportedStyleSheet
from panel.io.resources import CDN_DIST, DIST_DIR, LOCAL_DIST

from zpoints.pipeline.explore.decoded import decoded
from zpoints.pipeline.explore.decoding import NOTEBOOK
from zpoints.pipeline.explore.panes.details import after_loading, details_pane
from zpoints.pipeline.explore.panes.filter import filter_pane
from zpoints.pipeline.explore.panes.playground import playground_pane
from zpoints.pipeline.explore.panes.versions import versions_pane
from zpoints.pipeline.explore.plane import PlanePane, controls, legend
from zpoints.pipeline.explore.state import View
from zpoints.pipeline.explore.text import CARD, text

Pane = Callable[[View, PlanePane], Any]

ABOVE: tuple[Pane, ...] = (filter_pane, after_loading(versions_pane, 220))
"""Panes above the plane: they decide what it shows."""
PANES: tuple[tuple[str, Pane], ...] = (("At the pointer", decoded), ("", details_pane))
"""Title and function of each pane beside the plane, from top to bottom.

A pane is a function of the view and of the plane, whose streams report clicks and outlines; it
returns something that Panel shows, or None where the store has nothing for it.
"""
BELOW: tuple[tuple[str, Pane], ...] = (("Generators side by side", after_loading(playground_pane)),)
"""Titles and panes of the whole width, below the others."""
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'>"
    "<ellipse cx='8' cy='8' rx='7' ry='4.5' fill='none' stroke='%23d1495b' stroke-width='1.5' "
    "transform='rotate(-25 8 8)'/><circle cx='8' cy='8' r='2.5' fill='%232b7fd4'/></svg>"
)
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; connect-src 'self' data: blob:"
)
"""What the browser may load: nothing from other hosts, whatever a library would like to fetch."""
TEMPLATE, STYLE = (Path(__file__).with_name(name) for name in ("page.html", "page.css"))


def page(view: View, problems: Sequence[str] = (), sockets: Sequence[str] = ()) -> Any:
    """The page that a browser shows.

    Parameters
    ----------
    view
        What it shows.
    problems
        Messages that it begins with.
    sockets
        Addresses of web sockets that it may open.
    """
    left, right, below = _parts(view)
    template = pn.Template(TEMPLATE.read_text(), location=True)
    template.add_panel("left", left)
    template.add_panel("right", right)
    template.add_panel("below", below)
    name, summary = described(view)
    values = {"store_name": name, "store_summary": summary, "problems": list(problems)}
    known = [name for name in sockets if "[" not in name]  # the syntax of policies has no IPv6
    values["policy"] = " ".join([POLICY, *known])
    for key, value in (values | {"page_css": STYLE.read_text(), "app_favicon": ICON}).items():
        template.add_variable(key, value)
    return template


def explorer(view: View) -> Any:
    """The explorer as one element, for a notebook: it shares the kernel's connection."""
    carry_styles()
    left, right, below = NOTEBOOK.make(lambda: _parts(view))
    right.width, right.sizing_mode = 340, "fixed"
    both = pn.Row(left, right, sizing_mode="stretch_width", styles={"gap": "14px"})
    return pn.Column(both, below, sizing_mode="stretch_width")


def described(view: View) -> tuple[str, str]:
    """The name of the store, and what it holds in a line."""
    root = str(getattr(view.space, "root", "arrays in memory"))
    version = str(getattr(view.space, "version", ""))
    parts = [f"{view.points.count:,} vectors of {view.points.components:,} components"]
    if version:
        parts.append(f"version {version[:8]}")
    return root.rstrip("/").split("/")[-1], " · ".join(parts)


def load_extensions() -> None:
    """Load what HoloViews draws with; in a notebook, also what its cells show."""
    pn.config.inline = True  # type: ignore[misc]  # style sheets of notebooks: from no other host
    pn.config.respect_explicit_sizing = True  # or a plot of any height would stretch its card
    if hv.Store.current_backend != "bokeh" or pn.state.curdoc is None:
        hv.extension("bokeh", logo=False, inline=True)  # a notebook loads it from no other host


def carry_styles() -> None:
    """Let style sheets of Panel travel to a notebook as text.

    Panel does so for elements that a cell shows at first. Those that appear or change later would
    ask Panel's host for them.
    """
    usual = ImportedStyleSheet.to_serializable
    if usual is not _as_text:
        _USUAL.append(usual)
        ImportedStyleSheet.to_serializable = _as_text  # type: ignore[method-assign, assignment]


_USUAL: list[Callable[..., Any]] = []
"""How Bokeh sends a style sheet of another place."""


def _as_text(sheet: ImportedStyleSheet, serializer: Any) -> Any:
    """What the browser gets of a style sheet: its text, if Panel has it on this machine."""
    found = _USUAL[0](sheet, serializer)
    name = str(sheet.url).split("?")[0]
    for place in (CDN_DIST, LOCAL_DIST):
        file = DIST_DIR / name.removeprefix(place)
        if name.startswith(place) and file.is_file():
            attributes = {"css": file.read_text(encoding="utf-8")}
            return {**found, "name": "InlineStyleSheet", "attributes": attributes}
    return found


def _parts(view: View) -> tuple[Any, Any, Any]:
    """The plane with what controls it, the panes beside it, and those below."""
    load_extensions()
    plane = PlanePane(view)
    above = [made for pane in ABOVE if (made := pane(view, plane)) is not None]
    left = pn.Column(
        controls(view), pn.FlexBox(*above, sizing_mode="stretch_width"), plane.panel(),
        legend(view),
        css_classes=["card"], stylesheets=[CARD], sizing_mode="stretch_width",
    )  # fmt: skip
    return left, _cards(view, plane, PANES), _cards(view, plane, BELOW)


def _cards(view: View, plane: PlanePane, panes: Sequence[tuple[str, Pane]]) -> Any:
    """Panes in frames, each below its title; those that a store has nothing for are left out."""
    made = [(title, pane(view, plane)) for title, pane in panes]
    cards = [
        pn.Column(
            *([text(f"<h2>{title}</h2>")] if title else []), content, css_classes=["card"],
            stylesheets=[CARD], sizing_mode="stretch_width",
        )
        for title, content in made
        if content is not None
    ]  # fmt: skip
    return pn.Column(*cards, sizing_mode="stretch_width")
