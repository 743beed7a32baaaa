"""Workers that die: again and again, or of their work."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import default_client

from cluster.errors import ClusterError
from cluster.workers import Workers
from pipeline.config import RunConfig, override
from storage import open_repository
from tests.cluster.dask_processes import DaskProcesses, dask_processes
from tests.cluster.encoding import encode_store, noise_store
from tests.conftest import SilentConsole

pytestmark = pytest.mark.services

SECONDS_BETWEEN_DEATHS = 3.0
CORES = os.cpu_count() or 1
WORKERS = 4  # a new worker loads its libraries for some seconds


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose encoding takes some ten seconds on two cores."""
    root = tmp_path_factory.mktemp("noise") / "store"
    noise_store(root, 1500)
    return root


@contextmanager
def dying(cluster: DaskProcesses) -> Iterator[list[int]]:
    """Kill one worker after the other while the block runs; their nannies start others."""
    over, killed = threading.Event(), list[int]()

    def kill() -> None:
        for nanny in cycle(cluster.workers):
            if over.wait(SECONDS_BETWEEN_DEATHS):
                return
            for worker in psutil.Process(nanny.pid).children():
                if "spawn_main" in " ".join(worker.cmdline()):
                    worker.kill()
                    killed.append(worker.pid)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


def all_are_ready() -> None:
    """Wait for the workers, and let them load their libraries."""
    client = default_client()
    client.wait_for_workers(WORKERS, timeout=60)
    client.run(import_module, "pipeline.encode.stage")


@pytest.mark.skipif(
    os.getloadavg()[0] > 1.5 * CORES,
    reason="needs the machine: workers that die every 3 s cost it a core to start again",
)
def test_encode__with_a_worker_killed_every_3_s_is_the_same_in_at_most_3_times_the_time(
    noise: Path, tmp_path: Path
) -> None:
    calm, stormy = (shutil.copytree(noise, tmp_path / name) for name in ("calm", "stormy"))
    with dask_processes(tmp_path / "dask", *[()] * WORKERS) as cluster:
        config = override(RunConfig(), cluster.overrides)
        with Workers(config, open_repository(calm), SilentConsole()) as workers:
            workers.compute("encode", lambda worker: all_are_ready())
            started = time.monotonic()
            expected = workers.compute("encode", lambda worker: encode_store(calm))
            seconds = time.monotonic() - started

            with dying(cluster) as killed:
                z = workers.compute("encode", lambda worker: encode_store(stormy))
            disturbed = time.monotonic() - started - seconds

    np.testing.assert_array_equal(z, expected)
    assert len(killed) >= disturbed // (SECONDS_BETWEEN_DEATHS + 1)
    assert disturbed <= 3 * seconds


def test_encode__whose_workers_lack_memory_ends_and_goes_on_with_more(
    noise: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(noise, tmp_path / "store")
    with dask_processes(tmp_path / "dask", ("--memory-limit", "220MiB")) as cluster:
        config = override(RunConfig(), [*cluster.overrides, "cluster.worker_timeout=20"])
        encoding = partial(encode_store, root, "encode.batch=16")
        started = time.monotonic()
        with (
            pytest.raises(ClusterError, match="encode lost its workers") as caught,
            Workers(config, open_repository(root), SilentConsole()) as workers,
        ):
            workers.compute("encode", lambda worker: encoding())
        assert time.monotonic() - started < 90

    assert "memory" in str(caught.value)
    assert "latents" not in open_repository(root).store().groups
    assert np.isfinite(encoding()).all()
