"""Exit codes of the command line; an interruption exits with 128 plus the signal's number."""

from zpoints.cluster.errors import ClusterError, SecurityError
from zpoints.pipeline.errors import (
    ConfigError,
    ExploreError,
    NetworkError,
    SourceError,
    SynthesisError,
    UnreadableError,
)
from zpoints.storage.errors import (
    ExportError,
    PathError,
    PlaceError,
    QueryError,
    StoreLockedError,
    StoreNotFoundError,
    VersionError,
    ZpointsError,
)

FAILED = 1
"""The command began its work, and failed."""
USAGE = 2
"""An option or a setting is invalid or unsafe, or names what does not exist or cannot be used."""
BUSY = 3
"""Another run is using the store."""
DAMAGED = 4
"""Verification found damage."""
LOST = 5
"""No cluster could be used, or its workers were lost; the same command may succeed later."""
NOT_OVER = 6
"""A job has not ended within the time limit."""

CODES: tuple[tuple[type[ZpointsError], int], ...] = (
    (UnreadableError, FAILED),  # a SourceError: of a source that is right
    (StoreLockedError, BUSY),
    (SecurityError, USAGE),  # a ClusterError: of settings
    (ClusterError, LOST),
    *(
        (kind, USAGE)
        for kind in (
            *(ConfigError, ExploreError, QueryError, SourceError, NetworkError, SynthesisError),
            *(StoreNotFoundError, VersionError, PathError, PlaceError, ExportError),
        )
    ),
)
"""Exit codes by kind of error; the first that fits counts."""


def code_of(error: ZpointsError) -> int:
    """The exit code of an error that ended a command.

    Examples
    --------
    >>> code_of(StoreNotFoundError("There is no store at runs/x.")), code_of(ZpointsError("?"))
    (2, 1)
    """
    return next((code for kind, code in CODES if isinstance(error, kind)), FAILED)
