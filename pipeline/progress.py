"""The interface through which stages report progress; the command line implements it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int, str], None]
"""Called with the units of work done so far and a short note, e.g. the current loss."""


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural unless the number is 1.

    Examples
    --------
    >>> counted(1, "epoch"), counted(2000, "epoch")
    ('1 epoch', '2,000 epochs')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


class WithoutRepeats:
    """Shows each line once, however often the stages of a run report it.

    Parameters
    ----------
    console
        Shows the lines and the progress.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> console = WithoutRepeats(SimpleNamespace(line=print))
    >>> console.line("28 images"), console.line("28 images")
    28 images
    (None, None)
    """

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._shown: set[str] = set()

    def line(self, text: str) -> None:
        if text not in self._shown:
            self._shown.add(text)
            self._console.line(text)

    def bar(self, label: str, *, total: int, unit: str) -> AbstractContextManager[Advance]:
        return self._console.bar(label, total=total, unit=unit)


class Console(Protocol):
    """Receives the lines and the progress of a stage."""

    def line(self, text: str) -> None:
        """Show one line."""
        ...

    def bar(self, label: str, *, total: int, unit: str) -> AbstractContextManager[Advance]:
        """Context in which a bar shows the progress of some work.

        Parameters
        ----------
        label
            Name of the work.
        total
            Units of work in all.
        unit
            Name of a unit, e.g. ``images``.

        Returns
        -------
        AbstractContextManager
            Its value is called with the units done so far and a note.
        """
        ...
