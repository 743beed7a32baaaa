"""The labels of a source: those of its tables, merged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.tables.interpret import UNKNOWN, Flags, Labelled
from zpoints.pipeline.ingest.tables.join import note
from zpoints.pipeline.labels.annotated_rows import marker


@dataclass(frozen=True)
class Annotations:
    """Annotations of photographs.

    Attributes
    ----------
    rows
        One row per photograph, indexed by name: ``split`` (str, empty where unknown),
        ``identity`` (int32, -1 where unknown) and boolean attributes, as far as they exist.
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

    Values that contradict each other are not used. A photograph of which a table gives some
    attributes, and none gives the others, counts as one without attributes.

    Parameters
    ----------
    tables
        By name of the table, the labels that it gives to the same photographs; at least one.
    """
    first, *others = tables.values()
    names, attributes, kinds = first.names, dict(first.attributes), dict(first.kinds)
    landmarks, notes = first.landmarks, [line for table in tables.values() for line in table.notes]
    origin = ", ".join(tables)
    for table in others:
        for name, flags in table.attributes.items():
            attributes[name], wrong = _either(attributes.get(name), flags)
            notes += _contradiction(origin, names[wrong], name)
        for name, values in table.kinds.items():
            kinds[name], wrong = _combined(kinds.get(name), values, UNKNOWN[name])
            notes += _contradiction(origin, names[wrong], name)
        if table.landmarks is not None:
            landmarks, wrong = _combined(landmarks, table.landmarks, -1)
            notes += _contradiction(origin, names[wrong], "landmarks")
    columns = {name: flags.values for name, flags in attributes.items()}
    if attributes:
        columns |= marker(np.all([flags.known for flags in attributes.values()], axis=0))
    return Annotations(pd.DataFrame({**columns, **kinds}, index=names), landmarks, tuple(notes))


def _either(first: Flags | None, second: Flags) -> tuple[Flags, np.ndarray]:
    """The values that either gives, and where they contradict each other."""
    if first is None:
        return second, np.zeros(len(second.values), bool)
    wrong = first.known & second.known & (first.values != second.values)
    known = (first.known | second.known) & ~wrong
    values = np.where(first.known, first.values, second.values) & known
    return Flags(values, known), wrong


def _combined(
    first: np.ndarray | None, second: np.ndarray, unknown: int | str
) -> tuple[np.ndarray, np.ndarray]:
    """The same of values (image, ...) that have a value for what is unknown."""
    if first is None:
        return second, np.zeros(len(second), bool)
    has_first, has_second = _given(first, unknown), _given(second, unknown)
    differs = np.asarray(first != second).reshape(len(first), -1)
    wrong = has_first & has_second & np.asarray(differs.any(axis=1))
    by_row = (len(first), *[1] * (first.ndim - 1))
    values = np.where(has_first.reshape(by_row), first, second)
    return np.where(wrong.reshape(by_row), unknown, values).astype(first.dtype), wrong


def _given(values: np.ndarray, unknown: int | str) -> np.ndarray:
    differs = np.asarray(values != unknown).reshape(len(values), -1)
    return np.asarray(differs.any(axis=1))


def _contradiction(origin: str, names: pd.Index, label: str) -> list[str]:
    finding = f"with different values of {label}; none is used"
    return note(origin, names, "photograph", finding)


def annotations_digest(rows: pd.DataFrame, landmarks: np.ndarray | None) -> str:
    """Digest of labels by content, column names included."""
    hashes = pd.util.hash_pandas_object(rows).to_numpy().tobytes().hex()
    points = "" if landmarks is None else landmarks.tobytes().hex()
    return digest([*map(str, rows.columns), hashes, points])
