"""Labels and names of vectors: from the rows of a table, by order or by name."""

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
import pandas as pd

from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.pipeline.import_vectors.vector_file import VectorFile
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.pipeline.ingest.sources.label_tables import read_table
from zpoints.pipeline.ingest.tables.annotations import Annotations, merged
from zpoints.pipeline.ingest.tables.interpret import Labelled, interpret
from zpoints.pipeline.ingest.tables.join import join, listed
from zpoints.pipeline.ingest.tables.name_column import NameColumn, find_name_column
from zpoints.pipeline.ingest.tables.numbers import IDS
from zpoints.pipeline.labels.label_names import label_named

ROWS = ("row", "index")
"""Columns, besides `IDS`, whose numbers are those of the rows of vectors."""
OTHER_COLUMN = "correct them, or name another column with source.name_column"
RENAME = "call adata.obs_names_make_unique() and write the file again"
"""How names in a table, and those in an AnnData file, are repaired."""


@dataclass(frozen=True)
class NamedVectors:
    """Names and labels of vectors.

    Attributes
    ----------
    labels
        A row for each vector, indexed by unique names.
    notes
        Lines for the user.
    numbered
        Whether the names are row numbers, since nothing names the vectors.
    """

    labels: Annotations
    notes: tuple[str, ...]
    numbered: bool


def label_vectors(file: VectorFile, table: str | None, name_column: str | None) -> NamedVectors:
    """Name the vectors, and give them the labels of their file and of a table.

    Vectors are named by their file, by a column of the table, or by their row numbers. The rows of
    a table with as many rows are joined by order unless the file has names; otherwise by name.

    Parameters
    ----------
    file
        The vectors.
    table
        Location of the table; None for no labels but those of the file.
    name_column
        Its column of names; None finds it.

    Raises
    ------
    ConfigError
        If there is no such table, or no such column.
    SourceError
        If the table cannot be read or joined, or names are not unique.
    """
    own = None if file.names is None else _unique(file.names, str(file.path), RENAME)
    names = _numbers(file.rows) if own is None else own
    given = _of_file(file, names)
    if table is None:
        none = Annotations(pd.DataFrame(index=names), None, ())
        labels = merged(given) if given else none
        return NamedVectors(labels, labels.notes, numbered=own is None)
    path = source_path(table)
    if not path.exists():
        raise ConfigError(f"source.labels = {path} does not exist. Expected a table of labels.")
    cells, _ = read_table(path)
    column = None if name_column is None else label_named(name_column)
    if column is not None and column not in cells:
        raise ConfigError(
            f"{path} has no column {column}. Expected source.name_column to be one of: "
            f"{listed(list(cells.columns))}."
        )
    origin = PurePath(str(path)).name
    if own is None and len(cells) == file.rows:
        return _by_order(cells, column, origin)
    return _by_name(cells, column, names, origin, file, given)


def _of_file(file: VectorFile, names: pd.Index) -> dict[str, Labelled]:
    """The labels that the file has itself, by its name."""
    if file.labels is None:
        return {}
    present, origin = np.ones(file.rows, bool), file.path.name
    rows = file.labels.set_axis(names, axis="index")
    return {origin: interpret(rows, present=present, origin=origin)}


def _by_order(cells: pd.DataFrame, column: str | None, origin: str) -> NamedVectors:
    """Labels of a table with a row for each vector, in their order."""
    naming = column if column is not None else _name_column(cells)
    if naming is None:
        names, named = _numbers(len(cells)), "they are numbered from 0"
    else:
        names = _unique(tuple(cells[naming]), f"the column {naming} of {origin}")
        named = f"named by the column {naming}"
        cells = cells.drop(columns=naming)
    note = f"{origin}: its {len(cells):,} rows are those of the vectors, in their order; {named}."
    found = interpret(
        cells.set_axis(names, axis="index"), present=np.ones(len(cells), bool), origin=origin
    )
    labels = merged({origin: found})
    return NamedVectors(labels, (note, *labels.notes), numbered=naming is None)


def _by_name(
    cells: pd.DataFrame,
    column: str | None,
    names: pd.Index,
    origin: str,
    file: VectorFile,
    given: dict[str, Labelled],
) -> NamedVectors:
    """Labels of the rows that name a vector, and those that the file has itself."""
    known = tuple(map(str, names))
    if column is None and file.names is None:  # numbers in any other column may be row numbers
        column = next((str(c) for c in cells if str(c).lower() in (*IDS, *ROWS)), None)
        found = None if column is None else _found(cells, known, column)
    else:
        found = _found(cells, known, column)
    if found is None or not found.matches.photographs:
        raise SourceError(
            f"{origin} has {len(cells):,} rows and no column that names the {file.rows:,} vectors "
            f"of {file.path}. Expected a row for each vector, in their order, or a column with "
            f"names such as {known[0]}; name it with source.name_column."
        )
    rows = cells.drop(columns=found.column).set_axis(cells[found.column], axis="index")
    joined = join(rows, found.matches, known, origin=origin, fill="")
    found_labels = interpret(joined.rows, present=joined.present, origin=origin)
    labels = merged({**given, origin: found_labels})
    note = f"{origin}: its column {found.column} names the vectors."
    notes = (note, *joined.notes, *joined.missing, *labels.notes)
    return NamedVectors(labels, notes, numbered=file.names is None)


def _found(cells: pd.DataFrame, names: tuple[str, ...], column: str | None) -> NameColumn | None:
    return find_name_column(cells, names, column, source="", base="")


def _name_column(cells: pd.DataFrame) -> str | None:
    """The first column that is called one of names and has a value of its own in each row."""
    for column in cells:
        distinct = cells[column].nunique() == len(cells) and (cells[column] != "").all()
        if str(column).lower() in IDS and distinct:
            return str(column)
    return None


def _numbers(rows: int) -> pd.Index:
    return pd.Index(np.arange(rows).astype(str).astype(object))


def _unique(names: tuple[str, ...], origin: str, repair: str = OTHER_COLUMN) -> pd.Index:
    index = pd.Index(names, dtype=object)
    if index.has_duplicates or (index == "").any():
        wrong = index[index.duplicated()]
        found = f"{wrong[0]!r} occurs more than once" if len(wrong) else "one is empty"
        raise SourceError(
            f"The names of {origin} are not unique ({found}). Expected one for each vector; "
            f"{repair}."
        )
    return index
