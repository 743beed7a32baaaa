"""Prints to terminals, pipes and log files: text as it is, progress as bars or lines."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from zpoints.cluster.signals import raise_if_interrupted
from zpoints.pipeline.progress import Advance, Console
from zpoints.storage.text import printable

SECONDS_BETWEEN_LINES = 10.0


class PlainConsole(RichConsole):
    """Prints text as it is: no markup, no emoji codes, and no control characters.

    Names, titles and reasons come from stores, photographs and tables; a terminal must not obey
    them.

    Parameters
    ----------
    options
        Those of Rich's console.
    """

    shows_progress = True
    """Whether `console_for` shows lines and bars; results are printed in any case."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(printable(text), **options)


def replace_unencodable(*, encoding: str | None = None) -> None:
    """Let standard output and errors replace characters that they cannot encode.

    Parameters
    ----------
    encoding
        The encoding of both from now on; by default it stays as it is.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # not where a notebook or a test has replaced it
            stream.reconfigure(encoding=encoding, errors="replace")


def console_for(output: RichConsole) -> Console:
    """Progress bars if ``output`` is a terminal, plain lines otherwise; nothing if it is quiet."""
    if not getattr(output, "shows_progress", True):
        return SilentConsole()
    return TerminalConsole(output) if output.is_terminal else LogConsole(output)


class TerminalConsole:
    """Progress bars, which are removed when their work is done."""

    def __init__(self, output: RichConsole) -> None:
        self._output = output

    def line(self, text: str) -> None:
        raise_if_interrupted()
        self._output.print(f"  {text}")

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        columns = (
            TextColumn("  {task.description:<8}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TextColumn("/"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        )
        with Progress(*columns, console=self._output, transient=True) as progress:
            task = progress.add_task(label, total=total, note="")

            def advance(done: int, note: str) -> None:
                raise_if_interrupted()
                progress.update(task, completed=done, note=note)

            yield advance


class LogConsole:
    """One line of progress every ``SECONDS_BETWEEN_LINES`` seconds."""

    def __init__(self, output: RichConsole) -> None:
        self._output = output

    def line(self, text: str) -> None:
        raise_if_interrupted()
        self._output.print(f"  {text}", soft_wrap=True)

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        due = time.monotonic() + SECONDS_BETWEEN_LINES

        def advance(done: int, note: str) -> None:
            nonlocal due
            raise_if_interrupted()
            if time.monotonic() >= due:
                due = time.monotonic() + SECONDS_BETWEEN_LINES
                self.line(f"{label}: {done:,} of {total:,} {unit}" + (f", {note}" if note else ""))

        yield advance


class SilentConsole:
    """No progress at all; an interruption ends the work all the same."""

    def line(self, text: str) -> None:
        raise_if_interrupted()

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        yield lambda done, note: raise_if_interrupted()
