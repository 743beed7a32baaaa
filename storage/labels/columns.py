"""Kinds of labels, by their values alone, and labels as columns of numbers."""

from dataclasses import dataclass
from datetime import date
from numbers import Real
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

LabelKind = Literal["flag", "category", "number", "date", "text"]

MOST_TEXTS = 256
"""Distinct texts of a label up to which they are categories; a label of more is only text."""
MOST_NUMBERS = 32
"""Distinct whole numbers of a label up to which they are categories; more are measurements."""
REPEATED = 2
"""Rows that a category has at least, on average; captions of a few photographs have fewer."""
DAYS = "days since 1970-01-01"
"""Unit of dates."""
DAY = np.timedelta64(1, "D") / np.timedelta64(1, "us")
"""Microseconds of a day."""


@dataclass(frozen=True)
class LabelColumn:
    """A label that has statistics: its categories, or numbers.

    Attributes
    ----------
    name
        Name of the label.
    kind
        What its values are; dates count as days since 1970-01-01.
    categories
        The categories as text, sorted by value; empty for other kinds.
    """

    name: str
    kind: LabelKind
    categories: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """Unit of the numbers."""
        return DAYS if self.kind == "date" else "1"

    def as_numbers(self, values: Any) -> NDArray[np.float64]:
        """Values as numbers: the index of the category, the number, or days.

        Parameters
        ----------
        values
            (row,) of the label, as a group holds them, or as its array stores dates.

        Returns
        -------
        numpy.ndarray
            (row,) float64, NaN where missing, or of a category that is not listed.

        Examples
        --------
        >>> species = LabelColumn("species", "category", ("cat", "dog"))
        >>> species.as_numbers(np.array(["dog", "", "cat"], dtype=object))
        array([ 1., nan,  0.])
        """
        values = np.asarray(values)
        if self.kind == "date":
            times = values.view("M8[us]") if values.dtype.kind == "i" else values.astype("M8[us]")
            days = times.astype(np.int64) / DAY
            return np.where(np.isnat(times), np.nan, days)
        if self.kind == "number":
            return _finite(values)
        code = {category: float(k) for k, category in enumerate(self.categories)}
        if values.dtype.kind in "iuf":
            numbers, places = np.unique(_finite(values), return_inverse=True)
            codes = [code.get(_whole(number), np.nan) for number in numbers]
            return np.array(codes, np.float64)[places.reshape(len(values))]
        found = (code.get(_text(value), np.nan) for value in values.tolist())
        return np.fromiter(found, np.float64, len(values))


def label_column(name: str, values: Any) -> LabelColumn:
    """The kind of a label, by its values.

    Booleans are flags. Text of at most `MOST_TEXTS`, and whole numbers of at most `MOST_NUMBERS`
    distinct values that are repeated on average are categories; other text is only text, other
    numbers are measurements.

    Parameters
    ----------
    name
        Name of the label.
    values
        (row,) booleans, numbers (NaN where missing), dates (NaT) or texts (empty, None or NaN).

    Examples
    --------
    >>> label_column("digit", np.array([3.0, np.nan, 7.0, 3.0, 7.0])).categories
    ('3', '7')
    >>> label_column("caption", np.array(["a hat", "a tie"], dtype=object)).kind
    'text'
    """
    values = np.asarray(values)
    if values.dtype.kind in "bM":
        return LabelColumn(name, "flag" if values.dtype.kind == "b" else "date")
    if values.dtype.kind in "iuf":
        known = _finite(values)
        known = known[~np.isnan(known)]
        few = np.unique(known)
        if _are_categories(len(few), len(known), MOST_NUMBERS) and not (few % 1).any():
            return LabelColumn(name, "category", tuple(map(_whole, few)))
        return LabelColumn(name, "number")
    texts = [text for text in map(_text, values.tolist()) if text]
    distinct = set(texts)
    if _are_categories(len(distinct), len(texts), MOST_TEXTS):
        return LabelColumn(name, "category", tuple(sorted(distinct)))
    return LabelColumn(name, "text")


def label_values(values: Any) -> np.ndarray:
    """Values in the dtype in which a group holds a label of their kind.

    Parameters
    ----------
    values
        (row,) booleans, numbers, dates or texts of any dtype; None, NaN, NaT where missing.

    Returns
    -------
    numpy.ndarray
        bool, int64, float64 (NaN where missing), datetime64[us] (NaT), or text as object (empty).

    Examples
    --------
    >>> label_values(np.array([3, 7], np.uint8)).dtype, label_values([3, None]).tolist()
    (dtype('int64'), [3.0, nan])
    >>> label_values(["cat", None]).tolist(), label_values(np.zeros(1, "M8[D]")).dtype
    (['cat', ''], dtype('<M8[us]'))
    """
    found = np.asarray(values)
    if found.dtype == object:
        missing = pd.isna(found)
        kinds = {type(value) for value in found[~missing].tolist()}
        if kinds and all(issubclass(kind, Real) and kind is not bool for kind in kinds):
            return np.where(missing, np.nan, found).astype(np.float64)
        if kinds and all(issubclass(kind, date) for kind in kinds):
            return np.where(missing, "NaT", found.astype(str)).astype("M8[us]")
        found = np.where(missing, "", found)
    fits = found.dtype.kind != "u" or not found.size or found.max() <= np.iinfo(np.int64).max
    dtype = {"b": "bool", "i": "int64", "u": "int64", "f": "float64", "M": "M8[us]"}
    if fits and found.dtype.kind in dtype:
        return found.astype(dtype[found.dtype.kind])
    return np.array([_text(value) for value in found.tolist()], dtype=object)


def category_name(label: str, category: str) -> str:
    """A category with its label, as the coordinate `category` of a group names it."""
    return f"{label}={category}"


def _are_categories(distinct: int, known: int, most: int) -> bool:
    return 0 < distinct <= most and REPEATED * distinct <= known


def _finite(values: np.ndarray) -> NDArray[np.float64]:
    numbers = values.astype(np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _whole(number: float) -> str:
    return "" if np.isnan(number) else str(int(number)) if number % 1 == 0 else str(number)


def _text(value: Any) -> str:
    """A value as the text of a category; empty where missing."""
    return "" if value is None or value != value else str(value)
