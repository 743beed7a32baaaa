"""A table of the page."""

from dataclasses import dataclass

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Table:
    """Cells of a table; the page escapes texts, but not `Markup`.

    Attributes
    ----------
    header
        Heading of each column.
    rows
        Rows of cells.
    text_columns
        Number of columns, from the left, that hold text; the others hold numbers.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1


def bold(text: str, emphasised: bool) -> str:
    """A cell in bold type where `emphasised` is true."""
    return Markup("<strong>{}</strong>").format(text) if emphasised else escape(text)
