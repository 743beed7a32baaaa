"""Columns of numbers: those that count rows, and names that a spreadsheet took for numbers."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

IDS = (
    *("id", "image", "image_id", "image_number", "img", "img_id", "photo", "photo_id"),
    *("file", "file_name", "filename", "name"),
)
"""Columns whose numbers are certainly those of photographs, in lower case."""

ROW_NUMBERS = re.compile(r"|index|unnamed: [0-9]+", re.IGNORECASE)
"""What tables call a column that counts their rows."""


def counts_rows(column: pd.Series, position: np.ndarray) -> bool:
    """Whether a column of numbers counts the rows of a table, and names no photographs.

    It has the name of such a column, or it counts from 0 where no photograph has that number:
    matched with 1.jpg, 2.jpg, ... each row would be of the photograph before its own.

    Parameters
    ----------
    column
        (row,) text.
    position
        (row,) index of the photograph that has this number, or -1.
    """
    if not column.str.fullmatch("[0-9]+").all():
        return False
    if ROW_NUMBERS.fullmatch(str(column.name)):
        return True
    return bool(position[0] < 0) and list(column) == [str(row) for row in range(len(column))]


def with_zeros(column: pd.Series, names: Sequence[str]) -> pd.Series:
    """Names that lost their leading zeros, with as many digits as all photographs have.

    Examples
    --------
    >>> list(with_zeros(pd.Series(["1", "20"]), ["a/000001.jpg", "a/000020.jpg"]))
    ['000001', '000020']
    >>> list(with_zeros(pd.Series(["1", "20"]), ["1.jpg", "20.jpg"]))
    ['1', '20']
    """
    stems = [name.rpartition("/")[2].partition(".")[0] for name in names]
    widths = {len(stem) if stem.isdecimal() and stem.isascii() else 0 for stem in stems}
    if len(widths) > 1 or 0 in widths or not column.str.fullmatch("[0-9]+").all():
        return column
    return column.str.zfill(widths.pop())
