"""The error about a table that gives no label to any photograph."""

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.files.path import SourcePath


class UnusedTableError(SourceError):
    """A table of labels that gives none; ``source.unused_tables=ignore`` allows it."""


def unused_table(path: SourcePath, reason: str) -> UnusedTableError:
    """The error, with the reason and the repair.

    Parameters
    ----------
    path
        The table.
    reason
        Why it gives no label.
    """
    return UnusedTableError(
        f"{path} gives no label: {reason.rstrip('.')}. Expected rows that name photographs of the "
        "source, and columns such as Smiling of 1 and 0, split or identity. Correct the table, or "
        "continue without its labels with --set source.unused_tables=ignore."
    )
