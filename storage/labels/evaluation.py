"""Evaluation of queries over columns of labels, by NumPy alone."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from typing import Any, Literal
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from zpoints.storage.errors import SUGGESTED, nearest
from zpoints.storage.labels.arithmetic import OutOfRangeError, calculate, is_in
from zpoints.storage.labels.syntax import Query, literals
from zpoints.storage.labels.tokens import quoted, shown
from zpoints.storage.text import one_of, some_of

Bools = NDArray[np.bool_]
Kind = Literal["flag", "number", "text", "time"]

MOST_LISTED = 12
"""Labels that a message lists."""
_NAMES = {
    "flag": "true or false",
    "number": "a number",
    "text": "text",
    "time": "a date",
}
_KINDS: Mapping[str, Kind] = {
    "b": "flag",
    **dict.fromkeys("iuf", "number"),
    **dict.fromkeys("OUT", "text"),
    "M": "time",
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


@dataclass(frozen=True)
class _Value:
    """A column or a literal.

    Attributes
    ----------
    kind
        What its values are.
    values
        (row,) array, of Python's strings for text; or one literal.
    known
        (row,) bool, where a value is not missing; or True.
    """

    kind: Kind
    values: Any
    known: Any = True

    @property
    def true(self) -> Any:
        """Where a flag is true, and not missing."""
        return np.logical_and(self.values, self.known)

    @property
    def false(self) -> Any:
        """Where a flag is false, and not missing."""
        return np.logical_and(np.logical_not(self.values), self.known)


def _flag(true: Any, false: Any) -> _Value:
    """A flag that is missing where it is neither."""
    return _Value("flag", true, np.logical_or(true, false))


def evaluate(query: Query, columns: Mapping[str, np.ndarray], rows: int) -> Bools:
    """Evaluate a query over labels.

    A missing value (NaN, no date, an empty text) is neither true nor false of any comparison, as in
    SQL: `age > 40` and `not age > 40` select no row without an age.

    Parameters
    ----------
    query
        The query.
    columns
        Labels by name, (row,) of any dtype; only those that the query names are looked up.
    rows
        Their length.

    Returns
    -------
    numpy.ndarray
        (row,) bool: the rows that the query selects.

    Raises
    ------
    QueryError
        If the query names an unknown label, compares what cannot be compared, or is not true or
        false for each row.

    Examples
    --------
    >>> from zpoints.storage.labels.syntax import parse_query
    >>> columns = {"age": np.array([3, 40, 20]), "sex": np.array(["f", "m", "f"])}
    >>> evaluate(parse_query("10 < age <= 20 or sex == 'm'"), columns, 3)
    array([False,  True,  True])
    """
    with np.errstate(all="ignore"):
        found = _Evaluation(query, columns).of(query.tree)
    if found.kind != "flag" or np.shape(found.values) != (rows,):
        problem = "it is not true or false for each row"
        raise query.error(problem, query.tree, "Expected a comparison such as split == 'test'.")
    return np.asarray(found.true, dtype=np.bool_)


@dataclass(frozen=True)
class _Evaluation:
    query: Query
    columns: Mapping[str, np.ndarray]

    def of(self, node: ast.expr) -> _Value:
        """The value of a part of the query."""
        match node:
            case ast.Name():
                return self._named(node)
            case ast.BoolOp():
                return self._combined(node)
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                flag = self._flags(node.operand)
                return _flag(flag.false, flag.true)
            case ast.UnaryOp():
                operation = ast.Sub if isinstance(node.op, ast.USub) else ast.Add
                nothing = _Value("number", 0)
                return self._calculated(node, operation, nothing, self._numbers(node.operand))
            case ast.BinOp():
                left, right = self._numbers(node.left), self._numbers(node.right)
                return self._calculated(node, type(node.op), left, right)
            case ast.Compare():
                return self._compared(node)
            case ast.Call(args=[ast.Name() as label]):
                found = self._named(label)
                gone = np.logical_not(np.broadcast_to(found.known, np.shape(found.values)))
                return _Value("flag", gone)
            case ast.Call(func=ast.Name() as function, args=[label, ast.Name() as part]):
                return self._searched(function, label, part)
        raise self.query.error("this is not part of the language of queries", node)

    def _named(self, node: ast.Name) -> _Value:
        token = self.query.token(node)
        if token.kind in ("text", "number", "flag"):
            return _Value(token.kind, token.value)
        name = str(token.value)
        if name not in self.columns:
            suggestion = _suggestion(name, list(self.columns))
            raise self.query.error(
                f"it names an unknown label: {shown(name)}; {suggestion}", node, ""
            )
        values = np.asarray(self.columns[name])
        kind = _KINDS.get(values.dtype.kind)
        if kind is None:
            problem = f"the label {shown(name)} holds values of dtype {values.dtype}"
            raise self.query.error(problem, node, "Expected booleans, numbers, text or dates.")
        wide = _widened(values, kind)
        return _Value(kind, wide, _known(wide, kind))

    def _combined(self, node: ast.BoolOp) -> _Value:
        flags = [self._flags(part) for part in node.values]
        true, false = [flag.true for flag in flags], [flag.false for flag in flags]
        if isinstance(node.op, ast.And):
            return _flag(reduce(np.logical_and, true), reduce(np.logical_or, false))
        return _flag(reduce(np.logical_or, true), reduce(np.logical_and, false))

    def _compared(self, node: ast.Compare) -> _Value:
        left, links = node.left, list[_Value]()
        for op, right in zip(node.ops, node.comparators, strict=True):
            listed = isinstance(op, ast.In | ast.NotIn)
            link = self._listed(left, right) if listed else self._pair(op, left, right)
            links.append(_flag(link.false, link.true) if isinstance(op, ast.NotIn) else link)
            left = right
        true, false = [link.true for link in links], [link.false for link in links]
        return _flag(reduce(np.logical_and, true), reduce(np.logical_or, false))

    def _pair(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> _Value:
        one, other = self.of(left), self.of(right)
        one, other = self._as_times(one, other, left), self._as_times(other, one, right)
        self._refuse_mixed(one, other, right)
        values = _COMPARISONS[type(op)](one.values, other.values)
        return _Value("flag", values, np.logical_and(one.known, other.known))

    def _as_times(self, value: _Value, other: _Value, node: ast.expr) -> _Value:
        """A text that is compared with dates, as a date."""
        if other.kind != "time" or not isinstance(value.values, str):
            return value
        try:
            found = datetime.fromisoformat(value.values)
        except ValueError:
            problem = f"{shown(value.values)} is not a date"
            raise self.query.error(problem, node, "Write it as '2026-11-30'.") from None
        if found.tzinfo is not None:
            found = found.astimezone(UTC).replace(tzinfo=None)
        return _Value("time", np.datetime64(found))

    def _listed(self, left: ast.expr, right: ast.expr) -> _Value:
        value = self.of(left)
        assert isinstance(right, ast.List | ast.Tuple)
        items = []
        for item, node in zip(literals(self.query, right), right.elts, strict=True):
            kind: Kind = "text" if isinstance(item, str) else "number"
            listed = self._as_times(_Value(kind, item), value, node)
            self._refuse_mixed(value, listed, node)
            items.append(listed.values)
        return _Value("flag", is_in(value.values, items), value.known)

    def _refuse_mixed(self, one: _Value, other: _Value, node: ast.expr) -> None:
        """Refuse to compare text with numbers; true counts as 1, false as 0."""
        kinds = {"number" if value.kind == "flag" else value.kind for value in (one, other)}
        if len(kinds) > 1:
            problem = f"it compares {_NAMES[one.kind]} with {_NAMES[other.kind]}"
            remedy = "Write numbers without quotation marks, and text in them."
            raise self.query.error(problem, node, remedy)

    def _searched(self, function: ast.Name, label: ast.expr, part: ast.Name) -> _Value:
        value = self.of(label)
        name, wanted = str(self.query.token(function).value), str(self.query.token(part).value)
        if value.kind != "text" or isinstance(value.values, str):
            raise self.query.error(f"{name} expects a text label", label)
        found = (_FUNCTIONS[name](text, wanted) for text in value.values)
        return _Value("flag", np.fromiter(found, np.bool_, len(value.values)), value.known)

    def _flags(self, node: ast.expr) -> _Value:
        value = self.of(node)
        if value.kind != "flag":
            problem = f"{_NAMES[value.kind]} is not true or false"
            raise self.query.error(problem, node, "Expected a comparison such as split == 'test'.")
        return value

    def _numbers(self, node: ast.expr) -> _Value:
        value = self.of(node)
        if value.kind not in ("flag", "number"):
            problem = f"it calculates with {_NAMES[value.kind]}"
            raise self.query.error(problem, node, "Expected a number.")
        return value

    def _calculated(
        self, node: ast.expr, operation: type[ast.operator], left: _Value, right: _Value
    ) -> _Value:
        known = np.logical_and(left.known, right.known)
        try:
            return _Value("number", calculate(operation, left.values, right.values), known)
        except OutOfRangeError:
            problem = "the result exceeds 64 bits"
            raise self.query.error(problem, node, "Write 1.0 * to calculate roughly.") from None


def _widened(values: np.ndarray, kind: Kind) -> np.ndarray:
    """A column to compare with literals: those are not rounded, and no date wraps.

    Text becomes Python's strings in Unicode's composed form, empty where it is missing.
    """
    if kind == "time":
        return values.astype("datetime64[us]")
    if kind != "text":
        return values.astype(np.float64) if values.dtype.kind == "f" else values
    found = np.empty(len(values), dtype=object)
    found[:] = ["" if v is None or v != v else normalize("NFC", str(v)) for v in values.tolist()]
    return found


def _known(values: np.ndarray, kind: Kind) -> Any:
    """Where the values of a column are not missing; True if none can be."""
    if kind == "text":
        return values != ""
    if kind == "time" or values.dtype.kind == "f":
        return ~np.isnan(values)
    return True


def _suggestion(wrong: str, names: list[str]) -> str:
    close = nearest(wrong, names, SUGGESTED)
    if close:
        return f"did you mean {one_of(map(quoted, close))}?"
    some = [shown(name)[1:-1] for name in sorted(names)]
    return f"available: {some_of(some, MOST_LISTED)}."
