"""Workers that are killed repeatedly, run out of memory, or freeze."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from itertools import cycle
from pathlib import Path

import dask
import numpy as np
import psutil
import pytest
from distributed import Client, LocalCluster, default_client

from tests.cluster.compute.dask_processes import DaskProcesses, dask_processes
from tests.cluster.compute.encoding import encode_store, noise_store
from tests.conftest import SilentConsole
from zpoints.cluster.compute.executor import ClusterExecutor
from zpoints.cluster.compute.workers import Workers
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import open_repository

pytestmark = pytest.mark.services

IMAGES = 1500
SECONDS_BETWEEN_DEATHS = 3.0
FORKED = ("--preload-nanny", "zpoints.cluster.compute.preload")
WORKERS = 4
SECONDS_OF_WORK, DEATHS = 7.0, 2
"""Seconds of an undisturbed encoding, and the workers that die at least in a disturbed one."""
QUIET_LIMIT = 15.0


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose encoding takes some seconds on two cores."""
    root = tmp_path_factory.mktemp("noise") / "store"
    noise_store(root, IMAGES)
    return root


@contextmanager
def dying(cluster: DaskProcesses) -> Iterator[list[int]]:
    """Kill one worker after the other while the block runs; nannies replace them."""
    over, killed = threading.Event(), list[int]()

    def kill() -> None:
        for nanny in cycle(cluster.workers):
            if over.wait(SECONDS_BETWEEN_DEATHS):
                return
            for worker in forks(psutil.Process(nanny.pid)):
                worker.kill()
                killed.append(worker.pid)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


def forks(nanny: psutil.Process) -> list[psutil.Process]:
    """The worker: a child of the nanny's fork server."""
    return [worker for server in nanny.children() for worker in server.children()]


def await_workers() -> None:
    """Wait for the workers and let them load their libraries."""
    client = default_client()
    client.wait_for_workers(WORKERS, timeout=60)
    client.run(import_module, "zpoints.pipeline.encode.stage")


def await_quiet() -> None:
    """Wait for other work to end, up to a limit; later load slows all encodings alike."""
    limit = time.monotonic() + QUIET_LIMIT
    while psutil.cpu_percent(interval=1) > 50 and time.monotonic() < limit:
        pass


def timed(encoding: Callable[[], np.ndarray], workers: Workers) -> tuple[np.ndarray, float]:
    """Result of an encoding and its duration in seconds."""
    started = time.monotonic()
    z = workers.compute("encode", lambda worker: encoding())
    return z, time.monotonic() - started


def test_encode__a_worker_killed_every_3_s_changes_nothing_and_costs_at_most_3_times_the_time(
    noise: Path, tmp_path: Path
) -> None:
    first = shutil.copytree(noise, tmp_path / "first")
    store = tmp_path / "store"
    encodings = (
        partial(encode_store, store, fingerprint=name) for name in ("before", "disturbed", "after")
    )
    with dask_processes(tmp_path / "dask", *[FORKED] * WORKERS) as cluster:
        config = override(RunConfig(), cluster.overrides)
        with Workers(config, open_repository(first), SilentConsole()) as workers:
            workers.compute("encode", lambda worker: await_workers())
            _, seconds = timed(partial(encode_store, first), workers)
            noise_store(store, round(IMAGES * max(2, SECONDS_OF_WORK / seconds)))
            await_quiet()

            expected, before = timed(next(encodings), workers)
            with dying(cluster) as killed:
                z, disturbed = timed(next(encodings), workers)
            after = 0.0
            if disturbed > 3 * before:  # other work may have come meanwhile
                _, after = timed(next(encodings), workers)

    np.testing.assert_array_equal(z, expected)
    assert len(killed) >= DEATHS
    assert disturbed <= 3 * max(before, after)


def test_encode__ends_without_enough_memory_and_resumes_with_more(
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


def test_results__a_frozen_worker_delays_the_rest_only_briefly() -> None:
    limits = {
        "distributed.scheduler.worker-ttl": "5s",
        "distributed.comm.timeouts.connect": "2s",
    }
    with (
        dask.config.set(limits),
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        frozen, _ = client.run(os.getpid).values()
        started, results = time.monotonic(), []
        tasks = (partial(pow, i, 2) for i in range(100))
        for batch in ClusterExecutor().results(tasks, name="t"):
            results += batch
            if len(results) == len(batch):
                os.kill(frozen, signal.SIGSTOP)
        assert time.monotonic() - started < 60
        with suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGKILL)

    assert sorted(results) == [i**2 for i in range(100)]
