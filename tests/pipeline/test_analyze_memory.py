"""The memory that an analysis says it needs, against what a real process takes."""

import json
import subprocess
import sys

import dask.array as da
import pytest

from pipeline.analyze import AnalyzeConfig, AnalyzeError
from pipeline.analyze.memory import memory_needed, require_memory
from pipeline.stage import Worker

PROGRAM = """
import json, resource, sys
import dask, dask.array as da, numpy as np
from pipeline.analyze import AnalyzeConfig, analyze
from pipeline.analyze.memory import memory_needed

rows, chunk, components, threads = map(int, sys.argv[1:])
analyze(da.random.default_rng(1).normal(size=(10, components)))  # compiled and loaded
z = da.random.default_rng(0).normal(size=(rows, components), chunks=(chunk, components))
z = z.astype(np.float32)
stated = memory_needed(z, AnalyzeConfig(), attributes=0, threads=threads).total
with dask.config.set(scheduler="threads", num_workers=threads):
    analyze(z)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps([stated, peak]))
"""


@pytest.mark.parametrize(
    ("rows", "chunk", "components"), [(200_000, 8192, 64), (60_000, 30_000, 256)]
)
def test_memory_needed__is_near_the_measured_peak(rows: int, chunk: int, components: int) -> None:
    arguments = [str(number) for number in (rows, chunk, components, 2)]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )

    stated, peak = json.loads(done.stdout)
    assert peak <= 1.5 * stated
    assert stated <= 1.5 * peak


def test_memory_needed__grows_with_chunk_threads_and_pairs_but_not_with_vectors() -> None:
    def needed(rows: int, chunk: int, threads: int, pairs: int = 6) -> int:
        z = da.zeros((rows, 64), chunks=(chunk, 64), dtype="float32")
        config = AnalyzeConfig.model_validate({"pairs": {"components": pairs}})
        return memory_needed(z, config, attributes=40, threads=threads, base=0).total

    least = needed(10**6, 1000, 1)
    assert needed(10**6, 2000, 1) > least
    assert needed(10**6, 1000, 2) > least
    assert needed(10**6, 1000, 1, pairs=12) > least
    assert needed(10**9, 1000, 1) == least


def test_require_memory__names_what_is_missing_and_the_remedies() -> None:
    z = da.zeros((10**6, 256), chunks=(10**6, 256), dtype="float32")
    memory = memory_needed(z, AnalyzeConfig(), attributes=0, threads=2)

    with pytest.raises(AnalyzeError, match=r"but a worker has 1,024 MiB. Encode with a smaller"):
        require_memory(memory, Worker(threads=2, memory=2**30))
    require_memory(memory, Worker(threads=2, memory=2**40))
