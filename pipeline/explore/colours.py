"""Colours of points by their density, by a category or by a number, with the key to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PALETTE = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#882255"),
    *("#7a5fd0", "#5c7f0a"),
)
"""Colours of categories, the most frequent first; distinct under common colour blindness."""
OTHER, MISSING = "#8d99a6", "#b9c1c9"
SCALE = ("#46408a", "#3b5a97", "#2f7398", "#26898e", "#2aa486", "#4ebf6c", "#87cf48", "#c3d52f")
"""Colours of numbers, from low to high: viridis without its ends, which fade into a page."""
DENSE = "#2f86e0"
"""Colour of points, the more opaque the more there are in a pixel; for light and dark pages."""
MOST = len(PALETTE)
"""Categories with a colour of their own; the others share one."""
FEW = 12
"""Whole numbers with at most so many values are categories."""


@dataclass(frozen=True, eq=False)
class Colouring:
    """What decides the colour of each vector.

    Attributes
    ----------
    title
        The name of the label.
    kind
        `density` needs no values, `category` has codes, `number` has numbers.
    values
        (vector,) int16 numbers of categories in `key`, or float32 numbers, NaN where missing.
    key
        Names and colours of the categories.
    ends
        Lowest and highest colour of a number, as texts.
    limits
        The numbers of these: the 1st and 99th percentile.
    """

    title: str
    kind: Literal["density", "category", "number"]
    values: NDArray[Any] | None = None
    key: tuple[tuple[str, str], ...] = ()
    ends: tuple[str, str] = ("", "")
    limits: tuple[float, float] = (0.0, 1.0)


def density() -> Colouring:
    """Colours by the number of points."""
    return Colouring("density", "density")


def of_label(title: str, values: Any) -> Colouring:
    """Colours by the values of a label of any kind.

    Booleans, text and few whole numbers are categories; other numbers and dates have a scale.

    Parameters
    ----------
    title
        Name of the label.
    values
        (vector,) values, some of which may be missing.

    Examples
    --------
    >>> of_label("Smiling", [True, False, True]).key
    (('yes', '#0072b2'), ('no', '#d55e00'))
    """
    column = pd.Series(values).reset_index(drop=True)
    if column.dtype == object:
        column = column.convert_dtypes()
    kinds = pd.api.types
    if kinds.is_bool_dtype(column):
        return _by_frequency(title, column.map({True: "yes", False: "no"}), ["yes", "no"])
    if kinds.is_datetime64_any_dtype(column):
        days = np.full(len(column), np.nan)
        known = column.notna().to_numpy()
        days[known] = column[known].to_numpy("datetime64[s]").astype(np.int64) / 86400
        return _of_numbers(title, days, dates=True)
    if kinds.is_numeric_dtype(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if not _few(numbers):
            return _of_numbers(title, numbers)
        whole = pd.Series(numbers).astype("Int64").astype("string")
        known_values = sorted(whole.dropna().unique(), key=int)
        return _by_frequency(title, whole, list(map(str, known_values)))
    text = column.astype("string")
    return _by_frequency(title, text, None)


def of_categories(title: str, codes: NDArray[np.int16], names: Sequence[str]) -> Colouring:
    """Colours by category, in the given order.

    Parameters
    ----------
    title
        What the categories are.
    codes
        (vector,) number of each vector's category in `names`.
    names
        Names of all categories.
    """
    text: Any = pd.Series(np.asarray(names, dtype=object)[codes])
    return _by_frequency(title, text, list(names))


def _few(numbers: NDArray[np.float64]) -> bool:
    found = np.unique(numbers[np.isfinite(numbers)])
    return 0 < len(found) <= FEW and bool(np.all(found == np.round(found)))


def _by_frequency(title: str, column: Any, order: list[str] | None) -> Colouring:
    """Colours of categories: the most frequent have their own."""
    counts = column.value_counts()
    counts = counts[counts > 0]
    present = [name for name in (order or counts.index.tolist()) if name in counts.index]
    own = present
    if len(present) > MOST:
        frequent = set(counts.index[: MOST - 1])
        own = [name for name in present if name in frequent]
    code_of = {name: code for code, name in enumerate(own)}
    key = [(str(name), PALETTE[code]) for name, code in code_of.items()]
    other = missing = len(own)
    if len(own) < len(present):
        key.append((f"{len(present) - len(own):,} others", OTHER))
        missing += 1
    codes = column.astype(object).map(code_of).fillna(other).to_numpy().astype(np.int16)
    if column.isna().any():
        codes[column.isna().to_numpy()] = missing
        key.append(("missing", MISSING))
    return Colouring(title, "category", codes, tuple(key))


def _of_numbers(title: str, numbers: NDArray[np.float64], *, dates: bool = False) -> Colouring:
    known = numbers[np.isfinite(numbers)]
    low, high = map(float, np.percentile(known, [1, 99])) if known.size else (0.0, 1.0)
    if high <= low:
        high = low + 1.0
    ends = (_date(low), _date(high)) if dates else (f"{low:.3g}", f"{high:.3g}")
    values = numbers.astype(np.float32)
    return Colouring(title, "number", values, ends=ends, limits=(low, high))


def _date(day: float) -> str:
    return str(np.datetime64("1970-01-01") + np.timedelta64(round(day), "D"))
