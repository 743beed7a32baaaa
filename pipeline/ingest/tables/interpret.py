"""Columns of a table as labels, by their names and values.

Rows and columns that do not fit are left out and reported in a note.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.tables.join import listed, note
from zpoints.pipeline.ingest.tables.numbers import ROW_NUMBERS
from zpoints.pipeline.ingest.tables.ranges import fits, narrowed
from zpoints.pipeline.ingest.tables.values import BLANK, NAMES, Known, values_of
from zpoints.pipeline.labels.label_names import label_named, name_problem
from zpoints.pipeline.progress import counted

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
BLANKS = "with blank attributes"
UNKNOWN: Mapping[str, int | str] = {"split": "", "identity": -1}
"""Value of a label other than an attribute where it is not known."""


@dataclass(frozen=True)
class Labelled:
    """The labels of photographs that one table gives.

    Attributes
    ----------
    names
        Names of the photographs.
    attributes
        Boolean labels by name.
    values
        By name, labels of numbers (float64), dates and texts, see `values_of`.
    kinds
        ``split`` (str, empty where unknown) and ``identity`` (int32, -1 where unknown), as far as
        there are.
    landmarks
        int16 (image, landmark, axis), -1 where unknown; None where absent.
    missing
        A line for the user about photographs without a row, if there are some.
    notes
        Lines for the user about what else does not fit.
    """

    names: pd.Index
    attributes: dict[str, Known] = field(default_factory=dict)
    values: dict[str, Known] = field(default_factory=dict)
    kinds: dict[str, np.ndarray] = field(default_factory=dict)
    landmarks: np.ndarray | None = None
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the table gives no label to any photograph."""
        known = [(values != UNKNOWN[kind]).any() for kind, values in self.kinds.items()]
        points = self.landmarks is not None and (self.landmarks != -1).any()
        return not (self.attributes or self.values or any(known) or points)


def interpret(columns: pd.DataFrame, *, present: np.ndarray, origin: str) -> Labelled:
    """Interpret columns of any dtype as split, identity, landmarks, attributes and other labels.

    Parameters
    ----------
    columns
        One row per photograph, index the names. Attributes are columns of true and false, yes and
        no, 1 and 0, or 1 and -1; other columns are labels of numbers, dates or text.
    present
        (image,) bool: whether the table had the row.
    origin
        Name of the table, for notes.
    """
    attributes: dict[str, Known] = {}
    values: dict[str, Known] = {}
    kinds: dict[str, np.ndarray] = {}
    landmarks, notes = _landmarks(columns, origin)
    left_out = _LeftOut()
    for label, column in columns.items():
        name = label_named(label)
        if name.lower() in SPLIT_COLUMNS and "split" not in kinds:
            kinds["split"], odd = _splits(column)
            notes += note(origin, odd, "split", "other than train, validation and test")
        elif name.lower() in IDENTITY_COLUMNS and "identity" not in kinds and _numeric(column):
            try:
                kinds["identity"] = _identities(column)
            except ValueError as error:
                notes.append(f"{origin}: the column {name} is left out: {error}.")
        elif landmarks is not None and name in COORDINATES:
            continue
        elif name in attributes or name in values:
            left_out.unknown.append(name)
        elif (flags := _flags(column, present)) is not None:
            if left_out.keeps(name):
                attributes[name] = flags
        elif ROW_NUMBERS.fullmatch(name) and name:
            left_out.counting.append(name)
        elif not name or (found := values_of(column)) is None:
            left_out.unknown.append(name or "one without a name")
        elif left_out.keeps(name):
            values[name] = found
    notes += note(origin, columns.index[_partly(attributes, present)], "row", BLANKS)
    notes += [
        *_kinds_notes({**values, **attributes}, origin),
        *_missing_notes(values, present, origin),
    ]
    notes += left_out.notes(origin)
    return Labelled(columns.index, attributes, values, kinds, landmarks, notes=tuple(notes))


@dataclass(frozen=True)
class _LeftOut:
    """Columns that give no label: of no kind, of row numbers, or with a name that is refused."""

    unknown: list[str] = field(default_factory=list)
    counting: list[str] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)

    def keeps(self, name: str) -> bool:
        """Whether a label may have the name; it is remembered otherwise."""
        if name_problem(name):
            self.misnamed.append(name)
        return not name_problem(name)

    def notes(self, origin: str) -> list[str]:
        """Lines for the user."""
        found = []
        if self.counting:
            names = listed(self.counting)
            found.append(f"{origin}: columns left out, which count the rows: {names}.")
        if self.unknown:
            names = listed(self.unknown)
            found.append(f"{origin}: columns left out, not of a known kind of label: {names}.")
        return [*found, *misnamed_notes(self.misnamed, origin)]


def _kinds_notes(labels: dict[str, Known], origin: str) -> list[str]:
    """A line with the labels of each kind, attributes among them."""
    by_kind: dict[str, list[str]] = {}
    for name, label in labels.items():
        by_kind.setdefault(NAMES[label.values.dtype.kind], []).append(name)
    kinds = "; ".join(f"{kind}: {listed(names)}" for kind, names in by_kind.items())
    return [f"{origin}: labels of {kinds}."] if kinds else []


def _missing_notes(values: dict[str, Known], present: np.ndarray, origin: str) -> list[str]:
    """A line about rows that lack a value; `BLANKS` is that of attributes."""
    missing = np.zeros(len(present), np.bool_)
    for label in values.values():
        missing |= present & ~label.known
    count = int(missing.sum())
    return [f"{origin}: {counted(count, 'row')} with a missing value."] if count else []


def misnamed_notes(names: Iterable[str], origin: str) -> list[str]:
    """A line about attributes that are left out for their names, each with the reason.

    Parameters
    ----------
    names
        Their names, by `label_named`; `name_problem` refuses each.
    origin
        Name of the table.
    """
    reasons = [f"{name!r} {name_problem(name)}" for name in names]
    if not reasons:
        return []
    return [f"{origin}: columns left out for their names: {listed(reasons)}; rename them."]


def _partly(attributes: dict[str, Known], present: np.ndarray) -> np.ndarray:
    """(image,) bool: which photographs have a row that lacks an attribute."""
    return present & ~np.all([present, *(flags.known for flags in attributes.values())], axis=0)


def _texts(column: pd.Series) -> tuple[np.ndarray, list[str]]:
    """For each row the index of its text in a list of normalised texts, the last of which is blank.

    Missing values are blank. Whole numbers that are floats because some are missing read as whole.
    """
    codes, values = pd.factorize(column)
    return codes, [*(str(value).strip().lower().removesuffix(".0") for value in values), ""]


def _flags(column: pd.Series, present: np.ndarray) -> Known | None:
    """None if the column is not boolean."""
    codes, texts = _texts(column)
    known = set(texts) - BLANK
    if not known or not (known <= YES | NO or known <= YES | MINUS):
        return None
    blank = np.array([text in BLANK for text in texts])[codes]
    return Known(np.array([text in YES for text in texts])[codes], present & ~blank)


def _splits(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """Split of each row, empty if unknown, and the unknown texts.

    Numbers count only if all are CelebA's: others number folds, or begin with 1.
    """
    codes, texts = _texts(column)
    foreign = any(text.isdecimal() and text not in SPLIT_NAMES for text in texts)
    names = {text: split for text, split in SPLIT_NAMES.items() if not (foreign and text.isdigit())}
    splits = np.array([names.get(text, "") for text in texts], dtype=object)
    return splits[codes], pd.Index([t for t in texts if t not in names and t not in BLANK])


def _numbers(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """For each row the index of its number in an array of float64: -1 if blank, NaN if none."""
    codes, texts = _texts(column)
    numbers = pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce").to_numpy(float)
    return codes, np.where(np.isin(texts, list(BLANK)), -1, numbers)


def _numeric(column: pd.Series) -> bool:
    """Whether a column holds whole numbers, of whatever size, and blanks."""
    texts = set(_texts(column)[1])
    values = _numbers(column)[1]
    finite = values[np.isfinite(values)]
    return not texts <= BLANK and not np.isnan(values).any() and not (finite % 1).any()


def _identities(column: pd.Series) -> np.ndarray:
    """int32, -1 where blank; ValueError if a number is out of range."""
    codes, values = _numbers(column)
    return narrowed(values, np.int32)[codes]


def _landmarks(columns: pd.DataFrame, origin: str) -> tuple[np.ndarray | None, list[str]]:
    """int16 (image, landmark, axis) from CelebA's ten columns, None if one is missing; and notes.

    Photographs with a coordinate that is not a position in pixels have none.
    """
    named = {label_named(label): label for label in columns}
    if not set(COORDINATES) <= set(named):
        return None, []
    texts = columns[[named[name] for name in COORDINATES]]
    points = texts.apply(pd.to_numeric, errors="coerce").to_numpy(float).round()
    blank = texts.apply(lambda c: c.isna() | c.astype(str).str.strip().str.lower().isin(BLANK))
    blank = blank.to_numpy(bool)
    wrong = (~blank & ~fits(points, np.int16)).any(axis=1)
    points = np.where(blank | wrong[:, None], -1, points)
    notes = note(
        origin, columns.index[wrong], "photograph", "whose landmarks are not positions in pixels"
    )
    return points.astype(np.int16).reshape(len(columns), len(LANDMARKS), 2), notes
