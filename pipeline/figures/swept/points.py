"""The points of a sweep: their parameters as text, and those on the frontier."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

NULL = "null"
"""A parameter that is not set, as configurations write it."""
SMALL_IS_GOOD = ("round_trip",)
"""Measures of typicality of which less is better; of the others of a frontier, more is."""


def parameters(sweep: xr.Dataset) -> list[str]:
    """Names of the parameters with several values, or of all if none has, in the grid's order."""
    along = [str(name) for name, c in sweep.coords.items() if c.dims == ("point",)]
    order = _listed(sweep.attrs.get("varied"))
    along.sort(key=lambda name: order.index(name) if name in order else -1)
    return [name for name in along if len(values(sweep, name)) > 1] or along


def texts(sweep: xr.Dataset, name: str) -> list[str]:
    """Values of a parameter at every point, as text."""
    return [_text(value) for value in sweep[name].values.tolist()]


def values(sweep: xr.Dataset, name: str) -> list[str]:
    """The different values of a parameter as text: numbers in their order, null last."""
    column = sweep[name].values
    numbers = column.dtype.kind in "if"
    known = np.unique(column).tolist() if numbers else column.tolist()  # NaN is last
    return list(dict.fromkeys(_text(value) for value in known))


def frontier_points(sweep: xr.Dataset, x: str, y: str) -> NDArray[np.bool_]:
    """Whether no other point is as good in one of two measures and better in the other.

    Parameters
    ----------
    sweep
        The group `sweep`.
    x, y
        Names of measures of which more, or less, is better.

    Returns
    -------
    numpy.ndarray
        bool (point); False where a measure is NaN.
    """
    goodness = np.stack([_sign(name) * sweep[name].values for name in (x, y)])
    known = np.isfinite(goodness).all(axis=0)
    better = goodness[:, None, :] - goodness[:, :, None]  # of the point of the last axis
    dominated = (better >= 0).all(axis=0) & (better > 0).any(axis=0)
    return known & ~(dominated & known).any(axis=1)


def matching(sweep: xr.Dataset, chosen: dict[str, str]) -> NDArray[np.int64]:
    """Numbers of the points where parameters have given values."""
    found = np.ones(sweep.sizes["point"], dtype=bool)
    for name, value in chosen.items():
        found &= np.array(texts(sweep, name)) == value
    return np.flatnonzero(found)


def _sign(name: str) -> int:
    return -1 if name in SMALL_IS_GOOD else 1


def _listed(attribute: Any) -> Sequence[str]:
    """A list of names, which a dataset of a store holds as JSON."""
    return json.loads(attribute) if isinstance(attribute, str) else list(attribute or ())


def _text(value: Any) -> str:
    if value is None or value != value or value == "":
        return NULL
    return f"{value:g}" if isinstance(value, float) else str(value)
