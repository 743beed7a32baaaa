"""The grammar of queries: a query as a tree of Python's ``ast`` that holds nothing else.

Python's parser sees placeholders for all labels and literals, the words ``and``, ``or``, ``not``,
``in``, and operators. No other keyword and no name of the query reaches it.
"""

import ast
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from zpoints.storage.errors import QueryError
from zpoints.storage.labels.tokens import EXAMPLE, Token, query_error, read_tokens

DEPTH = 100
"""Most levels of the tree; a sum of all attributes of CelebA has 40."""
FUNCTIONS = ("contains", "startswith", "endswith")
"""Functions of a text label and a text."""
MISSING = "missing"
"""Function of a label: true where its value is missing."""

_PLACEHOLDER = "_"
_OPERATORS = {"&": "and", "|": "or"}  # as pandas reads them, whose queries people know
_BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_UNARY = (ast.Not, ast.Invert, ast.USub, ast.UAdd)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.In, ast.NotIn)
_UNKNOWN = {
    ast.Subscript: "labels have no parts",
    ast.Starred: "a star multiplies two numbers",
    ast.Tuple: "a comma separates the items of a list in [ ] only",
    ast.List: "a list may only follow in or not in",
}


@dataclass(frozen=True)
class Query:
    """A query of the language: checked, not yet evaluated.

    Attributes
    ----------
    text
        As it was written.
    tokens
        Its labels, literals, words and operators.
    tree
        Operations on placeholders, see `token`.
    """

    text: str
    tokens: tuple[Token, ...]
    tree: ast.expr

    @cached_property
    def names(self) -> frozenset[str]:
        """The labels that it names."""
        functions = {id(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        found = (
            self.token(node)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and id(node) not in functions
        )
        return frozenset(str(token.value) for token in found if token.is_label)

    def token(self, name: ast.Name) -> Token:
        """The label or literal that a placeholder stands for."""
        return self.tokens[int(name.id.removeprefix(_PLACEHOLDER))]

    def error(self, problem: str, node: ast.expr, remedy: str = EXAMPLE) -> QueryError:
        """The error about a part of the query, which the message marks.

        Parameters
        ----------
        problem
            What is wrong.
        node
            The part.
        remedy
            What to write instead.
        """
        starts = _starts(self.tokens)
        first = self.tokens[bisect_right(starts, node.col_offset) - 1]
        last = self.tokens[bisect_right(starts, (node.end_col_offset or 1) - 1) - 1]
        return query_error(problem, self.text, first.start, last.stop, remedy)


def parse_query(text: str) -> Query:
    """Read a query of labels.

    Raises
    ------
    QueryError
        If it is not text, or not of the language; nothing is evaluated.

    Examples
    --------
    >>> sorted(parse_query("Smiling and not `Wearing Hat`").names)
    ['Smiling', 'Wearing Hat']
    """
    if not isinstance(text, str):
        raise QueryError(
            f"A query of labels is text, e.g. 'Smiling and not Male'; got {type(text).__name__}."
        )
    tokens = read_tokens(text)
    source = " ".join(_source(tokens))
    try:
        tree = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise _unreadable(text, tokens, error) from None
    except (MemoryError, RecursionError, ValueError):
        raise query_error("it is nested too deeply", text, 0, len(text)) from None
    query = Query(text, tokens, tree)
    _check(query)
    return query


def _unreadable(text: str, tokens: tuple[Token, ...], error: SyntaxError) -> QueryError:
    """The error about the place at which Python's parser stopped."""
    if not error.offset:  # it gives none at the end
        end = tokens[-1].stop
        return query_error("something is missing at its end", text, end, end)
    place = tokens[bisect_right(_starts(tokens), error.offset - 1) - 1]
    if str(place.value) in "()[]":
        return query_error("this bracket has no counterpart", text, place.start, place.stop)
    remedy = "Put a name that is not a single word in backticks, e.g. `Wearing Hat`."
    return query_error("it cannot be read here", text, place.start, place.stop, remedy)


def _source(tokens: tuple[Token, ...]) -> Iterator[str]:
    """What Python's parser sees of each token; in ASCII, so that its columns are characters."""
    for number, token in enumerate(tokens):
        if token.is_label or token.is_literal:
            yield f"{_PLACEHOLDER}{number}"
        else:
            yield _OPERATORS.get(str(token.value), str(token.value))


def _starts(tokens: tuple[Token, ...]) -> list[int]:
    """Where each token begins in what Python's parser sees."""
    starts, position = [], 0
    for part in _source(tokens):
        starts.append(position)
        position += len(part) + 1
    return starts


def _check(query: Query) -> None:
    """Refuse whatever the language does not have, and trees that are too deep."""
    waiting: list[tuple[ast.expr, int]] = [(query.tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > DEPTH:
            problem = f"it is nested more than {DEPTH} deep"
            raise query.error(problem, node, "Write a shorter query.")
        waiting += [(child, depth + 1) for child in _operands(query, node)]


def _operands(query: Query, node: ast.expr) -> list[ast.expr]:
    """The parts of an expression of the language."""
    match node:
        case ast.Name():
            return []
        case ast.BoolOp():
            return node.values
        case ast.UnaryOp(op=op) if isinstance(op, _UNARY):
            return [node.operand]
        case ast.BinOp(op=op) if isinstance(op, _BINARY):
            return [node.left, node.right]
        case ast.Compare():
            return _compared(query, node)
        case ast.Call():
            return _arguments(query, node)
    problem = _UNKNOWN.get(type(node), "this is not part of the language of queries")
    raise query.error(problem, node)


def _compared(query: Query, node: ast.Compare) -> list[ast.expr]:
    """The operands of a chain of comparisons, without the lists after ``in``."""
    operands = [node.left]
    for number, (op, operand) in enumerate(zip(node.ops, node.comparators, strict=True), 1):
        is_list = isinstance(operand, ast.List | ast.Tuple)
        if not isinstance(op, _COMPARISONS):
            raise query.error("this is not part of the language of queries", node)
        if isinstance(op, ast.In | ast.NotIn):
            if not is_list or number < len(node.ops):
                remedy = (
                    "Write label in ['one', 'other']; search text with contains(label, 'part')."
                )
                raise query.error("in expects a list of values", operand, remedy)
            literals(query, operand)
        elif is_list:
            raise query.error("a list may only follow in or not in", operand)
        else:
            operands.append(operand)
    return operands


def literals(query: Query, node: ast.expr) -> list[str | int | float | bool]:
    """The values of a list of literals.

    Raises
    ------
    QueryError
        If an item is anything else.
    """
    assert isinstance(node, ast.List | ast.Tuple)
    return [_literal(query, item) for item in node.elts]


def _literal(query: Query, node: ast.expr) -> str | int | float | bool:
    match node:
        case ast.Name() if query.token(node).is_literal:
            return query.token(node).value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Name() as operand):
            value = query.token(operand).value
            if query.token(operand).kind == "number":
                assert not isinstance(value, str)
                return -value if isinstance(node.op, ast.USub) else value
    raise query.error("a list holds values only", node, "Write numbers or 'text'.")


def _arguments(query: Query, node: ast.Call) -> list[ast.expr]:
    """The label of a function; that of a function of text has a text as second argument."""
    known = isinstance(node.func, ast.Name) and query.token(node.func)
    if not known or known.kind != "label" or known.value not in (*FUNCTIONS, MISSING):
        remedy = f"The functions are {', '.join((*FUNCTIONS, MISSING))}."
        raise query.error("there is no such function", node.func, remedy)
    if known.value == MISSING:
        only = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if not isinstance(only, ast.Name) or not query.token(only).is_label:
            raise query.error("missing takes a label", node, "Write missing(label).")
        return node.args
    part = node.args[-1] if len(node.args) == 2 and not node.keywords else None
    if not isinstance(part, ast.Name) or query.token(part).kind != "text":
        remedy = f"Write {known.value}(label, 'part')."
        raise query.error("the function takes a text label and a text", node, remedy)
    return node.args
