"""Points inside an outline that was drawn in a plane."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.explore.selection.pictures import step_of

CORNERS = 60
"""Corners of an outline that are kept, so that the address of the page holds them."""
DIGITS = 4


def corners(x: Sequence[float], y: Sequence[float]) -> list[float]:
    """An outline as x and y in turn, with at most 60 corners of four digits.

    Examples
    --------
    >>> corners([0.0, 1.00004, 1.0], [0.0, 0.0, 2.0])
    [0.0, 0.0, 1.0, 0.0, 1.0, 2.0]
    """
    step = step_of(len(x), CORNERS)
    places = np.stack([np.asarray(x, float), np.asarray(y, float)], axis=1)[::step]
    return [float(f"{value:.{DIGITS}g}") for value in places.ravel()]


def rectangle(left: float, bottom: float, right: float, top: float) -> list[float]:
    """The corners of a rectangle, x and y in turn.

    Parameters
    ----------
    left, bottom, right, top
        Its sides.
    """
    return corners([left, right, right, left], [bottom, bottom, top, top])


def inside_outline(
    x: NDArray[np.float32], y: NDArray[np.float32], outline: Sequence[float]
) -> NDArray[np.bool_]:
    """Which points are inside an outline, whose last corner joins the first.

    Parameters
    ----------
    x, y
        (point,) coordinates; NaN is outside.
    outline
        x and y of the corners in turn.

    Returns
    -------
    numpy.ndarray
        (point,) bool; where the outline crosses itself, by the even-odd rule.

    Examples
    --------
    >>> x, y = np.array([0.5, 1.5, np.nan]), np.array([0.5, 0.5, 0.5])
    >>> inside_outline(x, y, [0, 0, 1, 0, 1, 1, 0, 1]).tolist()
    [True, False, False]
    """
    places = np.asarray(outline, np.float64).reshape(-1, 2)
    found = np.zeros(len(x), np.bool_)
    if len(places) < 3:
        return found
    (left, bottom), (right, top) = places.min(axis=0), places.max(axis=0)
    near = np.flatnonzero((x >= left) & (x <= right) & (y >= bottom) & (y <= top))
    across, up = x[near].astype(np.float64), y[near].astype(np.float64)
    odd = np.zeros(len(near), np.bool_)
    for (x0, y0), (x1, y1) in zip(places, np.roll(places, -1, axis=0), strict=True):
        if y0 != y1:
            crosses = (y0 > up) != (y1 > up)
            odd ^= crosses & (across < (x1 - x0) * (up - y0) / (y1 - y0) + x0)
    found[near] = odd
    return found
