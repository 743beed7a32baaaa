"""The error about a table that gives no label to any photograph."""

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.files.path import SourcePath


class UnusedTableError(SourceError):
    """A table of labels that gives none; ``source.unused_tables=ignore`` allows it.

    Parameters
    ----------
    path
        The table.
    reason
        Why it gives no label; the attribute `reason` keeps it.
    """

    def __init__(self, path: SourcePath, reason: str) -> None:
        self.reason = reason.rstrip(".")
        super().__init__(
            f"{path} gives no label: {self.reason}. Expected rows that name photographs of the "
            "source, and columns such as Smiling of 1 and 0, split or identity. Correct the table, "
            "or continue without its labels with --set source.unused_tables=ignore."
        )
