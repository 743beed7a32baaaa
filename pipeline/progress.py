"""How stages speak to the user; the command line decides what it looks like."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int, str], None]
"""Called with the work done so far and a short note, e.g. the current loss."""


def counted(count: int, noun: str) -> str:
    """A number of things, each called by the noun.

    Examples
    --------
    >>> counted(1, "epoch"), counted(2000, "epoch")
    ('1 epoch', '2,000 epochs')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


class Console(Protocol):
    """Where a stage reports lines and progress."""

    def line(self, text: str) -> None:
        """Show one line."""
        ...

    def bar(self, label: str, *, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Show the progress of ``total`` units of work while the block runs."""
        ...
