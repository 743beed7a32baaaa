"""Annotation tables: joined to photographs by file name, columns interpreted by their values.

The order of rows does not matter. Rows and columns that do not fit are left out and reported in a
note; they are never an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.sources.source import Annotations
from zpoints.pipeline.labels.annotated_rows import is_attribute, marker
from zpoints.pipeline.progress import counted
from zpoints.storage.schema.registry import VARIABLES

LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
COORDINATES = [f"{name.replace('_', '')}_{axis}" for name in LANDMARKS for axis in "xy"]
"""CelebA's columns of the landmarks: lefteye_x, lefteye_y, ..., rightmouth_y."""

SPLIT_COLUMNS = ("split", "partition", "subset")
IDENTITY_COLUMNS = ("identity", "celeb_id", "identity_id", "person_id", "person", "subject_id")
SPLIT_NAMES = {
    **dict.fromkeys(("0", "train", "training"), "train"),
    **dict.fromkeys(("1", "valid", "validation", "val", "dev"), "validation"),
    **dict.fromkeys(("2", "test", "testing"), "test"),
}
YES, NO, MINUS = {"1", "true", "yes", "y", "t"}, {"0", "false", "no", "n", "f"}, {"-1"}
BLANK = {"", "na", "nan", "none", "null"}
RESERVED = {
    name
    for kind in ("images", "latents")
    for variable in VARIABLES[kind].values()
    for name in (variable.name, *variable.dims)
}
"""Names with another meaning in the store."""


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
        Lines for the user about repeated, surplus and missing rows.
    """

    rows: pd.DataFrame
    present: np.ndarray
    notes: tuple[str, ...]


def join(table: pd.DataFrame, names: Sequence[str], *, origin: str, fill: int | str) -> Joined:
    """Select the rows of some photographs.

    Repeated rows that agree count once; rows that contradict each other are not used.

    Parameters
    ----------
    table
        Rows indexed by file name.
    names
        Names of the photographs.
    origin
        Name of the table, for notes.
    fill
        Value of all columns where the table has no row.
    """
    # As objects, since pandas compares strings of dtype str several times more slowly.
    table = table.set_axis(table.index.astype(object))
    wanted = pd.Index(list(names), dtype=object)
    single, contradictory, notes = _single(table, origin)
    position = single.index.get_indexer(wanted)
    present = position >= 0
    missing = wanted[~present].difference(contradictory)
    unused = single.index.delete(position[present])
    notes += _note(origin, unused, "row", "without a photograph")
    notes += _note(origin, missing, "photograph", "without a row")
    return Joined(single.reindex(wanted, fill_value=fill), present, tuple(notes))


def _single(table: pd.DataFrame, origin: str) -> tuple[pd.DataFrame, pd.Index, list[str]]:
    """A table with one row per name, the names of contradictory rows, and notes."""
    rows = table[table.index.duplicated(keep=False)]
    distinct = rows[~pd.util.hash_pandas_object(rows).duplicated().to_numpy()]
    contradictory = distinct.index[distinct.index.duplicated()].unique()
    agreeing = rows.index.unique().difference(contradictory)
    notes = _note(origin, agreeing, "name", "in several rows that agree; each counts once")
    notes += _note(
        origin, contradictory, "name", "in rows that contradict each other; none is used"
    )
    single = table[~table.index.duplicated()].drop(contradictory)
    return single, contradictory, notes


def _note(origin: str, names: pd.Index, noun: str, finding: str) -> list[str]:
    count = counted(len(names), noun)
    return [f"{origin}: {count} {finding}, e.g. {names[0]}."] if len(names) else []


def interpret(columns: pd.DataFrame, *, present: np.ndarray, origin: str) -> Annotations:
    """Interpret columns of any dtype as split, identity, landmarks and boolean attributes.

    Parameters
    ----------
    columns
        One row per photograph, index the names. Attributes are columns of true and false, yes and
        no, 1 and 0, or 1 and -1.
    present
        (image,) bool: whether the table had the row.
    origin
        Name of the table, for notes.
    """
    kinds: dict[str, np.ndarray] = {}
    attributes: dict[str, np.ndarray] = {}
    landmarks = _landmarks(columns)
    complete, notes, left_out = present.copy(), [], []
    for label, column in columns.items():
        name = str(label).strip()
        if name.lower() in SPLIT_COLUMNS and "split" not in kinds:
            kinds["split"], unknown = _splits(column)
            notes += _note(origin, unknown, "split", "other than train, validation and test")
        elif (
            name.lower() in IDENTITY_COLUMNS
            and "identity" not in kinds
            and (numbers := _whole_numbers(column)) is not None
        ):
            kinds["identity"] = numbers
        elif landmarks is not None and name in COORDINATES:
            continue
        elif not _storable(name) or name in attributes or (flags := _flags(column)) is None:
            left_out.append(name)
        else:
            attributes[name], blank = flags
            complete &= ~blank
    notes += _note(origin, columns.index[present & ~complete], "row", "with blank attributes")
    if left_out:
        notes.append(
            f"{origin}: columns left out, not of a known kind of label: {', '.join(left_out)}."
        )
    if attributes:
        attributes |= marker(complete)
    rows = pd.DataFrame({**attributes, **kinds}, index=columns.index)
    return Annotations(rows, landmarks, tuple(notes))


def _storable(name: str) -> bool:
    """Whether an attribute may have this name, which becomes that of an array."""
    return (
        bool(name)
        and name not in RESERVED
        and is_attribute(name)
        and "/" not in name
        and name[0] not in "._"
    )


def annotations_digest(rows: pd.DataFrame, landmarks: np.ndarray | None) -> str:
    """Digest of labels by content, column names included."""
    hashes = pd.util.hash_pandas_object(rows).to_numpy().tobytes().hex()
    points = "" if landmarks is None else landmarks.tobytes().hex()
    return digest([*map(str, rows.columns), hashes, points])


def _texts(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """For each row the index of its text in a list of normalised texts, the last of which is blank.

    Missing values are blank. Whole numbers that are floats because some are missing read as whole.
    """
    codes, values = pd.factorize(column)
    return codes, [*(str(value).strip().lower().removesuffix(".0") for value in values), ""]


def _flags(column: pd.Series) -> tuple[np.ndarray, np.ndarray] | None:
    """Which rows are true and which are blank; None if the column is not boolean."""
    codes, texts = _texts(column)
    known = set(texts) - BLANK
    if not known or not (known <= YES | NO or known <= YES | MINUS):
        return None
    return np.isin(texts, list(YES))[codes], np.isin(texts, list(BLANK))[codes]


def _splits(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Split of each row, empty if unknown, and the unknown texts."""
    codes, texts = _texts(column)
    splits = np.array([SPLIT_NAMES.get(text, "") for text in texts], dtype=object)
    return splits[codes], pd.Index([t for t in texts if t not in SPLIT_NAMES and t not in BLANK])


def _whole_numbers(column: pd.Series) -> np.ndarray | None:
    """int32, -1 where blank; None if there are other values."""
    codes, texts = _texts(column)
    blank = np.isin(texts, list(BLANK))
    numbers = pd.to_numeric(pd.Series(texts), errors="coerce")
    values = np.where(blank, -1, numbers.to_numpy(float))
    if not (np.abs(values) < 2**31).all() or (values % 1).any() or blank.all():
        return None
    return values.astype(np.int32)[codes]


def _landmarks(columns: pd.DataFrame) -> np.ndarray | None:
    """int16 (image, landmark, axis) from CelebA's ten columns; None if one is missing."""
    if not set(COORDINATES) <= set(columns):
        return None
    points = columns[COORDINATES].apply(pd.to_numeric, errors="coerce").fillna(-1)
    shape = (len(columns), len(LANDMARKS), 2)
    return points.to_numpy(float).round().astype(np.int16).reshape(shape)
