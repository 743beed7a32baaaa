"""The inputs of one execution of a stage."""

from dataclasses import dataclass
from typing import Generic, TypeVar

import xarray as xr

from zpoints.pipeline.progress import Console
from zpoints.pipeline.settings import Settings
from zpoints.storage import StageTransaction, Store

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """Threads and memory of a worker.

    Attributes
    ----------
    threads
        Tasks that the worker runs at once.
    memory
        Bytes that the worker may use, including those that its process uses already.
    held
        Bytes that its process uses already.
    gpu_tasks
        Tasks that it runs at once on its GPU; 0 without a GPU.
    """

    threads: int
    memory: int
    held: int
    gpu_tasks: int = 0


@dataclass(frozen=True, kw_only=True)
class StageRun(Generic[S]):
    """One execution of a stage: it reads ``store`` and writes its group through ``work``.

    Attributes
    ----------
    settings
        The stage's own section of the configuration.
    store
        The published version that the stage reads.
    work
        The transaction of the stage's group.
    console
        Reports progress.
    worker
        The smallest of the workers.
    code
        Names of the classes and functions that the user's configuration names; the stored network
        may use these and no others.
    """

    settings: S
    store: Store
    work: StageTransaction
    console: Console
    worker: Worker
    code: tuple[str, ...] = ()

    @property
    def has_network(self) -> bool:
        """Whether the result is made with a network; imported vectors come without one."""
        return "model" in self.work.inputs

    def previous(self, group: str) -> xr.Dataset | None:
        """The stored group if this result can grow from it, that is, has the same lineage."""
        if self.store.lineage(group) != self.work.lineage:
            return None
        return self.store.group(group)


def chunk_bounds(rows: int, chunk: int) -> list[tuple[int, int]]:
    """First row (inclusive) and last row (exclusive) of every chunk.

    Examples
    --------
    >>> chunk_bounds(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(start, min(start + chunk, rows)) for start in range(0, rows, chunk)]
