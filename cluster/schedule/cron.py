"""Parses times in cron's notation and converts them for APScheduler and systemd."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from apscheduler.triggers.cron import CronTrigger

from zpoints.pipeline.errors import ConfigError

DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FIELDS = {
    "minute": (0, 59),
    "hour": (0, 23),
    "day of month": (1, 31),
    "month": (1, 12),
    "day of week": (0, 7),
}
PART = re.compile(r"(?P<all>\*)|(?P<first>[0-9]{1,4})(-(?P<last>[0-9]{1,4}))?")
STEP = re.compile(r"0{0,3}[1-9][0-9]{0,3}")


@dataclass(frozen=True)
class Cron:
    """Times of a schedule; each field is the tuple of all values that match.

    Attributes
    ----------
    text
        The five fields as the user wrote them, with a space between.
    minutes, hours, days, months
        Minutes 0 to 59, hours 0 to 23, days of the month 1 to 31, months 1 to 12.
    days_of_week
        0 is Sunday, as in cron; APScheduler 3 counts from Monday.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    days_of_week: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse ``minute hour day-of-month month day-of-week``.

        Raises
        ------
        ConfigError
            If the text is invalid, or restricts both kinds of days: cron then runs on days that
            match either field, systemd on days that match both.
        """
        fields = text.lower().split()
        if len(fields) != len(FIELDS):
            raise ConfigError(
                f"--cron {text!r} has {len(fields)} fields; expected minute, hour, day of month, "
                'month and day of week, e.g. "0 3 * * *" for every night at 3.'
            )
        fields[3] = _names_replaced(fields[3], MONTHS, 1)
        fields[4] = _names_replaced(fields[4], DAYS, 0)
        minutes, hours, days, months, weekdays = (
            _numbers(field, name, text) for field, name in zip(fields, FIELDS, strict=True)
        )
        weekdays = tuple(sorted({day % 7 for day in weekdays}))
        if len(days) < 31 and len(weekdays) < 7:
            raise ConfigError(
                f"--cron {text!r} restricts both the day of the month and the day of the week, "
                "which schedulers interpret differently. Restrict only one of them."
            )
        cron = cls(" ".join(text.split()), minutes, hours, days, months, weekdays)
        if cron.trigger().get_next_fire_time(None, datetime.now().astimezone()) is None:
            raise ConfigError(f"--cron {text!r} never matches: none of the months has such a day.")
        return cron

    def trigger(self) -> CronTrigger:
        """The times as a trigger of APScheduler, in this machine's time zone."""
        return CronTrigger(
            minute=_listed(self.minutes, 60),
            hour=_listed(self.hours, 24),
            day=_listed(self.days, 31),
            month=_listed(self.months, 12),
            day_of_week=",".join(DAYS[day] for day in self.days_of_week),
        )

    def on_calendar(self) -> str:
        """The times as the value of ``OnCalendar=`` in a systemd timer."""
        days = ",".join(DAYS[day].capitalize() for day in self.days_of_week)
        prefix = f"{days} " if len(self.days_of_week) < 7 else ""
        date = f"*-{_listed(self.months, 12)}-{_listed(self.days, 31)}"
        return f"{prefix}{date} {_listed(self.hours, 24)}:{_listed(self.minutes, 60)}:00"


def _names_replaced(field: str, names: tuple[str, ...], first: int) -> str:
    for number, name in enumerate(names, first):
        field = field.replace(name, str(number))
    return field


def _numbers(field: str, name: str, text: str) -> tuple[int, ...]:
    low, high = FIELDS[name]
    found: set[int] = set()
    for part in field.split(","):
        values = _values(part, low, high)
        if values is None:
            raise ConfigError(
                f"--cron {text!r}: invalid {name} {part!r}; expected {low} to {high}."
            )
        found.update(values)
    return tuple(sorted(found))


def _values(part: str, low: int, high: int) -> range | None:
    """Values of a part such as ``*/15`` or ``8-18``; None if it is invalid."""
    span, slash, step = part.partition("/")
    match = PART.fullmatch(span)
    if match is None or (slash and not STEP.fullmatch(step)):
        return None
    first = low if match["all"] else int(match["first"])
    open_ended = match["all"] or (slash and not match["last"])
    last = high if open_ended else int(match["last"] or first)
    if not low <= first <= last <= high:
        return None
    return range(first, last + 1, int(step or 1))


def _listed(numbers: tuple[int, ...], possible: int) -> str:
    return "*" if len(numbers) == possible else ",".join(map(str, numbers))
