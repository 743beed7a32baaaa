"""What every stage is given."""

from dataclasses import dataclass

import xarray as xr

from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.progress import Console
from zpoints.storage import StageTransaction, Store


@dataclass(frozen=True, kw_only=True)
class Worker:
    """What tasks have to work with.

    Attributes
    ----------
    threads
        Tasks that one worker runs at once.
    memory
        Bytes that one worker may take, what its process takes already included.
    held
        Bytes that its process takes already.
    """

    threads: int
    memory: int
    held: int


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
    worker
        The smallest of the workers.
    """

    config: RunConfig
    store: Store
    work: StageTransaction
    console: Console
    worker: Worker

    def previous(self, group: str) -> xr.Dataset | None:
        """What ``store`` holds of a group, if the result of this work can grow from it."""
        if self.store.lineage(group) != self.work.lineage:
            return None
        return self.store.group(group)


def chunk_bounds(rows: int, chunk: int) -> list[tuple[int, int]]:
    """First row and end of every chunk.

    Examples
    --------
    >>> chunk_bounds(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(start + chunk, rows)) for start in range(0, rows, chunk)]
