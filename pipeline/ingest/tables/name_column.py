"""Finds the column of a table that names photographs."""

from dataclasses import dataclass

import pandas as pd

from zpoints.pipeline.ingest.tables.matching import PICTURES, Matches, match_names
from zpoints.pipeline.ingest.tables.numbers import IDS, counts_rows, with_zeros

SAMPLE = 100
"""Values, about, one of which must be a picture's before all are looked at."""
DISTINCT = 0.1
"""Least share of distinct values in a column of file names; several rows may name one file."""


@dataclass(frozen=True)
class NameColumn:
    """The column of a table that names photographs.

    Attributes
    ----------
    column
        Its name.
    matches
        The photographs that it names.
    zeros
        Whether its numbers lack the zeros before those of the photographs.
    """

    column: str
    matches: Matches
    zeros: bool


def find_name_column(
    table: pd.DataFrame, names: tuple[str, ...], given: str | None, *, source: str, base: str
) -> NameColumn | None:
    """The column that names the most photographs; None if there is none.

    Unless it is `given`, most of its values must end like the name of a picture; or it must name
    more than half of the photographs, or more than half of its values must be among them: numbers
    in some column may happen to be names. Where another column names pictures that are not there,
    its values must all differ besides.

    Parameters
    ----------
    table
        All cells as text.
    names
        Names of the photographs: unique paths relative to their folder.
    given
        The configured column, one of the table.
    source, base
        Folder of the photographs, and that of the table.
    """
    evident = dict.fromkeys(column for column in table if _are_pictures(table[column]))
    least = len(table) * (1 if evident else DISTINCT)
    best: NameColumn | None = None
    others = [column for column in table if column not in evident]
    for column in [given] if given is not None else [*evident, *others]:
        sure, values = given is not None or column in evident, table[column].nunique()
        found = best is not None and best.matches.photographs > 0
        if not sure and (found or values < least):
            continue
        named = column == given or str(column).lower() in IDS
        texts = with_zeros(table[column], names) if named else table[column]
        matches = match_names(texts, names, source=source, base=base)
        count = matches.photographs
        enough = sure or (
            2 * count > min(values, len(names)) and not counts_rows(table[column], matches.position)
        )
        if enough and (best is None or count > best.matches.photographs):
            best = NameColumn(str(column), matches, zeros=not texts.equals(table[column]))
    return best


def _are_pictures(column: pd.Series) -> bool:
    """Whether most values of a column end like names of pictures, and are not addresses."""
    some = column.iloc[:: len(column) // SAMPLE + 1]
    if not any(text.rstrip().lower().endswith(PICTURES) for text in some):
        return False
    texts = column.str.strip().str.lower()
    named = texts.str.endswith(PICTURES) & ~texts.str.contains("://", regex=False)
    return bool(named.sum() * 2 > len(texts))
