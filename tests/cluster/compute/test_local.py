"""The local cluster: threads of this process, or processes on this machine."""

import os
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import dask
import numpy as np
import psutil
import pytest
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import wait
from distributed.security import Security
from distributed.system import MEMORY_LIMIT

from tests.cluster.cli.commands import zpoints
from tests.cluster.sockets import open_beyond_loopback
from tests.conftest import SilentConsole
from zpoints.cluster.compute import local
from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.compute.gpu import GPU, TASKS_PER_GPU, gpu_annotation
from zpoints.cluster.compute.performance_report import keep_performance_report
from zpoints.cluster.compute.worker_capacity import smallest_worker
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.config.cluster import ClusterConfig, TlsConfig
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.sample import generator
from zpoints.pipeline.sample.stage import _decoded, _fit, _sample_rows
from zpoints.pipeline.stage_run import Worker
from zpoints.storage import Store, open_repository


def threads_of_libraries() -> set[int]:
    """Numbers of threads that BLAS and torch use inside a kernel in this process."""
    import torch
    from threadpoolctl import threadpool_info

    from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
    from zpoints.pipeline.network.device import single_torch_thread

    with single_threaded_blas(), single_torch_thread():
        np.ones((2, 2)) @ np.ones((2, 2))
        blas = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        return blas | {torch.get_num_threads()}


ACTIVE: list[int] = []
MEETING = threading.Barrier(2 * TASKS_PER_GPU, timeout=30)


def number_at_once(task: int) -> int:
    """Number of these tasks that are running in this process."""
    ACTIVE.append(task)
    time.sleep(0.01)
    number = len(ACTIVE)
    ACTIVE.remove(task)
    return number


def meet(task: int) -> None:
    """Wait for more tasks than a GPU accepts; fails unless they run at the same time."""
    MEETING.wait()


def test_dask_client__threads_listen_on_the_loopback_interface_only() -> None:
    with dask_client(RunConfig().cluster, SilentConsole()):
        sockets = psutil.Process().net_connections("tcp")
        assert {c.laddr.ip for c in sockets if c.status == "LISTEN"} == {"127.0.0.1"}


@pytest.mark.services
def test_dask_client__processes_have_limits_of_memory_and_threads() -> None:
    config = override(
        RunConfig(), ["cluster.processes=true", "cluster.workers=2", "cluster.memory=1GiB"]
    )
    with dask_client(config.cluster, SilentConsole()) as client:
        client.wait_for_workers(2, timeout=60)
        workers = client.scheduler_info()["workers"]

        assert {worker["memory_limit"] for worker in workers.values()} == {2**30}
        assert all(address.startswith("tls://127.0.0.1:") for address in workers)
        assert open_beyond_loopback([psutil.Process(os.getpid())]) == []
        assert set().union(*client.run(threads_of_libraries).values()) == {1}


@pytest.mark.services
def test_local_cluster__forks_workers_and_their_replacements_with_the_drivers_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with dask_client(ClusterConfig(workers=1, processes=True), SilentConsole()):
        monkeypatch.setenv("ZPOINTS_TEST_VALUE", "seen")  # after the start of the fork server
    with dask_client(ClusterConfig(workers=1, processes=True), SilentConsole()) as client:
        servers = set(client.run(os.getppid).values())
        client.restart()

        assert set(client.run(os.getppid).values()) == servers != {os.getpid()}
        assert set(client.run(os.getenv, "ZPOINTS_TEST_VALUE").values()) == {"seen"}


@pytest.mark.services
def test_tasks__on_a_worker_with_one_thread_do_not_deadlock(small_store: Store) -> None:
    first, last = map(str, small_store.latents["image"].values[[0, -1]])
    laws = [
        generator("path", points=16, between=(first, last)),
        generator("gaussian_mixture", parts=2, vectors=60),
    ]
    version = (small_store.root, small_store.version)
    decoded = partial(_decoded, *version, "cpu", ())

    with dask_client(ClusterConfig(workers=1, processes=True), SilentConsole()) as client:
        fits = [client.submit(_fit, *version, law) for law in laws]
        tasks = [
            client.submit(_sample_rows, 0, None, decoded, start, start + 8, fitted)
            for fitted in fits
            for start in (0, 8)
        ]
        wait(tasks, timeout=90)

        assert all(np.isfinite(task.result()["z"]).all() for task in tasks)


def test_dask_client__threads_share_this_process_and_its_memory_limit() -> None:
    with dask_client(ClusterConfig(memory="1GiB", workers=3), SilentConsole()) as client:
        (worker,) = client.cluster.workers.values()  # type: ignore[union-attr]

        assert smallest_worker(client).memory == 2**30
        assert smallest_worker(client).threads == 3
        assert client.submit(os.getpid).result() == os.getpid()
        # This process uses more than the limit; a worker that spills or pauses would wait for ever.
        assert "memory_monitor" not in worker.periodic_callbacks
    with dask_client(ClusterConfig(), SilentConsole()) as client:
        assert smallest_worker(client).memory <= MEMORY_LIMIT


@pytest.mark.services
def test_dask_client__processes_without_a_certificate_are_an_error(tmp_path: Path) -> None:
    for name in ("certificate.pem", "key.pem"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("no certificate")
    certificate, key = str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")
    tls = TlsConfig(ca=certificate, certificate=certificate, key=key)

    with (
        pytest.raises(ClusterError, match=r"could be started .*certificate.* Check .*cluster\.tls"),
        dask_client(ClusterConfig(processes=True, workers=1, tls=tls), SilentConsole()),
    ):
        pass


def test_run__a_key_that_others_may_read_is_a_configuration_error(
    faces: Path, tmp_path: Path
) -> None:
    for name in ("certificate.pem", "key.pem"):
        (tmp_path / name).touch(mode=0o644)
    tls = {"ca": "certificate.pem", "certificate": "certificate.pem", "key": "key.pem"}
    settings = [f"ingest.source={faces}", *(f"cluster.tls.{k}={v}" for k, v in tls.items())]
    options = [word for setting in settings for word in ("--set", setting)]

    ended = zpoints("run", "demo", "--cluster", "tls://127.0.0.1:9", *options, folder=tmp_path)

    assert ended.returncode == 2
    assert "chmod 600" in ended.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(("count", "processes"), [(1, None), (2, False)])
def test_dask_client__no_more_threads_use_a_gpu_than_fit(
    count: int, processes: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "cuda_devices", lambda: count)
    config = RunConfig(cluster=ClusterConfig(workers=6, processes=processes))
    with dask_client(config.cluster, SilentConsole()) as client:
        assert smallest_worker(client).gpu_tasks == TASKS_PER_GPU
        with gpu_annotation(client, config, "encode"):
            tasks = [dask.delayed(number_at_once)(i) for i in range(40)]
            assert 1 <= max(dask.compute(*tasks)) <= TASKS_PER_GPU
        with gpu_annotation(client, config, "analyze"):
            dask.compute(*[dask.delayed(meet)(i) for i in range(MEETING.parties)])


def test_processes__each_gpu_has_a_worker_and_all_share_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5e2b")

    workers = local._processes(ClusterConfig(), 2, Security.temporary())["workers"]

    options = {name: worker["options"] for name, worker in workers.items()}
    on_gpu = {name: own for name, own in options.items() if "resources" in own}
    assert len(options) == CPU_COUNT + 2
    assert {own["env"]["CUDA_VISIBLE_DEVICES"] for own in on_gpu.values()} == {"3", "GPU-5e2b"}
    assert all(own["resources"] == {GPU: TASKS_PER_GPU} for own in on_gpu.values())
    assert all(own["nthreads"] == TASKS_PER_GPU for own in on_gpu.values())
    limits = sum(own["memory_limit"] for own in options.values())
    assert 0.9 * MEMORY_LIMIT < limits <= MEMORY_LIMIT


@pytest.mark.parametrize("gpus", [0, 2])
def test_expected_worker__has_the_memory_of_the_processes(
    gpus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = TASKS_PER_GPU if gpus else 0
    memory = 2 * MEMORY_LIMIT
    plenty = Worker(threads=CPU_COUNT, memory=memory, held=2**28, gpu_tasks=at_once)
    monkeypatch.setattr(local, "this_machine", lambda: plenty)
    monkeypatch.setattr(local, "cuda_devices", lambda: gpus)
    config = ClusterConfig(processes=True, workers=3)

    workers = local._processes(config, gpus, Security.temporary())["workers"].values()

    expected = local.expected_worker(config)
    assert {worker["options"]["memory_limit"] for worker in workers} == {expected.memory}
    assert max(worker["options"]["nthreads"] for worker in workers) == expected.threads
    assert expected.gpu_tasks == at_once


def test_processes__too_many_for_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MEMORY_LIMIT", 20 * local.LEAST_MEMORY)
    local._processes(ClusterConfig(workers=20), 0, Security.temporary())

    with pytest.raises(ValueError, match="21 worker processes would have 48 MiB of memory each"):
        local._processes(ClusterConfig(workers=21), 0, Security.temporary())


def test_processes__use_the_configured_memory() -> None:
    config = ClusterConfig(memory="3GiB", workers=2)

    workers = local._processes(config, 0, Security.temporary())["workers"]

    limits = [worker["options"]["memory_limit"] for worker in workers.values()]
    assert limits == 2 * [parse_bytes("3GiB")]


@pytest.mark.parametrize(
    ("gpus", "protocol"),
    [(0, "inproc"), (1, "inproc"), pytest.param(2, "tls", marks=pytest.mark.services)],
)
def test_dask_client__several_gpus_need_processes(
    gpus: int, protocol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "cuda_devices", lambda: gpus)

    with dask_client(ClusterConfig(workers=1), SilentConsole()) as client:
        addresses = client.scheduler_info(n_workers=-1)["workers"]

    assert all(address.startswith(f"{protocol}://") for address in addresses)


QUIET = """
from zpoints.cluster.compute.client import dask_client
from zpoints.pipeline.config.cluster import ClusterConfig
from tests.conftest import SilentConsole

if __name__ == "__main__":
    with dask_client(ClusterConfig(workers=1, processes=True), SilentConsole()) as client:
        client.submit(len, "abc").result()
"""


@pytest.mark.services
def test_local_cluster__worker_processes_print_no_log(tmp_path: Path) -> None:
    program = tmp_path / "quiet.py"
    program.write_text(QUIET)
    here = {**os.environ, "PYTHONPATH": os.getcwd()}

    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=True, env=here
    )

    assert done.stdout + done.stderr == ""


def test_keep_performance_report__one_that_cannot_be_written_is_not_a_failure(
    tmp_path: Path,
) -> None:
    console, config = SilentConsole(), ClusterConfig(workers=1)
    repository = open_repository(tmp_path / "store")
    (tmp_path / "store" / "performance").write_text("mine")

    with (
        dask_client(config, SilentConsole()) as client,
        keep_performance_report(client, repository, console, timeout=5),
    ):
        pass

    assert len(console.lines) == 1
    assert console.lines[0].startswith("Dask: no performance report is kept. ")
    assert (tmp_path / "store" / "performance").read_text() == "mine"
