"""The labels of a source: those of its tables, merged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.tables.interpret import UNKNOWN, Labelled
from zpoints.pipeline.ingest.tables.join import TABLES_NAMED, listed, note
from zpoints.pipeline.ingest.tables.values import NAMES, Known, whole
from zpoints.pipeline.labels.annotated_rows import marker

LANDMARKS = "landmarks"
MISSING = {"O": "", "i": -1, "b": False, "f": np.nan, "M": np.datetime64("NaT", "us")}
"""By the kind of a NumPy dtype, the value of a label where it is unknown."""
PARTLY = "with a part of the attributes, which counts as without attributes"


@dataclass(frozen=True)
class Annotations:
    """Annotations of photographs.

    Attributes
    ----------
    rows
        One row per photograph, indexed by name: ``split`` (str, empty where unknown),
        ``identity`` (int32, -1 where unknown), boolean attributes, and labels of numbers (int64,
        or float64 with NaN where unknown), dates (datetime64[us], NaT) and text (empty), as far as
        they exist.
    landmarks
        int16 (image, landmark, axis), pixels of the aligned photograph, -1 where unknown; None
        where absent.
    notes
        Lines for the user about rows and columns left out.
    """

    rows: pd.DataFrame
    landmarks: np.ndarray | None
    notes: tuple[str, ...]


def merged(tables: Mapping[str, Labelled]) -> Annotations:
    """The labels that tables give together.

    Values that contradict each other are not used, nor is a label that is of another kind in
    another table. A photograph of which a table gives some attributes, and none gives the others,
    counts as one without attributes.

    Parameters
    ----------
    tables
        By name of the table, the labels that it gives to the same photographs; at least one.
    """
    names = next(iter(tables.values())).names
    labels: dict[str, Known] = {}
    wrong: dict[str, np.ndarray] = {}
    mixed: dict[str, set[str]] = {}
    for table in tables.values():
        for name, given in _labels(table).items():
            kinds = {NAMES[label.values.dtype.kind] for label in (labels.get(name, given), given)}
            if len(kinds) > 1:
                mixed.setdefault(name, set()).update(kinds)
                continue
            labels[name], differs = _either(labels.get(name, given), given)
            wrong[name] = wrong.get(name, differs) | differs
    labels = {n: _without(label, wrong[n]) for n, label in labels.items() if n not in mixed}
    open_labels = {n: label for n, label in labels.items() if n not in (*UNKNOWN, LANDMARKS)}
    attributes = {n: label for n, label in open_labels.items() if label.values.dtype == np.bool_}
    columns = {name: label.values for name, label in attributes.items()}
    if attributes:
        columns |= marker(np.all([label.known for label in attributes.values()], axis=0))
    columns |= {kind: labels[kind].values for kind in labels if kind in UNKNOWN}
    columns |= {n: whole(v.values) for n, v in open_labels.items() if n not in attributes}
    landmarks = labels[LANDMARKS].values if LANDMARKS in labels else None
    notes = [line for table in tables.values() for line in table.notes]
    if len(tables) == 1:
        notes += next(iter(tables.values())).missing
    else:
        origin = listed(tables, TABLES_NAMED)
        notes += _notes(origin, names, wrong, attributes)
        notes += [
            f"{origin}: {name} is left out, since its kind differs: {listed(sorted(kinds))}."
            for name, kinds in mixed.items()
        ]
    return Annotations(pd.DataFrame(columns, index=names), landmarks, tuple(notes))


def _labels(table: Labelled) -> dict[str, Known]:
    """All labels of a table by name."""
    kinds = {kind: Known(v, v != UNKNOWN[kind]) for kind, v in table.kinds.items()}
    labels = {**table.attributes, **kinds, **table.values}
    if table.landmarks is not None:
        known = (table.landmarks != -1).any(axis=(1, 2))
        labels[LANDMARKS] = Known(table.landmarks, known)
    return labels


def _either(first: Known, second: Known) -> tuple[Known, np.ndarray]:
    """The values that either gives, and where they contradict each other."""
    differs = np.asarray(first.values != second.values).reshape(len(first.known), -1).any(axis=1)
    values = np.where(_by_row(first.known, first.values), first.values, second.values)
    known = first.known | second.known
    return Known(values.astype(first.values.dtype), known), first.known & second.known & differs


def _without(label: Known, wrong: np.ndarray) -> Known:
    """A label that is unknown where its values contradict each other."""
    values = label.values.copy()
    values[wrong] = MISSING[values.dtype.kind]
    return Known(values, label.known & ~wrong)


def _by_row(mask: np.ndarray, values: np.ndarray) -> np.ndarray:
    """A mask (image,) that applies to values (image, ...)."""
    return mask.reshape(len(mask), *[1] * (values.ndim - 1))


def _notes(
    origin: str, names: pd.Index, wrong: dict[str, np.ndarray], attributes: dict[str, Known]
) -> list[str]:
    """Lines about labels that several tables together do not give."""
    notes = []
    for label, differs in wrong.items():
        finding = f"with different values of {label}; none is used"
        notes += note(origin, names[differs], "photograph", finding)
    if attributes:
        known = np.sum([label.known for label in attributes.values()], axis=0)
        partly = np.flatnonzero((known > 0) & (known < len(attributes)))
        notes += note(origin, names[partly], "photograph", PARTLY)
        notes += note(origin, names[np.flatnonzero(known == 0)], "photograph", "without attributes")
    return notes


def annotations_digest(rows: pd.DataFrame, landmarks: np.ndarray | None) -> str:
    """Digest of labels by content, column names included."""
    hashes = pd.util.hash_pandas_object(rows).to_numpy().tobytes().hex()
    points = "" if landmarks is None else landmarks.tobytes().hex()
    return digest([*map(str, rows.columns), hashes, points])
