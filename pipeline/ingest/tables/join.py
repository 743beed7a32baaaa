"""Joins the rows of a table to photographs, whatever their order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.tables.matching import Matches
from zpoints.pipeline.progress import counted

TABLES_NAMED = 3
"""Tables that a message names."""
LISTED = 50
"""Names of other kinds that it lists."""


@dataclass(frozen=True)
class Joined:
    """Rows of a table for given photographs.

    Attributes
    ----------
    rows
        One row per photograph, in their order; the fill value where the table has no row.
    present
        (image,) bool: whether the table has a row.
    notes
        Lines for the user about repeated and surplus rows.
    missing
        A line for the user about photographs without a row, if there are some.
    """

    rows: pd.DataFrame
    present: np.ndarray
    notes: tuple[str, ...]
    missing: tuple[str, ...]


def join(
    table: pd.DataFrame,
    matches: Matches,
    names: Sequence[str],
    *,
    origin: str,
    fill: int | str,
) -> Joined:
    """Select the rows of some photographs.

    Repeated rows that agree count once; rows that contradict each other are not used.

    Parameters
    ----------
    table
        Rows indexed by the text that names a photograph.
    matches
        The photographs that the rows name.
    names
        Names of the photographs.
    origin
        Name of the table, for notes.
    fill
        Value of all columns where the table has no row.
    """
    wanted = pd.Index(list(names), dtype=object)
    matched = matches.position >= 0
    texts = table.index.astype(object)
    notes = note(origin, texts[matches.ambiguous], "row", "that could be of several photographs")
    notes += note(origin, texts[~matched & ~matches.ambiguous], "row", "without a photograph")
    rows = table[matched].set_axis(wanted[matches.position[matched]])
    single, contradictory, repeated = _single(rows, origin)
    present = single.index.get_indexer(wanted) >= 0
    without = wanted[~present].difference(contradictory)
    missing = note(origin, without, "photograph", "without a row")
    chosen = single.reindex(wanted, fill_value=fill)
    return Joined(chosen, present, (*repeated, *notes), tuple(missing))


def _single(table: pd.DataFrame, origin: str) -> tuple[pd.DataFrame, pd.Index, list[str]]:
    """A table with one row per name, the names of contradictory rows, and notes."""
    if table.index.is_unique:
        return table, table.index[:0], []
    rows = table[table.index.duplicated(keep=False)]
    distinct = rows[~pd.util.hash_pandas_object(rows).duplicated().to_numpy()]
    contradictory = distinct.index[distinct.index.duplicated()].unique()
    agreeing = rows.index.unique().difference(contradictory)
    notes = note(origin, agreeing, "name", "in several rows that agree; each counts once")
    notes += note(origin, contradictory, "name", "in rows that contradict each other; none is used")
    single = table[~table.index.duplicated()].drop(contradictory)
    return single, contradictory, notes


def note(origin: str, names: Sequence[str] | pd.Index, noun: str, finding: str) -> list[str]:
    """A line for the user with a count and an example; none if there is nothing to report.

    Parameters
    ----------
    origin
        Name of the table.
    names
        What was found.
    noun
        What one of them is.
    finding
        What the line reports about them.
    """
    count = counted(len(names), noun)
    return [f"{origin}: {count} {finding}, e.g. {shown(names[0])}."] if len(names) else []


def none_joined(matches: Matches, given: Sequence[str], names: Sequence[str]) -> str:
    """Why no row of a table names a photograph, with an example of both.

    Parameters
    ----------
    matches
        The result of comparing them.
    given
        Texts that name photographs in the table.
    names
        Names of the photographs.
    """
    if not given:
        return "it has no rows"
    several = f"{counted(int(matches.ambiguous.sum()), 'row')} could be of several photographs; "
    return (
        f"none of its {counted(len(given), 'row')} belongs to one photograph: "
        f"{several if matches.ambiguous.any() else ''}it names {_distinct(str(given[0]))}, the "
        f"photographs are called {_distinct(names[0])}"
    )


def shown(name: object) -> str:
    """A name as a message shows it, without the effect of control characters."""
    return text if (text := str(name)).isprintable() else repr(text)


def listed(names: Collection[object], most: int = LISTED) -> str:
    """Names as a message lists them: the first ones, and the number of the others.

    Examples
    --------
    >>> listed(["a.csv", "b.csv", "c.csv", "d.csv"], 3)
    'a.csv, b.csv, c.csv and 1 other'
    """
    more = len(names) - most
    first = ", ".join(map(shown, islice(names, most)))
    return first + (f" and {counted(more, 'other')}" if more > 0 else "")


def _distinct(name: str) -> str:
    """A name with its characters, if some may look like others."""
    return shown(name) if name.isascii() else f"{shown(name)} ({name!a})"
