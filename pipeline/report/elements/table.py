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
    first
        Number of the column that a narrow page shows first, e.g. that of a verdict; None: the left
        one.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1
    first: int | None = None

    @property
    def is_text(self) -> bool:
        """Whether all columns hold text; a narrow page then shows each row as a block."""
        return self.text_columns >= len(self.header)


def bold(text: str, emphasised: bool) -> str:
    """A cell in bold type where `emphasised` is true."""
    return Markup("<strong>{}</strong>").format(text) if emphasised else escape(text)
