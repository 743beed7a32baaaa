"""The interface through which stages report progress; the command line implements it."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

Advance = Callable[[int, str], None]
"""Called with the units of work done so far and a short note, e.g. the current loss."""


FOLDED = 3
"""Number of names of one folder from which a line counts them."""


def counted(count: int, noun: str) -> str:
    """A number with its noun, in the plural unless the number is 1.

    Examples
    --------
    >>> counted(1, "epoch"), counted(2000, "epoch")
    ('1 epoch', '2,000 epochs')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def spent(seconds: float) -> str:
    """A duration in two units at most.

    Examples
    --------
    >>> spent(5.13), spent(192), spent(7500)
    ('5.1 s', '3 min 12 s', '2 h 5 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def folded(names: Sequence[str]) -> str:
    """Names of results on one line; those of a folder are counted if there are three or more.

    Examples
    --------
    >>> folded(["images", "samples/grid", "samples/flow", "samples/ellipse", "quality/grid"])
    'images, 3 in samples/, quality/grid'
    """
    folders: dict[str, list[str]] = {}
    for name in names:
        folder, slash, _ = name.partition("/")
        folders.setdefault(folder + slash if slash else name, []).append(name)
    shown = (
        [f"{len(inside)} in {folder}"] if len(inside) >= FOLDED else inside
        for folder, inside in folders.items()
    )
    return ", ".join(text for texts in shown for text in texts)


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
