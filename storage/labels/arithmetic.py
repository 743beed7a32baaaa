"""Arithmetic of queries: whole numbers are exact or refused, they never wrap."""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

_UFUNCS: Mapping[type[ast.operator], Callable[..., Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.true_divide,
    ast.FloorDiv: np.floor_divide,
    ast.Mod: np.mod,
}


class OutOfRangeError(ArithmeticError):
    """A whole number does not fit into 64 bits."""


def calculate(operation: type[ast.operator], left: Any, right: Any) -> np.ndarray:
    """Add, subtract, multiply or divide numbers.

    Whole numbers give whole numbers, except with `/`; a division by 0 gives NaN or infinity.

    Parameters
    ----------
    operation
        Of Python's `ast`, e.g. `ast.Add`.
    left, right
        Numbers or booleans, which count as 0 and 1: arrays of one shape, or single ones.

    Raises
    ------
    OutOfRangeError
        If whole numbers do not fit into 64 bits.

    Examples
    --------
    >>> calculate(ast.Add, np.array([True, False]), np.array([True, True])).tolist()
    [2, 1]
    >>> calculate(ast.Mod, np.array([2**64 - 1], np.uint64), 10).tolist()
    [5]
    """
    divides = operation in (ast.Div, ast.FloorDiv, ast.Mod)
    exact = not (_is_float(left) or _is_float(right) or operation is ast.Div)
    dtype: Any = np.float64
    if exact and not (divides and np.any(np.equal(right, 0))):
        dtype = _whole(operation, _bounds(left), _bounds(right))
    found = _UFUNCS[operation](np.asarray(left, dtype=dtype), np.asarray(right, dtype=dtype))
    return np.asarray(found)


def is_in(values: Any, items: Sequence[Any]) -> Any:
    """Whether values are among some literals.

    Parameters
    ----------
    values
        (row,) array, of Python's strings, numbers or times; or one literal.
    items
        Literals of the same kind.

    Examples
    --------
    >>> is_in(np.array([1, 2, 255], np.uint8), [2.0, 257, -1, 1.5]).tolist()
    [False, True, False]
    """
    if not isinstance(values, np.ndarray):
        return values in items
    if values.dtype == object:
        wanted = frozenset(items)
        return np.fromiter((value in wanted for value in values), np.bool_, len(values))
    if values.dtype.kind == "M":
        return np.isin(values, np.array(items, values.dtype))
    if values.dtype.kind == "f":
        return np.isin(values.astype(np.float64), np.array(items, np.float64))
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    limits = np.iinfo(values.dtype)
    whole = [int(item) for item in items if item == item // 1]
    fitting = [item for item in whole if limits.min <= item <= limits.max]
    return np.isin(values, np.array(fitting, values.dtype))


def _is_float(values: Any) -> bool:
    return isinstance(values, float) or (
        isinstance(values, np.ndarray) and values.dtype.kind == "f"
    )


def _bounds(values: Any) -> tuple[int, int]:
    """Smallest and largest of whole numbers."""
    if not isinstance(values, np.ndarray):
        return int(values), int(values)
    return (int(values.min()), int(values.max())) if values.size else (0, 0)


def _whole(operation: type[ast.operator], left: tuple[int, int], right: tuple[int, int]) -> Any:
    """The dtype that holds both operands and the result."""
    (a, b), (c, d) = left, right
    size = max(map(abs, left)) if operation is ast.FloorDiv else max(map(abs, right))
    bounds: Mapping[type[ast.operator], tuple[int, ...]] = {
        ast.Add: (a + c, b + d),
        ast.Sub: (a - d, b - c),
        ast.Mult: (a * c, a * d, b * c, b * d),
    }
    result = bounds.get(operation, (0 if min(a, c) >= 0 else -size, size))
    lowest, highest = min(a, c, *result), max(b, d, *result)
    for dtype in (np.int64, np.uint64):
        if np.iinfo(dtype).min <= lowest and highest <= np.iinfo(dtype).max:
            return dtype
    raise OutOfRangeError
