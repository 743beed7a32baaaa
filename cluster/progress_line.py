"""One line of progress: what is dropped first on a narrow terminal, and how fast the work is."""

import time
from collections import deque
from collections.abc import Callable, Iterator

PACE_SECONDS = 30.0
"""The rate is the mean over this time, so that the time left does not jump."""
FEWEST_SECONDS = 1.0
"""Without a rate until work has been seen for this long."""
LABEL_WIDTH, RATE_WIDTH = 8, 14
NARROWEST_BAR, WIDEST_BAR = 12, 32
PERCENT = "%"


class Pace:
    """How fast work is done, and when it ends.

    The first report sets the origin: work that an earlier run has done counts for no rate.

    Parameters
    ----------
    total
        Units of work in all.
    clock
        Returns seconds.

    Examples
    --------
    >>> ticks = iter([0.0, 10.0])
    >>> pace = Pace(1000, clock=lambda: next(ticks))
    >>> pace.report(500), pace.report(600)
    (None, None)
    >>> pace.rate, pace.seconds_left
    (10.0, 40.0)
    """

    def __init__(self, total: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self.done = 0
        self._clock = clock
        self._reports: deque[tuple[float, int]] = deque()

    def report(self, done: int) -> None:
        """Note the units done so far."""
        now, self.done = self._clock(), done
        self._reports.append((now, done))
        while len(self._reports) > 2 and now - self._reports[1][0] > PACE_SECONDS:
            self._reports.popleft()

    @property
    def rate(self) -> float | None:
        """Units a second over the last reports; None before there are enough."""
        if len(self._reports) < 2:
            return None
        (since, before), (now, done) = self._reports[0], self._reports[-1]
        return (done - before) / (now - since) if now - since >= FEWEST_SECONDS else None

    @property
    def seconds_left(self) -> float | None:
        """Time to the end at the present rate; None without a rate."""
        rate = self.rate
        return (self.total - self.done) / rate if rate else None


def progress_line(
    label: str,
    pace: Pace,
    *,
    unit: str,
    note: str = "",
    width: int,
    drawn: tuple[str, str] = ("━", "╌"),
) -> str:
    """A line that fits the width: stage, share, rate and time left, then whatever has room.

    The rest goes first, in this order: the counts, the note from its last part on, the bar; then
    the time left, the rate, the share.

    Parameters
    ----------
    label
        Name of the work.
    pace
        Its progress.
    unit
        Name of a unit, e.g. ``images``; ``%`` if the work is counted in hundredths.
    note
        Parts separated by commas, the most important first.
    width
        Number of columns.
    drawn
        Characters of the bar: work done, work left.

    Examples
    --------
    >>> ticks = iter([0.0, 10.0])
    >>> pace = Pace(1000, clock=lambda: next(ticks))
    >>> pace.report(500), pace.report(600)
    (None, None)
    >>> from functools import partial
    >>> line = partial(progress_line, "train", pace, unit="images", note="epoch 2/3, loss 0.01")
    >>> line(width=72, drawn=("#", "."))
    'train       60 %  #########.......   10.0 images/s  0:40 left  epoch 2/3'
    >>> line(width=45)
    'train       60 %   10.0 images/s  0:40 left'
    >>> line(width=20)
    'train       60 %'
    """
    share = pace.done / pace.total if pace.total else 1.0
    parts = [f"{label:<{LABEL_WIDTH}}", f"{_floor(share):>4} %"]
    if rate := rate_text(pace.rate, unit):
        parts.append(f"{rate:>{RATE_WIDTH}}")
    if (left := pace.seconds_left) is not None:
        parts.append(f"{clock_text(left)} left")
    if _width(parts) > width:
        while len(parts) > 1 and _width(parts) > width:
            parts.pop()
    else:
        parts = _with_rest(parts, pace, share, unit, note, width, drawn)
    return "  ".join(parts)[:width]


def _with_rest(
    parts: list[str],
    pace: Pace,
    share: float,
    unit: str,
    note: str,
    width: int,
    drawn: tuple[str, str],
) -> list[str]:
    """The parts that a line needs, with a bar, a note and counts as far as they have room."""
    room = width - _width(parts) - 2
    if room < NARROWEST_BAR:
        return parts
    rest: list[str] = []
    room -= NARROWEST_BAR
    for more in _notes(note, pace, unit):
        if len(more) + 2 > room:
            break
        rest.append(more)
        room -= len(more) + 2
    length = min(WIDEST_BAR, NARROWEST_BAR + room)
    filled = int(length * min(share, 1.0))
    bar = drawn[0] * filled + drawn[1] * (length - filled)
    return [*parts[:2], bar, *parts[2:], *rest]


def _notes(note: str, pace: Pace, unit: str) -> Iterator[str]:
    """The parts of a note, then the counts, by importance."""
    yield from (part for part in note.split(", ") if part)
    if unit != PERCENT:
        yield f"{pace.done:,} of {pace.total:,}"


def _floor(share: float) -> int:
    """Per cent, of which 100 means that all is done."""
    return int(100 * min(share, 1.0))


def _width(parts: list[str]) -> int:
    return sum(map(len, parts)) + 2 * (len(parts) - 1)


def rate_text(rate: float | None, unit: str) -> str:
    """Units a second, or a minute where there are few; empty without a rate.

    Examples
    --------
    >>> rate_text(1234.5, "images"), rate_text(2.25, "samples"), rate_text(0.05, "points")
    ('1,234 images/s', '2.2 samples/s', '3.0 points/min')
    >>> rate_text(3.0, "figures and tables"), rate_text(None, "images"), rate_text(3.0, "%")
    ('3.0/s', '', '')
    """
    if not rate or unit == PERCENT:
        return ""
    named = "" if " " in unit else f" {unit}"
    if rate < 1:
        return f"{60 * rate:.1f}{named}/min"
    return f"{rate:.1f}{named}/s" if rate < 100 else f"{int(rate):,}{named}/s"


def clock_text(seconds: float) -> str:
    """Seconds as minutes and seconds, with hours if there are any.

    Examples
    --------
    >>> clock_text(40.4), clock_text(192), clock_text(3725)
    ('0:40', '3:12', '1:02:05')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def progress_text(label: str, pace: Pace, *, unit: str, note: str = "") -> str:
    """The same for a log, in one sentence.

    Parameters
    ----------
    label
        Name of the work.
    pace
        Its progress.
    unit
        Name of a unit.
    note
        E.g. the current loss.

    Examples
    --------
    >>> pace = Pace(8000, clock=lambda: 0.0)
    >>> pace.report(2000)
    >>> progress_text("draw", pace, unit="faces", note="two passes")
    'draw: 25 %, 2,000 of 8,000 faces, two passes'
    """
    share = pace.done / pace.total if pace.total else 1.0
    parts = [f"{label}: {_floor(share)} %"]
    if unit != PERCENT:
        parts.append(f"{pace.done:,} of {pace.total:,} {unit}")
    if rate := rate_text(pace.rate, unit):
        parts.append(rate)
    if (left := pace.seconds_left) is not None:
        parts.append(f"{clock_text(left)} left")
    return ", ".join([*parts, note] if note else parts)
