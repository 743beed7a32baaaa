"""Labels from the tables in a folder: finds the tables, and joins their rows to the photographs."""

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np
import pandas as pd

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath, source_path
from zpoints.pipeline.ingest.sources.parquet import read_parquet_cells
from zpoints.pipeline.ingest.tables.annotations import Annotations, merged
from zpoints.pipeline.ingest.tables.interpret import Labelled, interpret
from zpoints.pipeline.ingest.tables.join import join, listed, none_joined, note
from zpoints.pipeline.ingest.tables.matching import PICTURES
from zpoints.pipeline.ingest.tables.name_column import find_name_column
from zpoints.pipeline.ingest.tables.text import read_cells, read_json_lines, read_text
from zpoints.pipeline.ingest.tables.unused import UnusedTableError
from zpoints.pipeline.labels.label_names import label_named
from zpoints.pipeline.progress import counted

LINES, PARQUET = ".jsonl", ".parquet"
TABLES = (".csv", ".tsv", LINES)
"""Tables that are found; a parquet file may be large and about something else, and is named."""
FORMS = {LINES: "file in UTF-8 with a JSON object in each line", PARQUET: "complete parquet file"}
"""What a table is expected to be; others are CSV files, with any separator."""
UNREAD = (".xlsx", ".xls", ".ods", ".json", PARQUET, ".csv.gz", ".csv.zip")
"""Files that may hold labels and are not read unasked."""
MOST_TABLES = 100
"""Tables that are read; a folder may hold one for each photograph."""
REPORTED = 5
"""Tables that give no label and are named with the reason."""
UNNAMED = "without a name"
"""What notes call a column whose name is empty."""


class UnrelatedTableError(SourceError):
    """A table without a column that names photographs; it may be about something else."""


def find_labels(
    path: SourcePath, names: tuple[str, ...], others: Sequence[str], config: SourceConfig
) -> tuple[Annotations, tuple[str, ...]]:
    """Find the tables of labels of a folder and join their rows to the photographs.

    Parameters
    ----------
    path
        The folder.
    names
        Names of the photographs: their paths relative to the folder.
    others
        Paths of the other files in it, relative to it.
    config
        May name the table and its column of names.

    Returns
    -------
    labels
        A row for each photograph.
    used
        Paths of the tables that give labels, relative to the folder if they are in it.

    Raises
    ------
    SourceError
        If the configured table cannot be read, or gives no label. Of the tables that are found,
        those that do not fit are reported; it is an error if none of them gives a label and one is
        evidently about photographs. ``source.unused_tables`` allows it.
    """
    tables = _tables(path, others, config)
    chosen = tables[:MOST_TABLES]
    labels, unused = _read_tables(chosen, path, names, config)
    notes = [
        f"{table} is not used: {_why(error)}" for table, error in list(unused.items())[:REPORTED]
    ]
    if len(unused) > REPORTED:
        notes.append(f"{counted(len(unused) - REPORTED, 'other table')} not used.")
    if len(tables) > len(chosen):
        notes.append(
            f"{counted(len(tables) - len(chosen), 'table')} not read, since there are more than "
            f"{MOST_TABLES}; join them and name the file with source.labels."
        )
    if not labels:
        _allow_none(path, unused, config)
        unread = [other for other in others if other.lower().endswith(UNREAD)]
        remedy = "save as CSV, or name a parquet file (source.labels)"
        notes += note(str(path), unread, "file", f"not read that may hold labels; {remedy}")
        return Annotations(pd.DataFrame(index=list(names)), None, tuple(notes)), ()
    annotations = merged(labels)
    return replace(annotations, notes=(*notes, *annotations.notes)), tuple(labels)


def _why(error: SourceError) -> str:
    """The reason, without the repair where none is needed."""
    return f"{error.reason}." if isinstance(error, UnusedTableError) else str(error)


def _tables(
    path: SourcePath, others: Sequence[str], config: SourceConfig
) -> list[tuple[str, SourcePath]]:
    """Tables with their names, which are paths relative to the folder if they are in it."""
    if config.labels is not None:
        inside = path / config.labels
        table = inside if inside.is_file() else source_path(config.labels)
        within = str(table).startswith(f"{path}/")
        return [(str(table).removeprefix(f"{path}/") if within else table.name, table)]
    found = [other for other in others if PurePosixPath(other).suffix.lower() in TABLES]
    return [(name, path / name) for name in sorted(found, key=lambda n: (n.count("/"), n))]


def _read_tables(
    tables: Sequence[tuple[str, SourcePath]],
    path: SourcePath,
    names: tuple[str, ...],
    config: SourceConfig,
) -> tuple[dict[str, Labelled], dict[str, SourceError]]:
    """The labels that each table gives, and why the others give none."""
    labels: dict[str, Labelled] = {}
    unused: dict[str, SourceError] = {}
    column = None if config.name_column is None else label_named(config.name_column)
    for name, table in tables:
        try:
            labels[name] = _read_labels(table, name, path, names, column)
        except SourceError as error:
            unused[name] = error
    return labels, unused


def _allow_none(path: SourcePath, unused: dict[str, SourceError], config: SourceConfig) -> None:
    """Raise unless the photographs may stay without labels."""
    ignored = config.unused_tables == "ignore"
    if config.labels is not None:
        for error in unused.values():
            if not (ignored and isinstance(error, UnrelatedTableError | UnusedTableError)):
                raise error
        return
    if config.name_column is not None:
        raise SourceError(
            f"source.name_column = {config.name_column}, but {path} holds no table that has this "
            "column with names of its photographs; name the file with source.labels."
        )
    for table, error in unused.items():
        if ignored or isinstance(error, UnrelatedTableError) or "/" in table:
            continue
        if isinstance(error, UnusedTableError):
            raise error
        raise SourceError(
            f"{error} Tables that do not matter are left out with --set "
            "source.unused_tables=ignore."
        )


def _read_labels(
    path: SourcePath,
    origin: str,
    source: SourcePath,
    names: tuple[str, ...],
    name_column: str | None,
) -> Labelled:
    table, repeated = read_table(path)
    if name_column is not None and name_column not in table:
        raise SourceError(
            f"{path} has no column {name_column}. Expected source.name_column to be one of: "
            f"{listed(list(table.columns))}."
        )
    found = find_name_column(table, names, name_column, source=str(source), base=str(path.parent))
    if found is None:
        raise UnrelatedTableError(
            f"{path} has no column that names photographs of the folder. Expected a column with "
            f"names such as {names[0]}; name it with source.name_column."
        )
    column, matches = found.column, found.matches
    if column.lower().endswith(PICTURES):
        raise SourceError(
            f"{path} has no line of column names: the first one is about the photograph {column}. "
            "Expected one such as file,Smiling; add it."
        )
    if not matches.photographs:
        raise UnusedTableError(path, none_joined(matches, list(table[column]), names))
    rows = table.drop(columns=column).set_axis(table[column], axis="index")
    joined = join(rows, matches, names, origin=origin, fill="")
    labels = interpret(joined.rows, present=joined.present, origin=origin)
    if labels.empty:
        reason = labels.notes[-1] if labels.notes else f"it has no column but {column or UNNAMED}"
        raise UnusedTableError(path, reason)
    without = ", which lack leading zeros" if found.zeros else ""
    notes = [f"{origin}: the column {column or UNNAMED} holds the {matches.way}{without}."]
    if repeated:
        several = listed([name or UNNAMED for name in repeated])
        notes.append(f"{origin}: of columns of one name the first counts: {several}.")
    notes += [*joined.notes, *labels.notes]
    return replace(labels, missing=joined.missing, notes=tuple(notes))


def read_table(path: SourcePath) -> tuple[pd.DataFrame, list[str]]:
    """All cells as text, without columns that have no content, and names of several columns.

    Raises
    ------
    SourceError
        If the file cannot be read as a table.
    """
    try:
        table = _cells(path)
    except (OSError, ValueError, csv.Error, RecursionError) as error:
        form = FORMS.get(path.suffix.lower(), "CSV file in UTF-8 with a line of column names")
        raise SourceError(
            f"{path} cannot be read as a table ({error}). Expected a {form}; correct it, or name "
            "another with source.labels."
        ) from error
    table.columns = pd.Index([label_named(name) for name in table.columns], dtype=object)
    blank = [not name and not any(table.iloc[:, k]) for k, name in enumerate(table.columns)]
    table = table.loc[:, np.logical_not(blank)]
    several = table.columns.duplicated()
    return table.loc[:, ~several], list(table.columns[several].unique())


def _cells(path: SourcePath) -> pd.DataFrame:
    if path.suffix.lower() == PARQUET:
        return read_parquet_cells(path)
    read = read_json_lines if path.suffix.lower() == LINES else read_cells
    return read(read_text(path))
