"""Entries of the page, a figure or a table each, and sections of entries."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from zpoints.pipeline.report.elements.table import Table


@dataclass(frozen=True)
class Entry:
    """One figure or table with its caption.

    Attributes
    ----------
    id
        Name of the file and of the anchor; letters, digits, hyphens.
    title
        Heading.
    caption
        HTML: what is drawn, and what follows from it.
    draw
        Makes the figure or the table.
    alt
        Text alternative of a figure, for screen readers.
    folded
        Whether the page shows only the heading until a reader opens it.
    """

    id: str
    title: str
    caption: str
    draw: Callable[[], Figure | Table]
    alt: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """Entries under one heading; folded, the page shows only the heading until it is opened."""

    id: str
    title: str
    entries: list[Entry]
    folded: bool = False
