"""Photographs that belong to vectors: one for each, found by its name."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.labels import NamedVectors
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.annotations import Annotations
from zpoints.pipeline.ingest.tables.matching import match_names
from zpoints.pipeline.progress import counted

EXAMPLES = 3
"""Names that a message gives."""


def match_photographs(
    named: NamedVectors, source: Source, *, labelled: bool
) -> tuple[Source, NamedVectors]:
    """The photographs of vectors, one for each, in their order; the vectors get their names.

    A name fits as in a table of labels: a whole path, its end, or either without suffix. Vectors
    without names belong to the photographs in the order of their sorted names.

    Parameters
    ----------
    named
        Names and labels of the vectors.
    source
        All photographs.
    labelled
        Whether photographs get the labels of the vectors; else vectors get those of photographs.

    Returns
    -------
    Source
        One photograph for each vector, in the order of the vectors.
    NamedVectors
        The vectors under the names of their photographs, with the same labels.

    Raises
    ------
    SourceError
        If a vector has no photograph of its own.
    """
    rows = _by_order(named, source) if named.numbered else _by_name(named, source)
    names, keys, signatures = (
        np.array(of, dtype=object)[rows] for of in (source.names, source.keys, source.signatures)
    )
    labels = named.labels.rows if labelled else source.labels.iloc[rows]
    landmarks = None if labelled or source.landmarks is None else source.landmarks[rows]
    chosen = replace(
        source,
        names=tuple(names),
        keys=tuple(keys),
        signatures=tuple(signatures),
        labels=labels.set_axis(pd.Index(names, dtype=object)),
        landmarks=landmarks,
        refused=(),
    )
    how = "in the order of their sorted names" if named.numbered else "of the same name"
    note = f"Each vector has its photograph, {how}: row 0 is {names[0]}."
    if others := len(source.names) - len(rows):
        note += f" {counted(others, 'photograph')} without a vector left out."
    labelled_by = Annotations(chosen.labels, None, ())
    return chosen, NamedVectors(labelled_by, (*named.notes, note), numbered=False)


def _by_order(named: NamedVectors, source: Source) -> NDArray[np.int64]:
    vectors, photographs = len(named.labels.rows), len(source.names) + len(source.refused)
    if vectors != photographs or source.refused:
        unusable = ""
        if source.refused:
            first = source.refused[0]
            unusable = f", {len(source.refused):,} of them unusable ({first.name}: {first.reason})"
        raise SourceError(
            f"The {counted(vectors, 'vector')} have no names, and there are "
            f"{counted(photographs, 'photograph')}{unusable}. Expected as many usable photographs "
            "as vectors, sorted by name in the order of the vectors; or name the vectors: in a "
            "table of labels with a row for each and a column such as file_name."
        )
    return np.argsort(np.array(source.names, dtype=object), kind="stable")


def _by_name(named: NamedVectors, source: Source) -> NDArray[np.int64]:
    names = [str(name) for name in named.labels.rows.index]
    position = match_names(pd.Series(names), source.names).position
    missing = np.flatnonzero(position < 0)
    if len(missing):
        wrong = {refused.name: refused.reason for refused in source.refused}
        some = (
            f"{name} ({wrong[name]})" if name in wrong else name
            for name in (names[row] for row in missing)
        )
        raise SourceError(
            f"{len(missing):,} of the {counted(len(names), 'vector')} have no photograph "
            f"({_examples(list(some))}) among {counted(len(source.names), 'photograph')} "
            f"({_examples(source.names)}). Expected a photograph of the same name for each vector, "
            "with or without folder and suffix; add them, correct the names, or name their column "
            "with source.name_column."
        )
    twice = np.flatnonzero(pd.Series(position).duplicated(keep=False))
    if len(twice):
        raise SourceError(
            f"{len(twice):,} of the {counted(len(names), 'vector')} share a photograph "
            f"({_examples([f'{names[row]}: {source.names[position[row]]}' for row in twice])}). "
            "Expected a photograph of its own for each; name the vectors by the whole paths."
        )
    return np.asarray(position, np.int64)


def _examples(names: Sequence[str]) -> str:
    more = ", ..." if len(names) > EXAMPLES else ""
    return ", ".join(names[:EXAMPLES]) + more
