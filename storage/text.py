"""Text of unknown origin without what a terminal would obey; roots and ids as people write them."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

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


def printed(root: str) -> str:
    """A root for display and for commands: relative if it lies in the working folder.

    Examples
    --------
    >>> printed(f"{Path.cwd()}/runs/demo"), printed("s3://bucket/demo")
    ('runs/demo', 's3://bucket/demo')
    """
    if "://" not in root:
        with suppress(OSError):  # the working folder may be gone
            for path in (Path(root), Path(root).resolve()):  # a link in it is named as it is there
                if path.is_relative_to(Path.cwd()):
                    return str(path.relative_to(Path.cwd()))
    return root


def some_of(names: Iterable[str], most: int = 8, *, rest: str = "") -> str:
    """Names as a message lists them: the first ones, and the number of the others.

    Parameters
    ----------
    names
        All names.
    most
        Names that are listed.
    rest
        Where the others are found.

    Examples
    --------
    >>> some_of(["Male", "Smiling", "Young"], 2, rest="statistics.attribute"), some_of([])
    ('Male, Smiling and 1 more in statistics.attribute', 'none')
    """
    everything = list(names)
    more = len(everything) - most
    shown = ", ".join(everything[:most]) or "none"
    return f"{shown} and {more} more{f' in {rest}' if rest else ''}" if more > 0 else shown


def one_of(names: Iterable[str]) -> str:
    """Names to choose from, in a sentence.

    Examples
    --------
    >>> one_of(["Gray_Hair", "Black_Hair", "Bangs"]), one_of(["Male"])
    ('Gray_Hair, Black_Hair or Bangs', 'Male')
    """
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last


def abbreviated_by(text: str, ids: Iterable[str]) -> list[str]:
    """The ids that begin or end with a text; only the id itself if it is one of them.

    Parameters
    ----------
    text
        An id, its beginning or its end.
    ids
        All ids.

    Examples
    --------
    >>> ids = ["20261130-210614-ab12", "20261130-220000-cd34"]
    >>> abbreviated_by("ab12", ids), len(abbreviated_by("20261130", ids)), abbreviated_by("x", ids)
    (['20261130-210614-ab12'], 2, [])
    """
    known = list(ids)
    if not text or text in known:
        return [text] if text else []
    return [id_ for id_ in known if id_.startswith(text) or id_.endswith(text)]
