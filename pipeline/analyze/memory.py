"""Estimate of the memory that an analysis needs, checked before it starts."""

from collections.abc import Sequence

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
from zpoints.pipeline.memory import Memory
from zpoints.storage.arrays.layout import CHUNK_BYTES as LABEL_CHUNK
from zpoints.storage.arrays.lazy import TASK_BYTES
from zpoints.storage.labels.columns import LabelColumn
from zpoints.storage.rows import READERS, WINDOW, WINDOWS

_COUNTED = 8  # bytes of a count or of a float64


def memory_needed(
    z: da.Array,
    config: AnalyzeConfig,
    *,
    attributes: int,
    threads: int,
    base: int,
    columns: Sequence[LabelColumn] = (),
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
    columns
        The labels beside the attributes, whose categories have means and whose numbers moments.

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
    block += rows * _COUNTED * (2 * len(columns) + components * bool(columns))
    listed = (config.pairs.original, config.pairs.pc)
    among = config.pairs.components * (config.pairs.components - 1) // 2
    pairs = sum(among if pairs is None else len(pairs) for pairs in listed)
    counted = _COUNTED * pairs * config.pairs.bins**2
    state = _COUNTED * 2 * components * (CELLS + components) + counted
    state += _COUNTED * components * sum(len(column.categories) or 3 for column in columns)
    levels, width = 1, min(WAVE, z.numblocks[0])
    while width > FAN_IN:
        levels, width = levels + 1, -(-width // FAN_IN)
    waiting = min(z.numblocks[0], FAN_IN * levels) + 2 * threads
    labels = min(vectors, WINDOWS * WINDOW) * (attributes + _COUNTED * len(columns))
    labels += min(READERS, attributes) * min(vectors, LABEL_CHUNK)
    blocks = threads * block
    if config.pca.solver == "incremental":
        # A batch in float64, the components stacked below it, and the factors of its SVD.
        blocks += 5 * _COUNTED * (max(rows, components) + components) * components
    most = TASK_BYTES[1] // 2**20
    smaller = f"encode with a smaller encode.chunk, where it makes more than {most} MiB of vectors"
    return Memory(
        work="The analysis",
        parts={"process": base, "vectors": blocks, "states": waiting * state, "labels": labels},
        remedies={"list fewer analyze.pairs": waiting * counted, smaller: blocks},
    )


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
