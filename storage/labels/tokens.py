"""The tokens of a query: labels, literals, operators, each with its place in the text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from unicodedata import normalize

from zpoints.storage.errors import QueryError

LENGTH = 100_000
"""Most characters of a query; a list of some thousand file names fits."""
OPERATORS = 500
"""Most operators and function calls, not counting the commas of lists."""
NESTING = 50
"""Most brackets and prefixes (``not``, ``-``) around an operand."""
DIGITS = 40
"""Most characters of a number."""
CONTEXT = 40
"""Characters shown to either side of a place."""

EXAMPLE = (
    "Expected comparisons of labels, joined with and, or, not, e.g. Smiling and not Male, or "
    "split == 'test'."
)

Kind = Literal["label", "quoted", "text", "number", "flag", "word", "operator"]

WORDS = ("and", "or", "not", "in")
FLAGS = {"True": True, "False": False}
PREFIXES = ("not", "-", "+", "~")

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<quoted>`(?:[^`]|``)+`)
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w))
    | (?P<label>(?:\w|[^\x00-\x7f\s\u2018-\u201d])+)  # \w lacks the vowel signs of many scripts
    | (?P<operator>==|!=|<=|>=|//|[-+*/%<>()\[\],&|~])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_REMEDIES = {
    "=": "Write == to compare.",
    "!": "Write != or not.",
    ".": "A query has no attributes or methods; search text with contains(label, 'part').",
    "@": "A query has no variables of Python; write the value itself.",
    "{": "Write a list in [ ].",
    "`": "A name in backticks ends with a backtick; a backtick inside it is written twice.",
    "'": "A text ends with the quotation mark that it begins with.",
    '"': "A text ends with the quotation mark that it begins with.",
    **dict.fromkeys(
        "\u2018\u2019\u201c\u201d",
        "Write straight quotation marks; a name with such a mark stands in backticks.",
    ),
}


@dataclass(frozen=True)
class Token:
    """A label, literal, word or operator of a query.

    Attributes
    ----------
    kind
        "quoted" is a label in backticks, "word" one of `WORDS`.
    value
        The name of a label, a literal, or the operator.
    start, stop
        Its place in the text.
    """

    kind: Kind
    value: str | int | float | bool
    start: int
    stop: int

    @property
    def is_label(self) -> bool:
        """Whether it names a label, in backticks or not."""
        return self.kind in ("label", "quoted")

    @property
    def is_literal(self) -> bool:
        """Whether it is a number, a text, or True or False."""
        return self.kind in ("text", "number", "flag")


def query_error(
    problem: str, text: str, start: int, stop: int, remedy: str = EXAMPLE
) -> QueryError:
    """The error about a place in a query, which the message marks.

    Parameters
    ----------
    problem
        What is wrong.
    text
        The query.
    start, stop
        The place.
    remedy
        What to write instead.

    Examples
    --------
    >>> print(query_error("unknown sign '.'", "Male.x", 4, 5, "Write a comparison."))
    The query cannot be evaluated: unknown sign '.'. Write a comparison. At the mark: Male>>>.<<<x
    """
    first, last = max(0, start - CONTEXT), min(len(text), stop + CONTEXT)
    marked = [
        "..." if first else "",
        _escaped(text[first:start]),
        ">>>",
        _shortened(_escaped(text[start:stop])),
        "<<<",
        _escaped(text[stop:last]),
        "..." if last < len(text) else "",
    ]
    sentence = problem if problem.endswith((".", "?")) else f"{problem}."
    remedy = f" {remedy}" if remedy else ""
    message = f"The query cannot be evaluated: {sentence}{remedy} At the mark: {''.join(marked)}"
    return QueryError(_escaped(message))


def read_tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a query; anything that is not part of the language is refused.

    Raises
    ------
    QueryError
        If the query is empty, too long or too deeply nested, or contains another sign.
    """
    if len(text) > LENGTH:
        problem = f"it has {len(text):,} characters, at most {LENGTH:,} are allowed"
        raise query_error(problem, text, LENGTH, LENGTH, "Write a shorter query.")
    tokens = tuple(_checked(text, _tokens(text)))
    if not tokens:
        raise query_error("it is empty", text, 0, len(text))
    return tokens


def quoted(name: str) -> str:
    """A label as a query names it: in backticks unless it is a word.

    Examples
    --------
    >>> quoted("Male"), quoted("Wearing Hat"), quoted("in")
    ('Male', '`Wearing Hat`', '`in`')
    """
    try:
        (token,) = read_tokens(name)
    except (QueryError, ValueError):
        return "`" + name.replace("`", "``") + "`"
    return name if token.kind == "label" else f"`{name}`"


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            sign = text[position]
            problem = f"{shown(sign)} is not part of the language of queries"
            raise query_error(problem, text, position, position + 1, _REMEDIES.get(sign, EXAMPLE))
        start, position = position, found.end()
        if found.lastgroup != "space":
            yield _token(text, str(found.lastgroup), start, position)


def _token(text: str, group: str, start: int, stop: int) -> Token:
    content = text[start:stop]
    match group:
        case "quoted":
            return Token("quoted", content[1:-1].replace("``", "`"), start, stop)
        case "text":
            return Token("text", _unescaped(text, start, stop), start, stop)
        case "number":
            return Token("number", _number(text, start, stop), start, stop)
        case "operator":
            return Token("operator", content, start, stop)
    if content in FLAGS:
        return Token("flag", FLAGS[content], start, stop)
    if content[0].isdigit():
        remedy = f"Write `{_shortened(content)}` in backticks if it is the name of a label."
        problem = f"{shown(content)} is neither a number nor a word"
        raise query_error(problem, text, start, stop, remedy)
    return Token("word" if content in WORDS else "label", content, start, stop)


def _number(text: str, start: int, stop: int) -> int | float:
    content = text[start:stop]
    value: int | float = 0
    if len(content) <= DIGITS:
        value = int(content) if content.isdigit() else float(content)
    if len(content) > DIGITS or value == float("inf"):
        raise query_error(
            "the number is too large", text, start, stop, f"Write at most {DIGITS} digits."
        )
    return value


def _unescaped(text: str, start: int, stop: int) -> str:
    def replaced(found: re.Match[str]) -> str:
        if found[1] not in _ESCAPES:
            place = start + 1 + found.start()
            problem = f"unknown escape {shown(found[0])} in a text"
            raise query_error(problem, text, place, place + 2, r"Write \\ for a backslash.")
        return _ESCAPES[found[1]]

    found = re.sub(r"\\(.)", replaced, text[start + 1 : stop - 1], flags=re.DOTALL)
    return normalize("NFC", found)  # file names of macOS are decomposed, keyboards compose


def _checked(text: str, tokens: Iterator[Token]) -> Iterator[Token]:
    """The tokens, unless their tree would be deep or large."""
    around: list[str] = []  # opened brackets and prefixes that wait for their operand
    operators = 0
    for token in tokens:
        sign = str(token.value) if token.kind in ("operator", "word") else ""
        operators += bool(sign) and sign not in (",", ")", "]")
        if sign in ("(", "[") or sign in PREFIXES:
            around.append(sign)
        elif sign in (")", "]"):
            _close(around)
            _close(around, bracket=True)
        elif not sign:
            _close(around)
        if operators > OPERATORS or len(around) > NESTING:
            problem = (
                f"it has more than {OPERATORS} operators"
                if operators > OPERATORS
                else f"it is nested more than {NESTING} deep"
            )
            raise query_error(problem, text, token.start, token.stop, "Write a shorter query.")
        yield token


def _close(around: list[str], *, bracket: bool = False) -> None:
    """Drop the innermost bracket if asked to, then the prefixes whose operand is complete."""
    if bracket and around:
        around.pop()
    while around and around[-1] in PREFIXES:
        around.pop()


def shown(text: str) -> str:
    """A name as a message quotes it: shortened, with escapes for what is not printable."""
    return f"'{_shortened(_escaped(text))}'"


def _escaped(text: str) -> str:
    """The text with escapes such as ``\\x1b`` for the characters that are not printable."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shortened(text: str) -> str:
    return text if len(text) <= 2 * CONTEXT else f"{text[:CONTEXT]}...{text[-CONTEXT:]}"
