"""Columns of cells as numbers, dates or text, with missing values."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from zpoints.pipeline.labels.label_names import label_named
from zpoints.storage.text import printable

BLANK = {"", "na", "n/a", "#n/a", "<na>", "nan", "nat", "none", "null"}
LONGEST = 1000
"""Characters of a text up to which its column is a label."""
EXACT = 2**53
"""Whole numbers up to which float64 is exact; a column with larger ones is text, often of ids."""
NAMES = {"f": "numbers", "i": "numbers", "M": "dates", "O": "text", "b": "true and false"}
"""By the kind of a NumPy dtype, what notes call the values of a label."""

_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*|(?=\.[0-9]))(\.[0-9]*)?([eE][+-]?[0-9]+)?", re.ASCII)
"""Not with leading zeros: those are codes."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.,]+(Z|[+-][0-9:]+)?)?", re.ASCII)


@dataclass(frozen=True)
class Known:
    """A label: its values (image, ...), and (image,) bool, for which photographs it is known."""

    values: np.ndarray
    known: np.ndarray


def values_of(column: pd.Series) -> Known | None:
    """Numbers, dates or text of a column of any dtype; None if it has no value or too long ones.

    Parameters
    ----------
    column
        (row,) cells; a cell of `BLANK` is missing.

    Returns
    -------
    Known
        (row,) float64, NaN where missing; datetime64[us] in UTC, NaT where missing; or texts in
        composed Unicode with single blanks, empty where missing.

    Examples
    --------
    >>> values_of(pd.Series(["40", "n/a", "17.5"])).values
    array([40. ,  nan, 17.5])
    >>> values_of(pd.Series(["2026-11-30", ""])).values.astype(str).tolist()
    ['2026-11-30T00:00:00.000000', 'NaT']
    >>> values_of(pd.Series(["007", "1"])).values.tolist()
    ['007', '1']
    """
    codes, cells = pd.factorize(column)
    texts = [*(_cleaned(cell) for cell in cells), ""]
    known = np.array([text.lower() not in BLANK for text in texts])
    given = [text for text, is_known in zip(texts, known, strict=True) if is_known]
    if not given:
        return None
    values = _numbers(texts, known)
    values = _dates(texts, known) if values is None else values
    if values is None:
        if max(map(len, given)) > LONGEST:
            return None
        values = np.array([t if k else "" for t, k in zip(texts, known, strict=True)], dtype=object)
    return Known(values[codes], known[codes])


def whole(values: np.ndarray) -> np.ndarray:
    """Numbers as int64 if all are whole and none is missing, as pandas reads them.

    Examples
    --------
    >>> whole(np.array([3.0, 7.0])).dtype, whole(np.array([3.0, np.nan])).dtype
    (dtype('int64'), dtype('float64'))
    """
    if values.dtype.kind == "f" and np.isfinite(values).all() and not (values % 1).any():
        return values.astype(np.int64)
    return values


def _cleaned(cell: Any) -> str:
    """A cell as text that the store can hold."""
    return label_named(printable(str(cell)).encode("utf-8", "replace").decode())


def _numbers(texts: list[str], known: np.ndarray) -> np.ndarray | None:
    """float64, NaN where not known; None if a known text is not a number."""
    values = np.full(len(texts), np.nan)
    for row in np.flatnonzero(known):
        if not _NUMBER.fullmatch(texts[row]):
            return None
        values[row] = float(texts[row])
    found = values[known]
    is_whole = np.trunc(found) == found
    exact = np.isfinite(found).all() and (np.abs(found[is_whole]) < EXACT).all()
    return values if exact else None


def _dates(texts: list[str], known: np.ndarray) -> np.ndarray | None:
    """datetime64[us], NaT where not known; None if a known text is not a date in ISO form."""
    values = np.full(len(texts), np.datetime64("NaT", "us"), dtype="M8[us]")
    for row in np.flatnonzero(known):
        if not _DATE.fullmatch(texts[row]):
            return None
        try:
            found = datetime.fromisoformat(texts[row])
        except ValueError:
            return None
        if found.tzinfo is not None:
            found = found.astimezone(UTC).replace(tzinfo=None)
        values[row] = found
    return values
