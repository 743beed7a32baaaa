"""How the texts and the frames of the explorer look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn

TEXT, CARD, WIDGET = (
    Path(__file__).with_name(name).read_text() for name in ("text.css", "pane.css", "widget.css")
)
"""Style sheets of a text, of the frame around a pane (with the class `card`), and of a widget."""


def text(html: str = "") -> Any:
    """A text that can be replaced by setting its `object`; escape what comes from a store."""
    return pn.pane.HTML(html, stylesheets=[TEXT], sizing_mode="stretch_width", margin=0)
