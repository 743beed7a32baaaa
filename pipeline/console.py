"""How stages speak to the user; the command line decides what it looks like."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int, str], None]
"""Called with the work done so far and a short note, e.g. the current loss."""


class Console(Protocol):
    """Where a stage reports lines and progress."""

    def line(self, text: str) -> None:
        """Show one line."""
        ...

    def bar(self, label: str, *, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Show the progress of ``total`` units of work while the block runs."""
        ...
