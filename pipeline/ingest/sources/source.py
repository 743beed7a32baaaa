"""What the reader of a format returns."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.listing import Refused
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles


@dataclass(frozen=True)
class Source:
    """Photographs with their labels, independent of the format.

    Attributes
    ----------
    format, why
        The format that was recognised, and the evidence.
    files
        Reads the photographs.
    names
        Unique; they identify photographs from run to run. In the order of the store.
    keys
        For each name, the argument of ``files.read``.
    signatures
        For each name, a text that changes when the file does; made without reading the file.
    labels
        As the rows of `zpoints.pipeline.ingest.tables.annotations.Annotations`. Where some
        photographs came without attributes, a further column marks those that have them, see
        `zpoints.pipeline.labels.annotated_rows`.
    landmarks
        int16 (image, landmark, axis), -1 where unknown; None where absent.
    notes
        Lines for the user, e.g. about annotation rows without a photograph.
    refused
        Photographs that cannot be used; none of them is in ``names``.
    names_may_change
        Whether a photograph under another name is known by its file name and signature: those in an
        archive are named without folders as long as no two file names are the same.
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
    names_may_change: bool = False


Reader = Callable[[SourcePath, SourceConfig], Source | None]
"""Reads one format; None if the path holds another one."""
