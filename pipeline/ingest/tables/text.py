"""Reads tables as text: encodings, separators, the cells of a CSV file and of lines of JSON."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pandas as pd

from zpoints.pipeline.ingest.files.path import SourcePath, read_bytes
from zpoints.pipeline.ingest.limits import refuse_columns

SEPARATORS = ",;\t|"
WHITESPACE = r"\s+"
"""Separates columns only where none of `SEPARATORS` does."""
LOOKED_AT = 20
"""Rows that decide on the separator."""

_STATED = re.compile(r'"?sep=(\\t|[^"\n])"?[;,\t ]*(\n|$)', re.IGNORECASE)
"""Excel's first line, which names the separator."""

_COUNT = re.compile(r"\A\s*[0-9]+ *\n(?=.*[^0-9\s])")
"""The first line of CelebA's files, the number of rows."""


@dataclass(frozen=True)
class Separated:
    """Text of a table, and what separates its columns."""

    text: str
    separator: str


def read_text(path: SourcePath) -> str:
    """The text of a file in UTF-8, or in UTF-16 as Windows writes it; line ends become ``\\n``.

    Raises
    ------
    OSError
        If the file cannot be read or is too large.
    UnicodeDecodeError
        If it has another encoding.
    """
    content = read_bytes(path)
    text = content.decode(_encoding(content[:2]))
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encoding(first: bytes) -> str:
    """The encoding of a text, by its first two bytes; names of columns begin with no zero byte."""
    if first in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if b"\0" in first:
        return "utf-16-be" if first.startswith(b"\0") else "utf-16-le"
    return "utf-8-sig"


def separated(text: str) -> Separated:
    """Find what separates the columns: the line ``sep=;`` if there is one, else the first rows.

    A separator fits if it gives every row as many cells as the header, or one more.

    Examples
    --------
    >>> separated("sep=;\\nfile;Male\\n").separator
    ';'
    >>> separated("file;Hat, cap\\na.jpg;1\\nb.jpg;0\\n").separator
    ';'
    """
    text = text.lstrip("\n")
    if stated := _STATED.match(text):
        separator = "\t" if stated[1] == "\\t" else stated[1]
        return Separated(text[stated.end() :], separator)
    columns = {separator: _columns(text, separator) for separator in SEPARATORS}
    best = max(columns, key=lambda separator: columns[separator])
    words = [len(line.split()) for line in islice(lines_of(text), LOOKED_AT)]
    if columns[best] <= (False, 1) and _fit(words) > (True, 1):
        return Separated(text, WHITESPACE)
    return Separated(text, best)


def _columns(text: str, separator: str) -> tuple[bool, int]:
    rows = csv.reader(lines_of(text), delimiter=separator, skipinitialspace=True)
    try:
        return _fit([len(row) for row in islice(rows, LOOKED_AT)])
    except csv.Error:
        return False, 0


def lines_of(text: str) -> Iterator[str]:
    """The lines one by one; the first ones of a large table are enough."""
    start = 0
    while start < len(text):
        stop = text.find("\n", start) + 1 or len(text)
        yield text[start:stop]
        start = stop


def _fit(lengths: list[int]) -> tuple[bool, int]:
    """Whether rows of these numbers of cells make a table, and its number of columns."""
    cells = [length for length in lengths if length]
    if not cells:
        return False, 0
    header, *others = cells
    rows = set(others) or {header}
    return header > 1 and rows in ({header}, {header + 1}), header


def _completed(table: Separated) -> str:
    """The text of a table whose first line names each column.

    R gives no name to the column of its row names; other programs end each row with a separator.
    """
    text, separator = table.text, table.separator
    cells = [_split(line, separator) for line in islice(lines_of(text), LOOKED_AT)]
    rows = [row for row in cells[1:] if row]
    if not rows or {len(row) for row in rows} != {len(cells[0]) + 1}:
        return text
    if any(row[-1].strip() for row in rows):
        return '""' + (" " if separator == WHITESPACE else separator) + text
    return text.replace("\n", f"{separator}\n", 1)


def _split(line: str, separator: str) -> list[str]:
    if separator == WHITESPACE:
        return line.split()
    return next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])


def read_cells(text: str) -> pd.DataFrame:
    """All cells of a CSV file as text, with the names of the columns in the first row.

    Raises
    ------
    ValueError
        If the text holds no table, or a row has more cells than the header.
    """
    table = separated(_COUNT.sub("", text))
    refuse_columns(len(_split(next(lines_of(table.text), ""), table.separator)))
    cells = pd.read_csv(
        io.StringIO(_completed(table)),
        sep=table.separator,
        header=None,
        dtype=object,
        keep_default_na=False,
        skipinitialspace=True,
    ).fillna("")
    # One array, since pandas handles a table of many arrays column by column.
    rows = cells.to_numpy(dtype=object)
    rows = rows[(rows != "").any(axis=1)]
    return pd.DataFrame(rows[1:], columns=list(rows[0]), dtype=object)


def read_json_lines(text: str) -> pd.DataFrame:
    """The same of a file with one JSON object per row, such as Hugging Face's ``metadata.jsonl``.

    Raises
    ------
    ValueError
        If a line is not a JSON object, or there is none.

    Examples
    --------
    >>> read_json_lines('{"file_name": "1.jpg", "Smiling": true}').to_dict("records")
    [{'file_name': '1.jpg', 'Smiling': 'True'}]
    """
    rows = [json.loads(line) for line in lines_of(text) if line.strip()]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("a line is not a JSON object")
    refuse_columns(len(set().union(*rows)))
    cells = pd.DataFrame(rows, dtype=object)
    return cells.map(str).mask(cells.isna(), "")
