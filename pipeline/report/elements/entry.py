"""One figure or table of the page, and the sections they stand in."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from zpoints.pipeline.report.elements.tables import Table


@dataclass(frozen=True)
class Entry:
    """One figure or table.

    Parameters
    ----------
    id
        Name of the file and of the anchor; letters, digits, hyphens.
    title
        Heading.
    caption
        What is seen and how it is read, as HTML.
    draw
        Makes the figure or the table.
    alt
        What a figure shows, for those who do not see it.
    """

    id: str
    title: str
    caption: str
    draw: Callable[[], Figure | Table]
    alt: str = ""


@dataclass(frozen=True)
class Section:
    """Entries under one heading."""

    id: str
    title: str
    entries: list[Entry]
