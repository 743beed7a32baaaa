"""How the texts and the frames of the explorer look."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import panel as pn

TEXT, CARD = (Path(__file__).with_name(name).read_text() for name in ("text.css", "pane.css"))
"""Style sheets of a text, and of the frame around a pane (with the class `card`)."""


def text(html: str = "") -> Any:
    """A text that can be replaced by setting its `object`; escape what comes from a store."""
    return pn.pane.HTML(html, stylesheets=[TEXT], sizing_mode="stretch_width", margin=0)
