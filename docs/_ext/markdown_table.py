"""A table in Markdown."""

from collections.abc import Iterable, Sequence


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows under their heading; line breaks and bars within cells are kept out of the way.

    Examples
    --------
    >>> print(table(["name"], [["a|b"]]))
    | name |
    |---|
    | a\\|b |
    """
    lines = [_line(heading), "|" + "---|" * len(heading), *(_line(row) for row in rows)]
    return "\n".join(lines)


def code(text: str) -> str:
    """Text as inline code; empty text stays empty."""
    fence = "``" if "`" in text else "`"
    return f"{fence}{text}{fence}" if text else ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in cells) + " |"
