"""Numbers of tables as the whole numbers that the store keeps."""

from typing import Any

import numpy as np


def fits(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Whether numbers are whole and within the range of an integer dtype.

    Examples
    --------
    >>> fits(np.array([7.0, 1.5, 40_000.0, np.inf]), np.int16)
    array([ True, False, False, False])
    """
    values, limits = np.asarray(values), np.iinfo(dtype)
    if values.dtype.kind in "iu":
        return (values >= limits.min) & (values <= limits.max)
    finite = np.where(np.isfinite(values.astype(float)), values, 0.5).astype(float)
    whole: np.ndarray = np.trunc(finite) == finite
    return whole & (finite >= limits.min) & (finite <= limits.max)


def narrowed(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Numbers as integers of a dtype, none of them changed.

    Raises
    ------
    ValueError
        If one is missing, not whole, or out of range.

    Examples
    --------
    >>> narrowed(np.array([70_000.0]), np.int16)
    Traceback (most recent call last):
    ValueError: 70000 is not a whole number from -32768 to 32767
    """
    values = np.asarray(values)
    wrong = values[~fits(values, dtype)].astype(float)
    if len(wrong) and np.isnan(wrong[0]):
        raise ValueError("a number is missing")
    if len(wrong):
        limits = np.iinfo(dtype)
        raise ValueError(f"{wrong[0]:.17g} is not a whole number from {limits.min} to {limits.max}")
    return values.astype(dtype)
