"""Labels from a CSV in a folder: finds the file and its column of names, and joins the rows."""

import io
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath, source_path
from zpoints.pipeline.ingest.sources.annotations import interpret, join
from zpoints.pipeline.ingest.sources.source import Annotations

DISTINCT = 0.1
"""Least share of distinct values in a column of file names; several rows may name one file."""


def _base_names(names: pd.Series) -> pd.Series:
    return names.str.rsplit("/", n=1).str[-1]


def _stems(names: pd.Series) -> pd.Series:
    return _base_names(names).str.replace(r"\.[^.]*$", "", regex=True)


MATCH_BY: dict[str, Callable[[pd.Series], pd.Series]] = {
    "paths": lambda names: names,
    "file names": _base_names,
    "file names without suffix": _stems,
}
"""What names in a table may share with those of the photographs, closest match first."""


def find_labels(
    path: SourcePath, names: tuple[str, ...], config: SourceConfig
) -> tuple[Annotations, str]:
    """Find the CSV of labels of a folder and join its rows to the photographs.

    Parameters
    ----------
    path
        The folder.
    names
        Names of the photographs: their paths relative to the folder.
    config
        May name the file and its column of names.

    Returns
    -------
    labels
        A row for each photograph.
    name
        Name of the file; empty if there is none.

    Raises
    ------
    SourceError
        If the configured file cannot be read or names no photograph.
    """
    if config.labels is not None:
        given, inside = source_path(config.labels), path / config.labels
        table = inside if inside.is_file() else given
        return _read_labels(table, names, config.name_column), given.name
    notes: list[str] = []
    tables: list[SourcePath] = [*path.glob("*.csv")]
    for table in sorted(tables, key=str):
        try:
            labels = _read_labels(table, names, config.name_column)
        except SourceError as error:
            notes.append(f"{table.name} is not used: {error}")
        else:
            return replace(labels, notes=(*notes, *labels.notes)), table.name
    if config.name_column is not None:
        raise SourceError(
            f"source.name_column = {config.name_column}, but {path} holds no CSV that has this "
            "column with names of its photographs; name the file with source.labels."
        )
    return Annotations(pd.DataFrame(index=list(names)), None, tuple(notes)), ""


def _read_labels(path: SourcePath, names: tuple[str, ...], name_column: str | None) -> Annotations:
    table = _table(path)
    if name_column is not None and name_column not in table:
        raise SourceError(
            f"{path} has no column {name_column}. Expected source.name_column to be one of: "
            f"{', '.join(map(str, table.columns))}."
        )
    column, match_by = _name_column(table, names, name_column)
    if not match_by:
        raise SourceError(
            f"{path} has no column that names photographs of the folder. Expected a column with "
            f"names such as {names[0]}; name it with source.name_column."
        )
    rows = table.drop(columns=column).set_index(_resolved(table[column], names, match_by))
    joined = join(rows, names, origin=path.name, fill="")
    labels = interpret(joined.rows, present=joined.present, origin=path.name)
    notes = (
        f"{path.name}: the column {column} holds the {match_by}.",
        *joined.notes,
        *labels.notes,
    )
    return Annotations(labels.rows, labels.landmarks, notes)


def _table(path: SourcePath) -> pd.DataFrame:
    """All cells as text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        header = text.partition("\n")[0]
        table = pd.read_csv(
            io.StringIO(text),
            sep=max(",;\t|", key=header.count),
            dtype=str,
            keep_default_na=False,
            skipinitialspace=True,
        )
        if not isinstance(table.index, pd.RangeIndex):  # pandas makes an index of surplus cells
            raise ValueError("rows with more cells than the header")
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{path} cannot be read as a table ({error}). Expected a CSV file in UTF-8 with a "
            "line of column names; correct it, or name another with source.labels."
        ) from error
    return table.rename(columns=lambda name: str(name).strip())


def _cleaned(column: pd.Series) -> pd.Series:
    """Names as paths with slashes, relative to the folder."""
    slashes = column.astype(object).str.strip().str.replace("\\", "/", regex=False)
    return slashes.str.removeprefix("./")


def _name_column(table: pd.DataFrame, names: tuple[str, ...], given: str | None) -> tuple[str, str]:
    """The column that names the most photographs, and its key of `MATCH_BY`; both empty if none.

    Unless it is `given`, it must name more than half of the photographs, or more than half of its
    values must be among them: numbers in some column may happen to be names.
    """
    distinct = {str(c): table[c].nunique() for c in table if given in (None, c)}
    best, most = ("", ""), 0
    for match_by, reduced in MATCH_BY.items():
        wanted = reduced(pd.Series(names, dtype=object))
        for column, values in distinct.items():
            if given is None and values < DISTINCT * len(table):
                continue
            count = int(wanted.isin(reduced(_cleaned(table[column]))).sum())
            if count > most and (given or 2 * count > min(values, len(names))):
                best, most = (column, match_by), count
        if most == len(names):
            break
    return best


def _resolved(column: pd.Series, names: tuple[str, ...], match_by: str) -> pd.Index:
    """For each row the name of its photograph, or the text in the column.

    A text that matches several photographs names none of them.
    """
    photographs = pd.Series(
        names, index=pd.Index(MATCH_BY[match_by](pd.Series(names, dtype=object)))
    )
    photographs = photographs[~photographs.index.duplicated(keep=False)]
    given = _cleaned(column)
    return pd.Index(MATCH_BY[match_by](given).map(photographs).fillna(given))
