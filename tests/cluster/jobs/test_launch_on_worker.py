"""Jobs on an existing cluster, whose driver is launched on a worker's machine."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from distributed import LocalCluster

from tests.cluster.cli.commands import zpoints, zpoints_process
from tests.cluster.compute.dask_processes import DaskProcesses, dask_processes, kill_tree, start
from tests.cluster.results import assert_same_results
from tests.cluster.users import LONG, written
from tests.conftest import SilentConsole
from tests.waiting import wait_until
from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.errors import SecurityError
from zpoints.cluster.jobs.job import Job
from zpoints.cluster.jobs.record import Jobs, lives
from zpoints.cluster.jobs.submit import submit
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import Store, open_store

pytestmark = pytest.mark.services


def submitted(config: Path, folder: Path, *options: str) -> Job:
    """A job whose client has ended and whose driver has started."""
    done = zpoints_process("submit", config, "--root", "store", *options, folder=folder)
    assert done.returncode == 0, done.stderr
    jobs, id_ = Jobs(str(folder / "store")), done.stdout.strip()
    wait_until(lambda: jobs.status(id_).state == "running", "the driver")
    return jobs.read(id_)


def launcher(cluster: DaskProcesses, number: int) -> list[psutil.Process]:
    """The nanny and the worker that launched a driver."""
    nanny = psutil.Process(cluster.workers[number].pid)
    return [nanny, *nanny.children()]


def test_submit__the_run_continues_when_the_worker_that_launched_it_is_killed(
    small_config: RunConfig,
    small_store: Store,
    small_until: Callable[[str], str],
    folder: Path,
) -> None:
    small_until("train")
    with dask_processes(folder / "dask", ()) as cluster:
        config = written(small_config, folder / "small.yaml", *cluster.overrides)
        job = submitted(config, folder, "--until", "sample")
        assert psutil.Process(job.pid).parent() in launcher(cluster, 0)
        for process in launcher(cluster, 0):
            process.kill()
        cluster.start_worker()

        waited = zpoints("wait", job.id, "--timeout", 250, folder=folder)
        log = zpoints("logs", job.id, folder=folder).stdout

    assert waited.stdout.strip() == f"{job.id} done", waited.stderr + log
    assert "dashboard" in log
    assert_same_results(open_store(folder / "store"), small_store)


def test_submit__needs_no_free_thread_and_cancel_ends_a_driver_whose_worker_has_ended(
    small_config: RunConfig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # so that only a nanny sets it
    with dask_processes(folder / "dask", (), ("--resources", "GPU=1")) as cluster:
        # Not the address that the workers use, as with a tunnel.
        address = f"cluster.address={cluster.address.replace('127.0.0.1', 'localhost')}"
        config = override(small_config, [*cluster.overrides, address, *LONG])
        with dask_client(config.cluster, SilentConsole()) as client:
            client.wait_for_workers(2, timeout=60)
            asleep = client.map(time.sleep, [600, 601])
            wait_until(lambda: sum(map(len, client.processing().values())) == 2, "busy workers")
            job = submitted(written(config, folder / "long.yaml"), folder)
            assert {future.status for future in asleep} == {"pending"}
        driver = psutil.Process(job.pid)
        assert driver.parent() in launcher(cluster, 1)  # it may train on the GPU
        assert os.getsid(driver.pid) == driver.pid
        assert "OMP_NUM_THREADS" not in driver.environ()
        assert job.config["cluster"]["address"] == cluster.address
        assert driver.cwd() == job.folder == str(folder)

        cluster.workers[1].terminate()
        cluster.workers[1].wait(60)
        alive = lives(driver.pid, job.born)
        cancelled = zpoints("cancel", job.id, folder=folder)
        waited = zpoints("wait", job.id, folder=folder)

    assert alive
    assert f"{job.id} is cancelled" in cancelled.stdout
    assert (waited.returncode, waited.stdout.strip()) == (1, f"{job.id} cancelled: on request")
    assert "ended by SIGTERM" in zpoints("logs", job.id, folder=folder).stdout


def test_submit__without_workers_or_scheduler_is_an_error_and_records_nothing(
    small_config: RunConfig, folder: Path
) -> None:
    limits = ["cluster.worker_timeout=1", "cluster.connect_timeout=3"]
    with dask_processes(folder / "dask") as cluster:
        config = written(small_config, folder / "small.yaml", *cluster.overrides, *limits)
        no_worker = zpoints("submit", config, "--root", "store", folder=folder)
    no_scheduler = zpoints("submit", config, "--root", "store", folder=folder)

    assert (no_worker.returncode, no_worker.stdout) == (5, "")
    assert "No worker started within 1 s" in no_worker.stderr
    assert (no_scheduler.returncode, no_scheduler.stdout) == (5, "")
    assert "No Dask scheduler accepted the connection" in no_scheduler.stderr
    assert not (folder / "store").exists()


def test_submit__refuses_a_driver_that_would_reach_the_scheduler_without_tls(
    small_config: RunConfig, folder: Path
) -> None:
    local = {"host": "127.0.0.1", "dashboard_address": None, "protocol": "tcp"}
    with LocalCluster(n_workers=0, processes=False, **local) as cluster:
        # An address that does not look local, as if the client used a tunnel.
        address = cluster.scheduler_address.replace("127.0.0.1", "127.1")
        worker = start(folder, "worker", "worker", address, "--no-nanny", "--no-dashboard")
        plain = [f"cluster.address={cluster.scheduler_address}", "cluster.kind=address"]
        try:
            with pytest.raises(SecurityError, match=f"{address} would be reached without TLS"):
                submit(override(small_config, plain), str(folder / "store"), title="small")
        finally:
            kill_tree(worker.pid)
            worker.wait(10)

    assert not (folder / "store").exists()
