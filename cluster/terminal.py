"""Prints to terminals, pipes and log files: text as it is, progress as a line that moves."""

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from typing import Any

from rich.cells import cell_len
from rich.console import Console as RichConsole
from rich.live import Live
from rich.text import Text

from zpoints.cluster.progress_line import Pace, progress_line, progress_text
from zpoints.cluster.signals import raise_if_interrupted
from zpoints.pipeline.progress import Advance, Console
from zpoints.storage.text import printable

FIRST_PAUSE, LONGEST_PAUSE = 10.0, 60.0
"""Seconds between two lines of progress in a log; each pause is twice the one before."""
REDRAWN_PER_SECOND = 4
LEAST_ROOM = 20
"""Columns next to a time; on a narrower terminal a line wraps below it."""
UNICODE_BAR, ASCII_BAR = ("━", "╌"), ("#", "-")


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

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print as Rich does; on a terminal, text that wraps softly breaks between words.

        A word that is longer than a line stays whole, so that a path can be copied.

        Parameters
        ----------
        *objects
            Text, or what Rich renders.
        soft_wrap
            Whether the width of the output breaks no line; on a terminal it breaks none in a word.
        **options
            Those of Rich's ``print``.
        """
        if soft_wrap and self.is_terminal and all(isinstance(it, str) for it in objects):
            objects = tuple("\n".join(wrapped(it, self.width)) for it in objects)
        super().print(*objects, soft_wrap=soft_wrap, **options)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a text that break between words; a word that is longer than a line stays whole.

    Examples
    --------
    >>> wrapped("The report is in /runs/faces.", 14)
    ['The report is', 'in', '/runs/faces.']
    >>> wrapped("  two\\nlines", 80)
    ['  two', 'lines']
    """
    lines = []
    for paragraph in printable(text).split("\n"):
        words = paragraph.split(" ")
        line = words[0]
        for word in words[1:]:
            if line.strip() and cell_len(line) + 1 + cell_len(word) > width:
                lines.append(line)
                line = word
            else:
                line += f" {word}"
        lines.append(line)
    return lines


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


def console_for(output: "PlainConsole", *, timed: bool = True) -> Console:
    """A moving line of progress on a terminal, plain lines in a log, nothing where it is quiet.

    Parameters
    ----------
    output
        Where to print.
    timed
        Whether lines begin with the time, as those of a run do.
    """
    if not output.shows_progress:
        return SilentConsole()
    return (TerminalConsole if _is_screen(output) else LogConsole)(output, timed=timed)


def _is_screen(output: RichConsole) -> bool:
    """Whether lines can be redrawn there: not in a pipe, whose colours may be forced."""
    return output.is_terminal and not output.is_dumb_terminal and output.file.isatty()


class LogConsole:
    """Plain lines; progress is one of them, first after 10 s, then less and less often.

    Parameters
    ----------
    output
        Where to print.
    timed
        Whether lines begin with the local time. A line of its own gives the date and the zone at
        the start and on each new day.
    """

    def __init__(self, output: PlainConsole, *, timed: bool = True) -> None:
        self._output = output
        self._timed = timed
        self._day = ""

    def line(self, text: str) -> None:
        raise_if_interrupted()
        if not self._timed:
            self._print("", text)
            return
        now = datetime.now().astimezone()
        if (day := day_line(now)) != self._day:
            self._day = day
            self._print("", day)
        self._print(f"{now:%H:%M:%S}", text)

    def _print(self, start: str, text: str) -> None:
        self._output.print(f"{start}  {text}" if start else text, soft_wrap=True)

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        pace, pause = Pace(total), FIRST_PAUSE
        due = time.monotonic() + pause

        def advance(done: int, note: str) -> None:
            nonlocal due, pause
            raise_if_interrupted()
            pace.report(done)
            if time.monotonic() >= due:
                pause = min(2 * pause, LONGEST_PAUSE)
                due = time.monotonic() + pause
                self.line(progress_text(label, pace, unit=unit, note=note))

        yield advance


class TerminalConsole(LogConsole):
    """Lines that wrap next to their time, above a line of progress, which goes with its work."""

    def _print(self, start: str, text: str) -> None:
        first = f"{start}  " if start else ""
        room = self._output.width - len(first)
        for line in wrapped(text, room if room >= LEAST_ROOM else self._output.width):
            self._output.print(Text(first + line), soft_wrap=True)
            first = " " * len(first)

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        pace, latest = Pace(total), ""
        drawn = UNICODE_BAR if self._output.encoding.startswith("utf") else ASCII_BAR

        def shown() -> Text:
            # Room for the ^C of a terminal, with which the line would wrap and stay.
            line = progress_line(
                printable(label),
                pace,
                unit=unit,
                note=printable(latest),
                width=self._output.width - len("^C") - 1,
                drawn=drawn,
            )
            return _coloured(line, drawn)

        with Live(
            console=self._output,
            get_renderable=shown,
            refresh_per_second=REDRAWN_PER_SECOND,
            transient=True,
        ):

            def advance(done: int, note: str) -> None:
                nonlocal latest
                raise_if_interrupted()
                latest = note
                pace.report(done)

            yield advance


def day_line(now: datetime) -> str:
    """The date and the zone of the times that follow.

    Examples
    --------
    >>> from datetime import UTC
    >>> day_line(datetime(2026, 11, 30, tzinfo=UTC))
    '2026-11-30, times in UTC'
    """
    offset = now.isoformat()[-len("+00:00") :]
    zone = "UTC" if offset == "+00:00" else f"UTC{offset}"
    return f"{now:%Y-%m-%d}, times in {zone}"


def _coloured(line: str, drawn: tuple[str, str]) -> Text:
    """A line of progress; its bar has the only colour."""
    text = Text(line, no_wrap=True, overflow="crop")
    text.highlight_regex(f"{re.escape(drawn[0])}{{2,}}", "cyan")
    text.highlight_regex(f"{re.escape(drawn[1])}{{2,}}", "dim")
    return text


class SilentConsole:
    """No progress at all; an interruption ends the work all the same."""

    def line(self, text: str) -> None:
        raise_if_interrupted()

    @contextmanager
    def bar(self, label: str, *, total: int, unit: str) -> Iterator[Advance]:
        yield lambda done, note: raise_if_interrupted()
