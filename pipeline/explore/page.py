"""The page of the explorer: its panes, put together for a browser or a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import holoviews as hv
import panel as pn

from zpoints.pipeline.explore.decoded import decoded
from zpoints.pipeline.explore.plane import PlanePane, controls, legend
from zpoints.pipeline.explore.state import View

Pane = Callable[[View, PlanePane], Any]

PANES: tuple[tuple[str, Pane], ...] = (("Decoded here", decoded),)
"""Title and function of each pane beside the plane, from top to bottom.

A pane is a function of the view and of the plane, whose streams report clicks and outlines; it
returns something that Panel shows, or None where the store has nothing for it.
"""


def explorer(view: View) -> Any:
    """Everything of one page: the plane on the left, the panes on its right or below."""
    load_extensions()
    plane = PlanePane(view)
    left = pn.Column(controls(view), plane.pane, legend(view), css_classes=["left"])
    shown = [(title, pane(view, plane)) for title, pane in PANES]
    right = pn.Column(
        *(
            pn.Column(pn.pane.HTML(f"<h2>{title}</h2>"), content, css_classes=["pane"])
            for title, content in shown
            if content is not None
        ),
        css_classes=["right"],
    )
    return pn.FlexBox(left, right, css_classes=["explorer"])


def load_extensions() -> None:
    """Load what Panel and HoloViews need, once; nothing comes from another host."""
    if not hv.Store.current_backend == "bokeh" or "bokeh" not in hv.Store.renderers:
        hv.extension("bokeh", logo=False)  # type: ignore[call-arg]
    hv.Store.set_current_backend("bokeh")
