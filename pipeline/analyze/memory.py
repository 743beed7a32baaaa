"""Estimate of the memory that an analysis needs, checked before it starts."""

from dataclasses import dataclass

import dask.array as da
import numpy as np
import psutil

from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.analyze.reduction import FAN_IN, WAVE
from zpoints.pipeline.analyze.shape.expected_radii import core_radius
from zpoints.pipeline.analyze.states.dyadic_grid import CELLS
from zpoints.pipeline.analyze.states.projection import Projection
from zpoints.pipeline.analyze.states.state import State
from zpoints.pipeline.analyze.statistics_dataset import pair_intervals
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.stage_run import Worker
from zpoints.storage.arrays.layout import CHUNK_BYTES as LABEL_CHUNK
from zpoints.storage.arrays.lazy import TASK_BYTES
from zpoints.storage.rows import READERS, WINDOW, WINDOWS

_COUNTED = 8  # bytes of a count or of a float64


@dataclass(frozen=True)
class Memory:
    """Upper bound of the memory of one worker, in bytes.

    Attributes
    ----------
    base
        The process before the analysis: its libraries and the data it holds.
    blocks
        Vectors being processed by all threads: as read, and in float64.
    states
        Mergeable states that wait to be merged.
    pairs
        Share of `states` for the counts of pairs.
    labels
        Attributes that the process caches.
    """

    base: int
    blocks: int
    states: int
    pairs: int
    labels: int

    @property
    def total(self) -> int:
        """Sum of all parts."""
        return self.base + self.blocks + self.states + self.labels

    def __str__(self) -> str:
        names = {
            "process": self.base,
            "vectors": self.blocks,
            "states": self.states,
            "labels": self.labels,
        }
        parts = ", ".join(f"{name} {size / 2**20:,.0f} MiB" for name, size in names.items())
        return f"{self.total / 2**20:,.0f} MiB per worker ({parts})"


def memory_needed(
    z: da.Array, config: AnalyzeConfig, *, attributes: int, threads: int, base: int
) -> Memory:
    """Memory that one worker needs to analyze z.

    Parameters
    ----------
    z
        (vector, component); the largest chunk determines the result.
    config
        Settings; the pairs and the solver matter.
    attributes
        Number of attributes.
    threads
        Number of tasks that a worker runs at once.
    base
        Bytes of the worker's process before the analysis.

    Examples
    --------
    >>> z = da.zeros((10**6, 256), chunks=(8192, 256), dtype="float32")
    >>> print(memory_needed(z, AnalyzeConfig(), attributes=40, threads=2, base=300 * 2**20))
    566 MiB per worker (process 300 MiB, vectors 70 MiB, states 155 MiB, labels 42 MiB)
    """
    rows, components, vectors = max(z.chunks[0]), z.shape[1], z.shape[0]
    wide = max(z.dtype.itemsize, 4)
    # A block as stored and as read, deviations or coordinates in float64, and masks of one byte.
    block = rows * (components * (2 * wide + _COUNTED + 1) + 2 * attributes + 2 * _COUNTED)
    listed = (config.pairs.original, config.pairs.pc)
    among = config.pairs.components * (config.pairs.components - 1) // 2
    pairs = sum(among if pairs is None else len(pairs) for pairs in listed)
    counted = _COUNTED * pairs * config.pairs.bins**2
    state = _COUNTED * 2 * components * (CELLS + components) + counted
    levels, width = 1, min(WAVE, z.numblocks[0])
    while width > FAN_IN:
        levels, width = levels + 1, -(-width // FAN_IN)
    waiting = min(z.numblocks[0], FAN_IN * levels) + 2 * threads
    labels = min(vectors, WINDOWS * WINDOW) * attributes
    labels += min(READERS, attributes) * min(vectors, LABEL_CHUNK)
    blocks = threads * block
    if config.pca.solver == "incremental":
        # A batch in float64, the components stacked below it, and the factors of its SVD.
        blocks += 5 * _COUNTED * (max(rows, components) + components) * components
    return Memory(base, blocks, waiting * state, waiting * counted, labels)


def process_memory() -> int:
    """Bytes of this process after it has loaded everything that the tasks of an analysis use.

    A worker process that has just started takes a fifth of that.
    """
    x, flags, config = np.eye(3, dtype=np.float32), np.ones((3, 1), np.bool_), AnalyzeConfig()
    state = State.from_vectors(x, flags, ("any",))
    basis = state.merge(state).moments.basis()
    pairs = pair_intervals(state, basis, config)
    Projection.from_vectors(x, basis, core_radius(config.core_level, basis.rank), *pairs)
    return int(psutil.Process().memory_info().rss)


def require_memory(memory: Memory, worker: Worker) -> None:
    """Refuse an analysis that does not fit the memory of a worker.

    Raises
    ------
    AnalyzeError
        If it needs more memory than a worker has; the message names the settings to change.
    """
    if memory.total > worker.memory:
        raise AnalyzeError(
            f"The analysis needs {memory}, but a worker has {worker.memory / 2**20:,.0f} MiB. "
            f"{_remedies(memory, worker)}"
        )


def _remedies(memory: Memory, worker: Worker) -> str:
    remedies = ["give the workers more memory (cluster.memory, for batch jobs cluster.jobs.memory)"]
    if worker.threads > 1:
        remedies.append("run fewer tasks at once (cluster.workers)")
    if memory.pairs > memory.total / 4:
        remedies.append("list fewer analyze.pairs")
    if memory.blocks > memory.total / 4:
        most = TASK_BYTES[1] // 2**20
        remedies.append(
            f"encode with a smaller encode.chunk, where it makes more than {most} MiB of vectors"
        )
    sentence = ", or ".join(remedies)
    return f"{sentence[0].upper()}{sentence[1:]}."
