"""Chooses one of several arrays or columns."""

from collections.abc import Sequence
from pathlib import Path

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.tables.join import listed


def chosen(path: Path, kind: str, names: Sequence[str], key: str | None) -> str:
    """The named one, or the only one.

    Parameters
    ----------
    path
        The file.
    kind
        What is chosen among, e.g. `array`.
    names
        Those that there are.
    key
        The setting `ingest.vectors_key`.

    Raises
    ------
    SourceError
        If there is no such one, or several and none is named.
    """
    if key is None and len(names) == 1:
        return names[0]
    if not names:
        raise SourceError(f"{path} holds no {kind} of vectors. Expected one with numbers.")
    if key is None:
        raise SourceError(
            f"{path} holds {len(names)} {kind}s: {listed(list(names))}. Name that of the vectors "
            "with --key NAME (ingest.vectors_key)."
        )
    if key not in names:
        raise SourceError(
            f"{path} has no {kind} {key!r}. Expected ingest.vectors_key to be one of: "
            f"{listed(list(names))}."
        )
    return key
