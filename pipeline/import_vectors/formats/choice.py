"""Chooses one of several arrays or columns."""

from collections.abc import Sequence
from pathlib import Path

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.tables.join import listed


def chosen(
    path: Path, kind: str, names: Sequence[str], key: str | None, *, fitting: Sequence[str] = ()
) -> str:
    """The named one, or the only one, of those that can hold vectors if any can.

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
    fitting
        Those that have two dimensions, among which one is chosen if no key is given.

    Raises
    ------
    SourceError
        If there is no such one, or several and none is named.
    """
    if key is None and len(choice := fitting or names) == 1:
        return choice[0]
    if not names:
        raise SourceError(f"{path} holds no {kind} of vectors. Expected one with numbers.")
    if key is None:
        raise SourceError(
            f"{path} holds {len(choice)} {kind}s{' of two dimensions' if fitting else ''}: "
            f"{listed(list(choice))}. Name that of the vectors with --key NAME "
            "(ingest.vectors_key)."
        )
    if key not in names:
        raise SourceError(
            f"{path} has no {kind} {key!r}. Expected ingest.vectors_key to be one of: "
            f"{listed(list(names))}."
        )
    return key
