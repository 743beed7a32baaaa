"""Memory and disk that work needs, compared with what there is before it begins."""

import errno
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from zpoints.pipeline.errors import CapacityError
from zpoints.pipeline.stage_order import IN_DRIVER
from zpoints.pipeline.stage_run import Worker

MORE_FOR_WORKERS = (
    "give the workers more memory (cluster.memory, for batch jobs cluster.jobs.memory)"
)
MORE_HERE = "run zpoints where more memory is free"
FEWER_TASKS = "run fewer tasks at once (cluster.workers)"
SETTINGS = {
    "ingest": "ingest.chunk or ingest.side",
    "train": "train.batch, train.z_dim or ingest.side",
    "encode": "encode.batch or encode.chunk",
    "import": "encode.chunk",
    "analyze": "encode.chunk, or list fewer analyze.pairs",
    "structure": "encode.chunk",
    "sample": "sample.chunk",
    "evaluate": "evaluate.count",
    "sweep": "sweep.count",
    "report": "report.scatter_points or report.faces",
}
"""For each stage, the settings that decide how much memory it takes."""

_SIGNS = ("can't allocate memory", "bad_alloc", "out of memory", "can't start new thread")
"""In messages of PyTorch, of C++ libraries and of Python's threads."""


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Upper bound of the memory of one worker, or of the driver.

    Attributes
    ----------
    work
        What needs it, e.g. "The analysis".
    parts
        Bytes by what they hold; "process" is what the process takes before the work.
    remedies
        What would lower it, and the bytes that this concerns.
    in_driver
        Whether the driver does the work, not the workers.
    """

    work: str
    parts: Mapping[str, int]
    remedies: Mapping[str, int] = field(default_factory=dict)
    in_driver: bool = False

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return sum(self.parts.values())

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {size / 2**20:,.0f} MiB" for name, size in self.parts.items())
        each = "" if self.in_driver else " per worker"
        return f"{self.total / 2**20:,.0f} MiB{each} ({parts})"


def require_memory(memory: Memory, worker: Worker) -> None:
    """Refuse work that does not fit the memory of a worker.

    Raises
    ------
    CapacityError
        If it needs more memory than a worker has; the message names the settings to change.
    """
    if memory.total <= worker.memory:
        return
    found = f"{worker.memory / 2**20:,.0f} MiB"
    found = f"this process may take {found}" if memory.in_driver else f"a worker has {found}"
    remedies = [MORE_HERE if memory.in_driver else MORE_FOR_WORKERS]
    if worker.threads > 1 and not memory.in_driver:
        remedies.append(FEWER_TASKS)
    remedies += [text for text, size in memory.remedies.items() if size > memory.total / 4]
    raise CapacityError(f"{memory.work} needs {memory}, but {found}. {_sentence(remedies)}")


def require_disk(needed: Mapping[str, int], root: str, *, remaining: bool) -> None:
    """Refuse groups that do not fit the disk of a local store.

    Parameters
    ----------
    needed
        Bytes of each group that is to be written.
    root
        Root of the store; the size of a bucket is not known.
    remaining
        Whether all of it has to fit what is free; otherwise the disk as a whole, since a part may
        be written already.

    Raises
    ------
    CapacityError
        If they need more; the message names the largest group.
    """
    if "://" in root:
        return
    folder = Path(root).absolute()
    place = next(it for it in (folder, *folder.parents) if it.exists())
    disk, total = shutil.disk_usage(place), sum(needed.values())
    if disk.total == 0:  # as some network file systems report
        return
    holds = disk.free if remaining else disk.total
    if total > holds:
        largest = max(needed, key=needed.__getitem__)
        raise CapacityError(
            f"The groups to write need {total / 2**30:,.1f} GiB of disk ({largest} alone "
            f"{needed[largest] / 2**30:,.1f} GiB), but the disk of {root} "
            f"{'has' if remaining else 'holds'} {holds / 2**30:,.1f} GiB"
            f"{' free' if remaining else ''}. Choose another --root, or lower "
            f"{'sample.count' if largest.startswith('samples/') else 'ingest.limit'}."
        )


@contextmanager
def memory_errors(stage: str) -> Iterator[None]:
    """Context manager for the work of a stage, which may run out of memory despite the estimate.

    Raises
    ------
    CapacityError
        If it does, here or in a task.
    """
    try:
        yield
    except (MemoryError, RuntimeError, OSError) as error:
        if not ran_out(error):
            raise
        raise CapacityError(
            f"{stage} ran out of memory ({first_line(error)}). {remedy(stage)} Committed work is "
            "kept; the same command continues from there."
        ) from error


def remedy(stage: str) -> str:
    """What to do about a stage that runs out of memory, as a sentence."""
    more = [MORE_HERE] if stage in IN_DRIVER else [MORE_FOR_WORKERS, FEWER_TASKS]
    return _sentence([*more, f"lower {SETTINGS[stage]}"])


def ran_out(error: BaseException) -> bool:
    """Whether an error means that memory, or what threads need of it, ran out."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def first_line(error: BaseException) -> str:
    """First line of an error's message without its full stop; its class if it has no message."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _sentence(remedies: list[str]) -> str:
    text = ", or ".join(remedies)
    return f"{text[0].upper()}{text[1:]}."
