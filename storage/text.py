"""Text of unknown origin, without what a terminal would obey."""

import re

ESCAPE_SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
"""Control characters except tab and newline, also those that reverse the order of letters."""

_UNPRINTABLE = re.compile(f"{ESCAPE_SEQUENCE}|{CONTROL}")


def printable(text: str) -> str:
    """The text without control characters; tabs and newlines stay.

    Examples
    --------
    >>> printable("a \\x1b[31mred\\x1b[0m\\x07 word\\r\\n")
    'a red word\\n'
    """
    return _UNPRINTABLE.sub("", text)


def one_line(text: str) -> str:
    """The text on one line, without control characters.

    Examples
    --------
    >>> one_line("first\\nsecond\\x1b[2J")
    'first second'
    """
    return re.sub(r"[\n\t]", " ", printable(text))
