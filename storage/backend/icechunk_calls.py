"""The calls of Icechunk that differ between its majors 1 and 2.

Both read and write version 1 of Icechunk's format, which every store has.
"""

import json
from collections.abc import Mapping
from typing import Any

import icechunk

MAJOR = int(icechunk.__version__.partition(".")[0])
FORMAT_VERSION = 1
"""Version of Icechunk's format that a new store gets; Icechunk 1 cannot read version 2."""


def open_or_create(storage: icechunk.Storage) -> icechunk.Repository:
    """Open a repository, or create an empty one that both majors read.

    Parameters
    ----------
    storage
        Icechunk's access to the root.

    Raises
    ------
    icechunk.IcechunkError
        If there are other objects, or the storage cannot be reached.
    """
    options: dict[str, Any] = {} if MAJOR == 1 else {"create_version": FORMAT_VERSION}
    return icechunk.Repository.open_or_create(storage, **options)


def format_version(repository: Any) -> int:
    """Version of the format of an open repository; Icechunk 1 opens those of version 1 alone."""
    return 1 if MAJOR == 1 else int(repository.spec_version)


def is_unwritten(kind: Any) -> bool:
    """Whether a `ChunkType` is that of a chunk without an entry in a manifest."""
    return int(kind) == 0  # UNINITIALIZED in Icechunk 1, uninitialized in 2


def inspect(snapshot: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """The content of a snapshot that Icechunk 1 returns as JSON, and Icechunk 2 as a dict."""
    return json.loads(snapshot) if isinstance(snapshot, str) else snapshot


def report(error: BaseException) -> str:
    """The text of an error with the calls that led to it and the causes below it.

    Icechunk 2 puts it into a note of the error; `str` gives it less the causes.
    """
    return "\n".join(getattr(error, "__notes__", ())) or str(error)
