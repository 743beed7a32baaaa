"""CelebA's annotation files, as text of the official download or as CSV of other packings."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.limits import refuse_columns
from zpoints.pipeline.ingest.tables.annotations import Annotations
from zpoints.pipeline.ingest.tables.interpret import LANDMARKS, SPLIT_NAMES, misnamed_notes
from zpoints.pipeline.ingest.tables.join import Joined, join, none_joined
from zpoints.pipeline.ingest.tables.matching import PICTURES, Matches, match_names
from zpoints.pipeline.ingest.tables.ranges import narrowed
from zpoints.pipeline.ingest.tables.text import (
    LOOKED_AT,
    SEPARATORS,
    WHITESPACE,
    lines_of,
    read_text,
    separated,
)
from zpoints.pipeline.ingest.tables.unused import UnusedTableError
from zpoints.pipeline.labels.annotated_rows import marker
from zpoints.pipeline.labels.label_names import label_named, name_problem

FOLDERS = ("", "Img", "Anno", "Eval")  # the official download has the last three


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file of CelebA: a file name and integers per row.

    Attributes
    ----------
    stem
        File name without suffix.
    missing
        What the store lacks without the file.
    columns
        Names of the integers if a text file has no header.
    """

    stem: str
    missing: str
    columns: tuple[str, ...] = ()


ATTRIBUTES = AnnotationFile("list_attr_celeba", "no attributes")
PARTITION = AnnotationFile("list_eval_partition", "no split", ("split",))
IDENTITY = AnnotationFile("identity_CelebA", "no identities", ("identity",))
POINTS = AnnotationFile("list_landmarks_align_celeba", "no landmarks")
ANNOTATION_FILES = (ATTRIBUTES, PARTITION, IDENTITY, POINTS)


def annotation_file(
    home: SourcePath, file: AnnotationFile, suffixes: Sequence[str]
) -> SourcePath | None:
    """The path of an annotation file, in a folder or in one of those of the official download.

    Parameters
    ----------
    home
        The folder.
    file
        The annotation file.
    suffixes
        Its suffixes, in order of preference.
    """
    files = (home / f / (file.stem + s) for s in suffixes for f in FOLDERS)
    return next((p for p in files if p.is_file()), None)


def first_annotation_file(home: SourcePath, suffixes: Sequence[str]) -> SourcePath | None:
    """The first annotation file that a folder holds; None if there is none."""
    found = (annotation_file(home, file, suffixes) for file in ANNOTATION_FILES)
    return next((path for path in found if path is not None), None)


def read_annotation_files(
    home: SourcePath, names: Sequence[str], suffixes: Sequence[str], *, required: bool
) -> Annotations:
    """Read the annotation files and join them to photographs.

    Parameters
    ----------
    home
        Folder of the annotation files.
    names
        Names of the photographs.
    suffixes
        Suffixes of the files, in order of preference.
    required
        Whether a file that gives no label to any photograph is an error.

    Raises
    ------
    SourceError
        If a file is not UTF-8 or malformed, or gives no label although it is required to.
    """
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    landmarks = None
    named: pd.Index | None = None
    for file in ANNOTATION_FILES:
        path = annotation_file(home, file, suffixes)
        if path is None:
            name = file.stem + suffixes[0]
            notes.append(f"{name} not found in {home}: {file.missing} in the store.")
            continue
        try:
            table = _parsed(path, file)
            if named is None or not table.index.equals(named):  # all official ones are equal
                named, matches = table.index, match_names(table.index.to_series(), names)
            joined = _joined(table, matches, names, path)
            rows, found = _labels(joined, file, path)
        except UnusedTableError as error:
            if required:
                raise
            notes.append(f"{path.name} is not used: {error.reason}.")
            continue
        notes += found
        if file is POINTS:
            points = rows.to_numpy(np.int16)
            landmarks = points.reshape(len(names), len(LANDMARKS), 2)
        else:
            parts.append(rows)
    rows = pd.concat(parts, axis="columns") if parts else pd.DataFrame(index=list(names))
    return Annotations(rows, landmarks, tuple(notes))


def _joined(
    table: pd.DataFrame, matches: Matches, names: Sequence[str], path: SourcePath
) -> Joined:
    if not matches.photographs:
        raise UnusedTableError(path, none_joined(matches, list(table.index), names))
    return join(table, matches, names, origin=path.name, fill=-1)


def _labels(
    joined: Joined, file: AnnotationFile, path: SourcePath
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Labels of the photographs, and notes about what does not fit."""
    if file is PARTITION:
        splits = {-1: "", **{code: SPLIT_NAMES[str(code)] for code in range(3)}}
        return joined.rows.replace(splits), (*joined.notes, *joined.missing)
    if file is not ATTRIBUTES:
        return joined.rows, (*joined.notes, *joined.missing)
    misnamed = [name for name in map(str, joined.rows) if name_problem(name)]
    notes = (*joined.notes, *joined.missing, *misnamed_notes(misnamed, path.name))
    rows = joined.rows.drop(columns=misnamed) == 1
    if rows.empty:
        raise UnusedTableError(path, notes[-1])
    return rows.assign(**marker(joined.present)), notes


def _parsed(path: SourcePath, file: AnnotationFile) -> pd.DataFrame:
    """int32 columns, indexed by file name."""
    try:
        text = read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path} cannot be read as text ({error}). Expected the official file, which is UTF-8; "
            "replace it, or remove it to continue without these labels."
        ) from error
    try:
        rows = _rows(text, file)
        _check(rows, file)
    except (ValueError, IndexError, KeyError, csv.Error) as error:
        raise SourceError(
            f"{path} does not have CelebA's format ({error}). Expected the official file; "
            "replace it, or remove it to continue without these labels."
        ) from error
    return rows


def _rows(text: str, file: AnnotationFile) -> pd.DataFrame:
    """The rows below the number of rows, if the file begins with it, and the header, if it has one.

    Blanks separate the columns, or whatever a spreadsheet puts there when it saves the file.
    """
    text = _without_row_numbers(separated(text).text)
    sample, separator = _sample(text)
    header, rest = _header(text, separator)
    if file.columns and _is_number(_cells(sample, separator)[-1]):
        rows = text if _is_number(header[-1]) else rest
        return _integers(rows, list(file.columns), sample, separator)
    if _is_number(" ".join(header)):
        header, rest = _header(rest, separator)
    if len(header) == len(_cells(sample, separator)):
        header = header[1:]  # CSV names the first column, too
    refuse_columns(len(header))
    columns = [label_named(name) for name in header]
    if len(set(columns)) < len(columns) or not columns:
        raise ValueError("two columns of one name" if columns else "no column but the file names")
    return _integers(rest, columns, sample, separator)


def _without_row_numbers(text: str) -> str:
    """The text without a column of row numbers before the file names, which pandas writes."""
    sample, separator = _sample(text)
    number, *others = _cells(sample, separator)
    if separator == WHITESPACE or not (
        number.isdecimal() and len(others) > 1 and others[0].lower().endswith(PICTURES)
    ):
        return text
    first = f"[^{re.escape(separator)}\n]*"
    column = f'(\\A{first}|^"?[0-9]+"?){re.escape(separator)}'
    return re.sub(column, "", text, flags=re.MULTILINE)


def _header(text: str, separator: str) -> tuple[list[str], str]:
    """Cells of the first row, which may cover several lines, and the text below it."""
    if separator == WHITESPACE:
        first, _, rest = text.partition("\n")
        return _cells(first, separator), rest
    reader = csv.reader(lines_of(text), delimiter=separator, skipinitialspace=True)
    cells = next(reader, [])
    lines = text.split("\n", reader.line_num)
    return _stripped(cells), lines[-1] if len(lines) > reader.line_num else ""


def _sample(text: str) -> tuple[str, str]:
    """A row, one of the last, and what separates its columns."""
    last = text.rstrip().rsplit("\n", LOOKED_AT)[-LOOKED_AT:]
    for row in reversed(last):
        _, *values = row.split()
        if values and all(map(_is_number, values)):
            return row, "\t" if "\t" in row.strip() else WHITESPACE
    return last[-1], max(SEPARATORS, key=last[-1].count)


def _cells(row: str, separator: str) -> list[str]:
    if separator == WHITESPACE:
        return _stripped(row.split())
    return _stripped(next(csv.reader([row], delimiter=separator, skipinitialspace=True), []))


def _stripped(cells: list[str]) -> list[str]:
    """Cells without blanks around them, and without the blank ones at the end; at least one."""
    found = [cell.strip() for cell in cells] or [""]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _integers(rows: str, columns: list[str], sample: str, separator: str) -> pd.DataFrame:
    """The columns after the file name; the sample is a row with as many cells as all have."""
    width = len(_cells(sample, separator))
    if width != len(columns) + 1:
        relation = "more" if width > len(columns) + 1 else "less"
        raise ValueError(f"{relation} than {len(columns)} values in a row")
    blank = 0 if separator == WHITESPACE else sample.count(separator) + 1 - width
    table = pd.read_csv(
        io.StringIO(rows),
        sep=separator,
        header=None,
        names=range(width + max(blank, 0)),
        dtype={0: str},
        skipinitialspace=True,
    )
    if not isinstance(table.index, pd.RangeIndex):  # pandas makes an index of surplus fields
        raise ValueError(f"more than {len(columns)} values in a row")
    values = table.loc[:, 1 : width - 1].to_numpy()
    numbers = narrowed(values if values.dtype.kind in "iuf" else values.astype(float), np.int32)
    return pd.DataFrame(numbers, index=table[0].str.strip(), columns=columns)


def _check(rows: pd.DataFrame, file: AnnotationFile) -> None:
    if file is ATTRIBUTES and not rows.isin((-1, 0, 1)).all(axis=None):
        raise ValueError("an attribute other than -1 and 1")
    if file is PARTITION and not rows["split"].isin((0, 1, 2)).all():
        raise ValueError("a split other than 0, 1 and 2")
    if file is POINTS and rows.shape[1] != 2 * len(LANDMARKS):
        raise ValueError(f"{rows.shape[1]} columns instead of x and y of 5 landmarks")
    if file is POINTS:
        narrowed(rows.to_numpy(), np.int16)
