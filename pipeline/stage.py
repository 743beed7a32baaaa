"""What every stage is given."""

from dataclasses import dataclass

from pipeline.config import RunConfig
from pipeline.console import Console
from storage import StageTransaction, Store


@dataclass(frozen=True, kw_only=True)
class StageRun:
    """One execution of one stage: it reads ``store`` and writes its group through ``work``.

    Attributes
    ----------
    config
        The whole configuration; a stage reads its own section.
    store
        The published version that the stage reads.
    work
        The transaction of the stage's group.
    console
        Where progress goes.
    """

    config: RunConfig
    store: Store
    work: StageTransaction
    console: Console


def chunk_bounds(rows: int, chunk: int) -> list[tuple[int, int]]:
    """First row and end of every chunk.

    Examples
    --------
    >>> chunk_bounds(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(start + chunk, rows)) for start in range(0, rows, chunk)]
