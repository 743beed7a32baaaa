"""A step of a run: one group of the store and how its stage makes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zpoints.pipeline.fingerprint import settings_for_fingerprint
from zpoints.pipeline.memory import Memory, require_memory
from zpoints.pipeline.settings import Settings
from zpoints.pipeline.stage_run import StageRun, Worker
from zpoints.storage import Store


def _fits(store: Store) -> bool:
    return True


def _no_change(store: Store) -> str:
    return ""


def _no_notes(store: Store) -> Sequence[str]:
    return ()


def _no_memory(worker: Worker) -> Memory | None:
    return None


def _accept(store: Store) -> None:
    return None


def _no_probe() -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Step:
    """One group of the store and the stage that makes it; published as a whole.

    Attributes
    ----------
    stage
        One of ``zpoints.pipeline.stage_order.STAGES``.
    reads
        Groups whose fingerprints enter this one's.
    writes
        The group that the step writes.
    settings
        The section of the configuration that the stage is given.
    run
        Does the work; returns the number of rows written.
    extra
        Further JSON values that decide the result, e.g. the parameters of a generator.
    sections
        For keys of `extra` that hold settings of their own, the section's name in the
        configuration.
    digests
        Keys of `extra` that hold hashes; `changes` reports what changed behind them.
    grows
        More photographs add rows to the result.
    continues
        The result grows from the stored one and keeps its lineage; for steps that read no group.
    outlives_growth
        The result stays valid when the groups that it was made from have grown.
    reads_lineages
        The result depends on the lineages of the groups that it reads, not on their versions.
    fits
        Hook: whether a stored result of the same fingerprint fits the other groups of the store.
    changes
        Hook: what changed since the stored result if no setting did.
    notes
        Hook: lines that the run shows if the stored result is up to date.
    memory
        Hook: the memory that the work needs, in a worker or, for some stages, in the driver.
    driver_memory
        Hook: the memory that the driver needs for what the workers do.
    disk
        Bytes of the rows of the group that have to be written; 0 if they do not matter.
    check
        Hook: raises if the labels of the stored images do not suffice for the step; called as soon
        as the images are stored, before the training.
    probe
        Hook: raises if the user's own network does not fit the settings, or a training log cannot
        be written; called before any work.
    """

    stage: str
    reads: tuple[str, ...]
    writes: str
    settings: Settings
    run: Callable[[StageRun[Any]], int]
    extra: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, str] = field(default_factory=dict)
    digests: frozenset[str] = frozenset()
    grows: bool = False
    continues: bool = False
    outlives_growth: bool = False
    reads_lineages: bool = False
    fits: Callable[[Store], bool] = _fits
    changes: Callable[[Store], str] = _no_change
    notes: Callable[[Store], Sequence[str]] = _no_notes
    memory: Callable[[Worker], Memory | None] = _no_memory
    driver_memory: Callable[[Worker], Memory | None] = _no_memory
    disk: int = 0
    check: Callable[[Store], None] = _accept
    probe: Callable[[], None] = _no_probe

    @property
    def fingerprinted(self) -> dict[str, Any]:
        """JSON values that decide the result, seeds included."""
        return {**settings_for_fingerprint(self.settings), **self.extra}

    @property
    def requires_cuda(self) -> bool:
        """Whether the configuration asks for CUDA, so that a missing GPU is an error."""
        return getattr(self.settings, "device", None) == "cuda"

    def require_memory(self, worker: Worker) -> None:
        """Refuse the step if it needs more memory than the worker has.

        Raises
        ------
        CapacityError
            If it does.
        """
        if memory := self.memory(worker):
            require_memory(memory, worker)

    def require_driver_memory(self, driver: Worker) -> None:
        """Refuse the step if the driver has too little memory for the tasks of the workers.

        Raises
        ------
        CapacityError
            If it has.
        """
        if memory := self.driver_memory(driver):
            require_memory(memory, driver)
