"""Times in cron's notation: checked, for APScheduler, and as systemd writes them."""

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
PART = re.compile(r"(?P<all>\*)|(?P<first>\d+)(-(?P<last>\d+))?")


@dataclass(frozen=True)
class Cron:
    """Five fields, each the numbers that it stands for; all of them where it says ``*``.

    Attributes
    ----------
    text
        As the user wrote it.
    days_of_week
        0 is Sunday, as in cron; APScheduler 3 begins its numbers with Monday.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    days_of_week: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``minute hour day month weekday``.

        Raises
        ------
        ConfigError
            If it is none, or restricts both days: cron then takes the days of either, systemd
            those of both.
        """
        fields = text.lower().split()
        if len(fields) != len(FIELDS):
            raise ConfigError(
                f"--cron {text!r} has {len(fields)} fields; expected minute, hour, day of month, "
                'month and day of week, e.g. "0 3 * * *" for every night at 3.'
            )
        fields[3] = _numbered(fields[3], MONTHS, 1)
        fields[4] = _numbered(fields[4], DAYS, 0)
        minutes, hours, days, months, weekdays = (
            _numbers(field, name, text) for field, name in zip(fields, FIELDS, strict=True)
        )
        weekdays = tuple(sorted({day % 7 for day in weekdays}))
        if len(days) < 31 and len(weekdays) < 7:
            raise ConfigError(
                f"--cron {text!r} restricts both the day of the month and the day of the week, "
                "which programs read in different ways. Restrict one of them."
            )
        cron = cls(text, minutes, hours, days, months, weekdays)
        if cron.trigger().get_next_fire_time(None, datetime.now().astimezone()) is None:
            raise ConfigError(f"--cron {text!r} never comes: no such month has such a day.")
        return cron

    def trigger(self) -> CronTrigger:
        """The same times for APScheduler, in this machine's time zone."""
        return CronTrigger(
            minute=_listed(self.minutes, 60),
            hour=_listed(self.hours, 24),
            day=_listed(self.days, 31),
            month=_listed(self.months, 12),
            day_of_week=",".join(DAYS[day] for day in self.days_of_week),
        )

    def on_calendar(self) -> str:
        """The same times as ``OnCalendar=`` of a systemd timer."""
        days = ",".join(DAYS[day].capitalize() for day in self.days_of_week)
        prefix = f"{days} " if len(self.days_of_week) < 7 else ""
        date = f"*-{_listed(self.months, 12)}-{_listed(self.days, 31)}"
        return f"{prefix}{date} {_listed(self.hours, 24)}:{_listed(self.minutes, 60)}:00"


def _numbered(field: str, names: tuple[str, ...], first: int) -> str:
    for number, name in enumerate(names, first):
        field = field.replace(name, str(number))
    return field


def _numbers(field: str, name: str, text: str) -> tuple[int, ...]:
    low, high = FIELDS[name]
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        match = PART.fullmatch(span)
        if match is None or (slash and not step.isdecimal()) or step == "0":
            raise ConfigError(f"--cron {text!r}: {part} is no {name}.")
        first = low if match["all"] else int(match["first"])
        last = (
            high if match["all"] or (slash and not match["last"]) else int(match["last"] or first)
        )
        if not low <= first <= last <= high:
            raise ConfigError(f"--cron {text!r}: {part} is no {name}; expected {low} to {high}.")
        found.update(range(first, last + 1, int(step or 1)))
    return tuple(sorted(found))


def _listed(numbers: tuple[int, ...], all_of_them: int) -> str:
    return "*" if len(numbers) == all_of_them else ",".join(map(str, numbers))
