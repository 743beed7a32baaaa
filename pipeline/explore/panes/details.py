"""The panes that share a place: of one image, of a selection, of the leading components."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn

from zpoints.pipeline.explore.panes.elements import WIDTH, flexible
from zpoints.pipeline.explore.panes.image import image_pane
from zpoints.pipeline.explore.panes.selection import selection_pane
from zpoints.pipeline.explore.panes.sliders import sliders_pane
from zpoints.pipeline.explore.plane import PlanePane
from zpoints.pipeline.explore.state import View

STATE = "tab"
"""Key of the open tab in `View.settings`."""
IMAGE, SELECTION, COMPONENTS = "Image", "Selection", "Components"
STYLE = """
:host { font: inherit; }
.bk-header { border-bottom: 1px solid var(--line, #8884); margin-bottom: 10px; }
.bk-tab { color: var(--faint, inherit); font: 600 14px/1.4 var(--font-family, sans-serif);
  padding: 6px 12px 7px 2px; margin-right: 14px; border: 0 !important; }
.bk-tab.bk-active { color: var(--ink, inherit); background: none !important;
  box-shadow: 0 2px 0 var(--accent, #0072b2); }
"""


def details_pane(view: View, plane: PlanePane) -> Any:
    """Tabs; a click in the plane opens that of the image, an outline that of the selection.

    Parameters
    ----------
    view
        The page's view; its `settings` have the open tab.
    plane
        The plane, whose clicks and outlines are followed.
    """
    made = [
        (IMAGE, image_pane(view, plane)),
        (SELECTION, selection_pane(view, plane)),
        (COMPONENTS, sliders_pane(view, plane)),
    ]
    tabs = pn.Tabs(
        *((title, pane) for title, pane in made if pane is not None),
        sizing_mode=WIDTH,
        stylesheets=[STYLE],
    )
    titles = [title for title, pane in made if pane is not None]
    kept = view.settings.get(STATE, _first(view))
    tabs.active = titles.index(kept) if kept in titles else 0

    def show_active(*events: Any) -> None:
        for number, pane in enumerate(tabs):  # the tallest one would decide the height
            pane.visible = number == tabs.active

    def opened(event: Any) -> None:
        show_active()
        view.settings = {**view.settings, STATE: titles[event.new]}

    def image(event: Any) -> None:
        if event.new >= 0:
            tabs.active = titles.index(IMAGE)

    def outline(event: Any) -> None:
        if event.new:
            tabs.active = titles.index(SELECTION)

    show_active()
    tabs.param.watch(opened, "active")
    view.param.watch(image, "image")
    view.param.watch(outline, "lasso")
    return tabs


def after_loading(
    pane: Callable[[View, PlanePane], Any], width: int | None = None
) -> Callable[[View, PlanePane], Any]:
    """A pane that is made once the page is shown, so that the page need not wait for it.

    Parameters
    ----------
    pane
        The function that makes it.
    width
        Pixels that it needs in a row of others; None where it has a row of its own.
    """

    def made_later(view: View, plane: PlanePane) -> Any:
        box = pn.Column(sizing_mode=WIDTH, min_height=40, styles=flexible(width) if width else {})

        def make() -> None:
            box[:] = [pane(view, plane)]

        pn.state.onload(make)
        return box

    return made_later


def _first(view: View) -> str:
    """The tab of a page whose address names none."""
    return SELECTION if (view.lasso or view.filter) and view.image < 0 else IMAGE
