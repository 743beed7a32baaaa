"""Ids of runs and jobs, which people may abbreviate."""

import secrets
import time

ID = r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}"
"""Time of the start in UTC, and four random digits."""


def new_id() -> str:
    """A new id; ids sort by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"


def short(id_: str) -> str:
    """The part of an id that tells it from others at a glance: its last four digits.

    Examples
    --------
    >>> short("20261130-210614-ab12")
    'ab12'
    """
    return id_.rpartition("-")[2]
