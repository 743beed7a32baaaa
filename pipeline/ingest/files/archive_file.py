"""The file of an archive: whether it is the one that was listed, and the errors about it."""

from zpoints.pipeline.errors import SourceError, UnreadableError
from zpoints.pipeline.ingest.files.path import SourcePath, stamp


def archive_stamp(archive: SourcePath) -> str:
    """Text that changes when the archive does.

    Raises
    ------
    SourceError
        If the archive does not exist.
    """
    try:
        return stamp(archive)
    except OSError as error:
        raise SourceError(
            f"{archive} cannot be opened ({error}). Expected an archive of photographs; "
            "check that it is reachable, then run again."
        ) from error


def check_unchanged(archive: SourcePath, expected: str) -> None:
    """Raise `SourceError` if an archive has changed since it had a stamp."""
    if archive_stamp(archive) != expected:
        raise UnreadableError(
            f"{archive} has changed since it was listed. Expected an archive that does not change "
            "during a run; run again."
        )


def incomplete(archive: SourcePath, kind: str, error: Exception) -> SourceError:
    """The error about an archive that cannot be opened.

    Parameters
    ----------
    archive
        The archive.
    kind
        What it should be, e.g. ``zip``.
    error
        Why it cannot be opened.
    """
    return SourceError(
        f"{archive} cannot be opened ({error}). Expected a complete {kind} archive; "
        "fetch or pack it again, or rename it if it is an archive of another kind."
    )


def unreadable(archive: SourcePath, error: OSError) -> SourceError:
    """The error about an archive that was listed and cannot be read any more."""
    return SourceError(
        f"{archive} cannot be read ({error}). Expected the archive that was listed; "
        "check that it is reachable, then run again."
    )
