"""Ids of runs and jobs, which people may abbreviate."""

import secrets
import time
from collections.abc import Iterable

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


def abbreviated_by(text: str, ids: Iterable[str]) -> list[str]:
    """The ids that begin or end with a text; only the id itself if it is one of them.

    Parameters
    ----------
    text
        An id, its beginning or its end.
    ids
        All ids.

    Examples
    --------
    >>> ids = ["20261130-210614-ab12", "20261130-220000-cd34"]
    >>> abbreviated_by("ab12", ids), len(abbreviated_by("20261130", ids)), abbreviated_by("x", ids)
    (['20261130-210614-ab12'], 2, [])
    """
    known = list(ids)
    if not text or text in known:
        return [text] if text else []
    return [id_ for id_ in known if id_.startswith(text) or id_.endswith(text)]
