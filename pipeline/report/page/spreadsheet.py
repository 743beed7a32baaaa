"""Tables of the page as CSV files, which a spreadsheet or a program reads."""

import csv
import html
import io
import re
from collections.abc import Sequence

from markupsafe import Markup

from zpoints.pipeline.report.elements.table import Table
from zpoints.storage.export.tables import FORMULA

NUMBER = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?([eE][-+]?\d+)?%?")
UNDEFINED = "–"
_ERROR = re.compile(r"(.*?)\s*<small>±(.*?)</small>(.*)", re.DOTALL)


def csv_text(table: Table) -> str:
    """A table as CSV: numbers as a program writes them, a column of its own for errors.

    Cells without a value are empty. Text that a spreadsheet would compute as a formula has an
    apostrophe in front, as in exported tables.

    Parameters
    ----------
    table
        The table.

    Examples
    --------
    >>> cells = Markup("8.250 <small>±0.011</small>")
    >>> print(csv_text(Table(("name", "score"), (("=1+1", cells), ("1,000", "−2")))))
    name,score,"score, standard error"
    '=1+1,8.250,0.011
    1000,-2,
    <BLANKLINE>
    """
    columns = [[row[k] for row in table.rows] for k in range(len(table.header))]
    written = [
        column
        for name, cells in zip(table.header, columns, strict=True)
        for column in _columns(_plain(name), cells)
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(zip(*written, strict=True))
    return text.getvalue()


def _columns(name: str, cells: Sequence[str]) -> list[list[str]]:
    """A column of the file, or two if the cells have errors; each begins with its heading."""
    parts = [_ERROR.fullmatch(cell) for cell in cells]
    if not any(parts):
        return [[_safe(name), *map(_value, cells)]]
    values = [Markup(it[1] + it[3]) if it else cell for it, cell in zip(parts, cells, strict=True)]
    errors = [Markup(it[2]) if it else "" for it in parts]
    return [
        [_safe(name), *map(_value, values)],
        [_safe(f"{name}, standard error"), *map(_value, errors)],
    ]


def _value(cell: str) -> str:
    """The text of a cell; a number without separators and typographic signs."""
    text = _plain(cell)
    signed = text.replace("−", "-")
    if NUMBER.fullmatch(signed):
        return signed.replace(",", "")
    return "" if text == UNDEFINED else _safe(text)


def _plain(cell: str) -> str:
    """A cell without its markup; text that is none keeps its angle brackets."""
    if not isinstance(cell, Markup):
        return cell
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", cell)).split())


def _safe(text: str) -> str:
    return re.sub(FORMULA, r"'\1", text)
