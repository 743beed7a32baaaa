"""Colours of points by a label: boolean, category, number or date, with missing values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import described
from zpoints.storage.errors import SUGGESTED, did_you_mean
from zpoints.storage.text import some_of

MISSING, OTHER = "#a7b0ba", "#d5dbe1"
COLOURS = (style.DATA, *style.SERIES, style.INK, "#882255")
"""Colours of categories, the most frequent first; distinct under every common colour blindness."""
MOST = len(COLOURS)
"""Categories that get a colour of their own; the others share one."""
FEW = 12
"""Whole numbers with at most so many values are categories."""
NUMBERS = "viridis"

_LONGEST = 18  # characters of a category in the legend


@dataclass(frozen=True)
class Colours:
    """A colour for each point, and their key.

    Attributes
    ----------
    name
        Name of the label; empty if it has none.
    colours
        (point) str, hexadecimal.
    key
        Names and colours of the categories; empty for a number.
    scale
        Colours of a number, or None.
    dates
        Whether the scale is one of dates.
    """

    name: str
    colours: NDArray[np.str_]
    key: tuple[tuple[str, str], ...] = ()
    scale: ScalarMappable | None = None
    dates: bool = False

    def explain(self, axes: Axes, *, bar_axes: Axes | None = None) -> None:
        """Add a legend, or a colour bar, on the right of the axes.

        Parameters
        ----------
        axes
            The axes.
        bar_axes
            Axes that become the colour bar, if it is to be elsewhere.
        """
        if self.scale is not None:
            place = {} if bar_axes is None else {"cax": bar_axes}
            bar = style.colour_bar(self.scale, axes, style.tick_label(self.name), **place)
            if self.dates:
                locator = AutoDateLocator(minticks=3, maxticks=7)
                bar.ax.yaxis.set_major_locator(locator)
                bar.ax.yaxis.set_major_formatter(ConciseDateFormatter(locator))
                bar.ax.yaxis.get_offset_text().set_fontsize(style.NOTE)
            return
        style.legend(
            axes,
            handles=[
                Line2D([], [], marker="o", ls="", ms=4, color=colour) for _, colour in self.key
            ],
            labels=[name for name, _ in self.key],
            title=style.tick_label(self.name),
            title_fontsize=style.TICK,
            alignment="left",
            loc="upper left",
            bbox_to_anchor=(1.0, 1.0),
            handletextpad=0.1,
            labelspacing=0.3,
        )


def values_of(data: Any, color: Any, rows: NDArray[np.int64], total: int) -> tuple[str, Any]:
    """Name and values of a label for the rows that are drawn.

    Parameters
    ----------
    data
        What was given as vectors: a dataset with labels, a store, or an array.
    color
        Name of a label, or a value for each vector.
    rows
        (row) int64, the rows drawn.
    total
        Number of all vectors.

    Raises
    ------
    FigureError
        If there is no such label, or the number of values differs.
    """
    if isinstance(color, str):
        labelled = isinstance(data, xr.Dataset | xr.DataArray)
        dataset = data if labelled else getattr(data, "latents", None)
        known = _labels(dataset, total)
        if color not in known:
            listed = some_of(known) if known else "none, since these vectors carry no labels"
            raise FigureError(
                f"Got color={color!r}; expected a label of the vectors ({listed}), or a value for "
                f"each of the {total} vectors.{did_you_mean(color, known, SUGGESTED)}"
            )
        return color, np.asarray(dataset[color][rows])  # type: ignore[index]
    name = str(getattr(color, "name", None) or "")
    if not hasattr(color, "__len__") or np.ndim(color) > 1 or len(color) not in (total, len(rows)):
        raise FigureError(
            f"Got color as {described(color)}; expected the name of a label, or a value for each "
            f"of the {total} vectors."
        )
    values = pd.Series(color).reset_index(drop=True)
    return name, values if len(values) == len(rows) else values.iloc[rows].reset_index(drop=True)


def _labels(dataset: Any, total: int) -> list[str]:
    if dataset is None:
        return []
    held = dataset.variables if isinstance(dataset, xr.Dataset) else dataset.coords
    return [str(name) for name in held if held[name].ndim == 1 and held[name].size == total]


def colours_by(name: str, values: Any) -> Colours:
    """Colours of the values of a label.

    Booleans and text are categories, and so are whole numbers of at most 12 values; of more than
    10 categories the most frequent 9 get a colour. Other numbers and dates get a scale.

    Parameters
    ----------
    name
        Name of the label.
    values
        (point) values, some of which may be missing.

    Examples
    --------
    >>> colours_by("Smiling", [True, False, None]).key
    (('yes', '#0072B2'), ('no', '#D55E00'), ('missing', '#a7b0ba'))
    """
    column = pd.Series(values).reset_index(drop=True)
    if column.dtype == object:
        column = column.convert_dtypes()
    kinds = pd.api.types
    if kinds.is_bool_dtype(column):
        return _categories(name, column.map({True: "yes", False: "no"}), ["yes", "no"])
    if kinds.is_datetime64_any_dtype(column):
        days = np.full(len(column), np.nan)
        days[column.notna()] = date2num(column.dropna().dt.tz_localize(None).to_numpy())
        return _scale(name, days, dates=True)
    if kinds.is_numeric_dtype(column) and not _few(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return _scale(name, np.where(np.isfinite(numbers), numbers, np.nan))
    if kinds.is_numeric_dtype(column):
        column = column.astype("Int64")
        known = [str(value) for value in sorted(column.dropna().unique())]
        return _categories(name, column.astype("string"), known)
    text = column.astype("string")
    return _categories(name, text, text.value_counts().index.tolist())


def _few(column: "pd.Series[Any]") -> bool:
    """Whether numbers are few whole ones, missing values aside."""
    found = column.dropna().unique()
    return 0 < len(found) <= FEW and bool(np.all(np.mod(found.astype(np.float64), 1) == 0))


def _categories(name: str, column: "pd.Series[Any]", known: Sequence[str]) -> Colours:
    """Colours of categories in this order, which the legend keeps."""
    counts = column.value_counts()
    present = [category for category in known if category in counts.index]
    own = present
    if len(present) > MOST:
        frequent = set(counts.index[: MOST - 1])
        own = [category for category in present if category in frequent]
    colour_of = dict(zip(own, COLOURS, strict=False))
    colours = column.map(colour_of).fillna(OTHER).where(column.notna(), MISSING)
    key = [(style.plain_label(category, _LONGEST), colour_of[category]) for category in own]
    if len(own) < len(present):
        key.append((f"{len(present) - len(own):,} others", OTHER))
    if column.isna().any():
        key.append(("missing", MISSING))
    return Colours(name, colours.to_numpy(dtype=str), tuple(key))


def _scale(name: str, numbers: NDArray[np.float64], *, dates: bool = False) -> Colours:
    """Colours of numbers, NaN where missing."""
    finite = numbers[np.isfinite(numbers)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    scale = ScalarMappable(Normalize(low, high if high > low else low + 1), NUMBERS)
    rgba = scale.to_rgba(np.nan_to_num(numbers, nan=low))
    colours = np.array([to_hex(colour) for colour in rgba], dtype=str)
    shown = np.where(np.isfinite(numbers), colours, MISSING)
    return Colours(name, shown, scale=scale, dates=dates)
