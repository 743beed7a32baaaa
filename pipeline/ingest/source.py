"""What every reader of a source form hands over, and the choice among the readers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.ingest.files import PhotographFiles, digest


@dataclass(frozen=True)
class Source:
    """Photographs with their labels, whatever form they came in.

    Attributes
    ----------
    form, why
        The form that was recognised, and by what.
    files
        Lists and reads the photographs.
    names
        File names, sorted; the order of the store.
    labels
        One row per name: ``split``, ``identity`` and boolean attributes, as far as they exist.
    landmarks
        int16 (image, landmark, axis), pixels of the aligned photograph; None where absent.
    notes
        Lines for the user, e.g. about annotation files that are missing.
    digest
        Changes when a photograph or an annotation does.
    """

    form: str
    why: str
    files: PhotographFiles
    names: tuple[str, ...]
    labels: pd.DataFrame
    landmarks: np.ndarray | None
    notes: tuple[str, ...]
    digest: str = field(repr=False)


Reader = Callable[[Path], Source | None]


def limited(source: Source, limit: int | None) -> Source:
    """At most ``limit`` photographs, evenly spaced over the sorted names.

    Evenly spaced rather than the first ones, so that every split keeps its share: CelebA's file
    numbers are ordered by split.
    """
    if limit is None or limit >= len(source.names):
        return source
    rows = np.linspace(0, len(source.names) - 1, limit).round().astype(int)
    return Source(
        form=source.form,
        why=source.why,
        files=source.files,
        names=tuple(source.names[i] for i in rows),
        labels=source.labels.iloc[rows],
        landmarks=None if source.landmarks is None else source.landmarks[rows],
        notes=source.notes,
        digest=digest([source.digest, str(limit)]),
    )
