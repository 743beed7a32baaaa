"""What every reader of a source form hands over."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.files.photographs import PhotographFiles


@dataclass(frozen=True)
class Refused:
    """A photograph that is known to be unusable without reading its content."""

    name: str
    signature: str
    reason: str


@dataclass(frozen=True)
class Annotations:
    """What the annotations say about photographs.

    Attributes
    ----------
    rows
        One row per photograph, index the names: ``split`` (text, empty where unknown), ``identity``
        (int32, -1 where unknown) and boolean attributes, as far as they exist.
    landmarks
        int16 (image, landmark, axis), pixels of the aligned photograph, -1 where unknown; None
        where absent.
    notes
        Lines for the user about rows and columns that do not fit.
    """

    rows: pd.DataFrame
    landmarks: np.ndarray | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """Photographs with their labels, whatever form they came in.

    Attributes
    ----------
    format, why
        The form that was recognised, and by what.
    files
        Reads the photographs.
    names
        Unique; what identifies a photograph from run to run, in the order of the store.
    keys
        For each name, what ``files.read`` takes.
    signatures
        For each name, a text that changes when the file does; no content is read for it.
    labels
        One row per name: ``split``, ``identity`` and boolean attributes, as far as they exist; see
        `Annotations`. ``has_attributes`` is there when some photograph lacks its attributes.
    landmarks
        int16 (image, landmark, axis), -1 where unknown; None where absent.
    notes
        Lines for the user, e.g. about annotation rows without a photograph.
    refused
        Photographs that cannot be used, known without reading them; none of them is in ``names``.
    """

    format: str
    why: str
    files: PhotographFiles
    names: tuple[str, ...]
    keys: tuple[str, ...] = field(repr=False)
    signatures: tuple[str, ...] = field(repr=False)
    labels: pd.DataFrame
    landmarks: np.ndarray | None
    notes: tuple[str, ...]
    refused: tuple[Refused, ...]


Reader = Callable[[SourcePath, SourceConfig], Source | None]
"""Reads one form at a place; None where it finds another form there."""
