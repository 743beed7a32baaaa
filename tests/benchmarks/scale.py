"""The analysis from 202,599 to 20,000,000 vectors: time per vector, memory, cost of a task.

The tasks draw the vectors that they describe; nothing is stored. A separate process measures the
peak memory of each size:

    python -m tests.benchmarks.scale 20000000
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache

import dask.array as da
import numpy as np

from tests.benchmarks.measure import Figure, peak_gib
from tests.conftest import SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.reduction import merged_over_chunks
from zpoints.pipeline.config.cluster import ClusterConfig

COMPONENTS, CORES = 256, 2
SMALL, MIDDLE, LARGE = 202_599, 2_000_000, 20_000_000
CHUNKS = {SMALL: 16_384, MIDDLE: 32_768, LARGE: 32_768}  # as a store of that size is read
TASKS = 10_000
LIMIT_GIB, TASK_SECONDS = 2.0, 0.003


def figures() -> Iterator[Figure]:
    """Vectors per second, GiB at the peak, tasks per second."""
    measured = {size: _in_new_process(size) for size in (SMALL, MIDDLE, LARGE)}
    rates = {size: size / seconds for size, (seconds, _) in measured.items()}
    peak = max(gib for _, gib in measured.values())
    yield Figure(
        name=f"analysis of {LARGE:,} vectors / of {SMALL:,}",
        ours=rates[LARGE],
        peer=rates[SMALL],
        ratio=rates[LARGE] / rates[SMALL],
        unit="vectors/s",
        floor=0.8,
    )
    yield Figure(
        name=f"memory limit / peak, {SMALL:,} to {LARGE:,} vectors",
        ours=peak,
        peer=LIMIT_GIB,
        ratio=LIMIT_GIB / peak,
        unit="GiB",
        floor=1.0,
    )
    with dask_client(ClusterConfig(workers=CORES), SilentConsole()):
        started = time.perf_counter()
        merged_over_chunks(da.zeros((TASKS, 1), chunks=(1, 1)), _Nothing)
        rate = TASKS / (time.perf_counter() - started)
    yield Figure(
        name=f"scheduling of {TASKS:,} chunks / at {1000 * TASK_SECONDS:g} ms each",
        ours=rate,
        peer=1 / TASK_SECONDS,
        ratio=rate * TASK_SECONDS,
        unit="tasks/s",
        floor=1.0,
    )


class _Nothing:
    """An empty state of a block."""

    def __init__(self, block: np.ndarray) -> None: ...

    def merge(self, *others: "_Nothing") -> "_Nothing":
        return self


def _in_new_process(size: int) -> tuple[float, float]:
    command = [sys.executable, "-m", "tests.benchmarks.scale", str(size)]
    return tuple(json.loads(subprocess.run(command, capture_output=True, check=True).stdout))


def _measure(size: int) -> tuple[float, float]:
    """Seconds of both passes, and the peak of this process in GiB."""
    shape, rows = (size, COMPONENTS), da.core.normalize_chunks(CHUNKS[size], (size,))
    z = da.map_blocks(_block, chunks=(rows[0], (COMPONENTS,)), dtype=np.float32, meta=_meta())
    assert z.shape == shape
    with dask_client(ClusterConfig(workers=CORES), SilentConsole()):
        analyze(z[: 4 * CHUNKS[SMALL]])  # compiled and loaded
        started = time.perf_counter()
        analyze(z)
        seconds = time.perf_counter() - started
    return seconds, peak_gib()


def _meta() -> np.ndarray:
    return np.empty((0, 0), np.float32)


def _block(block_info: dict) -> np.ndarray:
    """Correlated normal vectors, shifted from block to block."""
    (number, _), (rows, _) = block_info[None]["chunk-location"], block_info[None]["chunk-shape"]
    return _drawn()[:rows] + np.float32(np.sin(number) / 8)


@cache
def _drawn() -> np.ndarray:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(COMPONENTS, COMPONENTS)) / 16
    return (rng.normal(size=(max(CHUNKS.values()), COMPONENTS)) @ mixing).astype(np.float32)


if __name__ == "__main__":
    print(json.dumps(_measure(int(sys.argv[1]))))  # noqa: T201
