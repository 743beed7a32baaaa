"""The estimated memory of an analysis against the peak of a real process."""

import json
import subprocess
import sys

import dask.array as da
import pytest

from zpoints.pipeline.analyze import AnalyzeConfig
from zpoints.pipeline.analyze.memory import memory_needed
from zpoints.pipeline.errors import CapacityError
from zpoints.pipeline.memory import require_memory
from zpoints.pipeline.stage_run import Worker

PROGRAM = """
import json, sys
import dask, dask.array as da, numpy as np, psutil, xarray as xr
from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.analyze.memory import memory_needed

rows, chunk, components, attributes = map(int, sys.argv[1:5])
config = AnalyzeConfig.model_validate({"pca": {"solver": sys.argv[5]}})
small = da.random.default_rng(1).normal(size=(components + 1, components))
analyze(small, config)  # compiled and loaded
z = da.random.default_rng(0).normal(size=(rows, components), chunks=(chunk, components))
z = z.astype(np.float32)
names = [str(k) for k in range(attributes)]
flags = da.zeros((rows, attributes), chunks=(chunk, -1), dtype=bool)
table = xr.DataArray(flags, dims=("image", "attribute"), coords={"attribute": names})
base = psutil.Process().memory_info().rss
stated = memory_needed(z, config, attributes=attributes, threads=2, base=base).total
with dask.config.set(scheduler="threads", num_workers=2):
    analyze(z, config, attributes=table, where=np.arange(rows) % 5 > 0)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) * 1024  # ru_maxrss would include the parent process
print(json.dumps([stated, peak]))
"""


@pytest.mark.services
@pytest.mark.parametrize(
    ("rows", "chunk", "components", "attributes", "solver"),
    [
        (200_000, 8192, 64, 0, "exact"),
        (60_000, 30_000, 256, 40, "exact"),
        (20_000, 8192, 256, 0, "incremental"),
    ],
)
def test_memory_needed__is_near_the_measured_peak(
    rows: int, chunk: int, components: int, attributes: int, solver: str
) -> None:
    arguments = [*map(str, (rows, chunk, components, attributes)), solver]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True
    )

    stated, peak = json.loads(done.stdout)
    assert peak <= 1.5 * stated
    assert stated <= 1.6 * peak


def test_memory_needed__grows_with_chunk_threads_and_pairs_but_not_with_vectors() -> None:
    def needed(rows: int, chunk: int, threads: int, pairs: int = 6) -> int:
        z = da.zeros((rows, 64), chunks=(chunk, 64), dtype="float32")
        config = AnalyzeConfig.model_validate({"pairs": {"components": pairs}})
        return memory_needed(z, config, attributes=40, threads=threads, base=0).total

    least = needed(10**6, 1000, 1)
    assert needed(10**6, 2000, 1) > least
    assert needed(10**6, 1000, 2) > least
    assert needed(10**6, 1000, 1, pairs=12) > least
    assert needed(10**9, 1000, 1) == needed(10**8, 1000, 1)


def test_require_memory__names_what_is_missing_and_the_remedies() -> None:
    z = da.zeros((10**6, 256), chunks=(10**6, 256), dtype="float32")
    memory = memory_needed(z, AnalyzeConfig(), attributes=0, threads=2, base=2**28)

    with pytest.raises(CapacityError, match=r"but a worker has 1,024 MiB. Give the workers"):
        require_memory(memory, Worker(threads=2, memory=2**30, held=2**28))
    require_memory(memory, Worker(threads=2, memory=2**40, held=2**28))


def test_require_memory__names_what_would_help() -> None:
    z = da.zeros((10**5, 64), chunks=(16_384, 64), dtype="float32")
    config = AnalyzeConfig.model_validate({"pairs": {"components": 16, "bins": 128}})
    memory = memory_needed(z, config, attributes=0, threads=2, base=2**28)

    with pytest.raises(CapacityError, match=r"cluster\.workers.*list fewer analyze\.pairs\.$"):
        require_memory(memory, Worker(threads=2, memory=2**29, held=2**28))


def test_require_memory__names_only_remedies_that_help() -> None:
    z = da.zeros((10**5, 256), chunks=(16_384, 256), dtype="float32")
    memory = memory_needed(z, AnalyzeConfig(), attributes=0, threads=1, base=2**30)

    with pytest.raises(CapacityError, match=r"cluster\.memory") as raised:
        require_memory(memory, Worker(threads=1, memory=2**30, held=2**30))

    for other in ("cluster.workers", "analyze.pairs", "encode.chunk"):
        assert other not in str(raised.value)


@pytest.mark.services
def test_process_memory__is_that_of_a_process_that_has_analyzed() -> None:
    program = """
import dask.array as da, psutil
from zpoints.pipeline.analyze.memory import process_memory
stated = process_memory()
from zpoints.pipeline.analyze import analyze
analyze(da.ones((20, 3), chunks=(5, 3)) * da.arange(20)[:, None])
print(stated / psutil.Process().memory_info().rss)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert 0.9 < float(done.stdout) <= 1.0
