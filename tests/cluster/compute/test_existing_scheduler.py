"""Runs on an existing scheduler: separate processes with TLS."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import dask
import numpy as np
import psutil
import pytest
from distributed import Client, get_worker

from tests.cluster.compute.dask_processes import (
    DaskProcesses,
    certificates,
    dask_processes,
    start_scheduler,
    write_certificates,
)
from tests.cluster.results import assert_same_results
from tests.cluster.sockets import open_beyond_loopback
from tests.conftest import SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.compute.existing_scheduler import check_versions
from zpoints.cluster.compute.gpu import gpu_annotation
from zpoints.cluster.compute.performance_report import keep_performance_report
from zpoints.cluster.compute.worker_capacity import smallest_worker
from zpoints.cluster.errors import ClusterError, SecurityError
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import Store, open_repository, open_store

pytestmark = pytest.mark.services

LIMIT = {"distributed.comm.timeouts.connect": 1}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskProcesses]:
    """A scheduler and two workers, one of which offers the resource GPU."""
    names = ("--name", "without"), ("--name", "with GPU", "--resources", "GPU=1")
    with dask_processes(tmp_path_factory.mktemp("dask"), *names) as cluster:
        yield cluster


def where(number: int) -> str:
    time.sleep(0.05)
    return str(get_worker().name)


def settings(*overrides: str) -> RunConfig:
    return override(RunConfig(), overrides)


def connect(*overrides: str) -> str:
    """Error message of a connection; empty if it succeeds."""
    started = time.monotonic()
    try:
        with dask_client(settings(*overrides).cluster, SilentConsole()):
            return ""
    except ClusterError as error:
        assert time.monotonic() - started < 15
        return str(error)


def test_run__same_bytes_on_an_existing_cluster(
    two: DaskProcesses,
    small_config: RunConfig,
    small_store: Store,
    small_until: Callable[[str], str],
    tmp_path: Path,
) -> None:
    config, console = override(small_config, two.overrides), SilentConsole()

    new = run(config, str(tmp_path / "new"), console=console, title="t", until="ingest").store
    store = run(config, small_until("train"), console=console, title="t", until="sample").store

    np.testing.assert_array_equal(new.images["pixels"], small_store.images["pixels"])
    assert_same_results(store, small_store)
    assert any("dashboard http://127.0.0.1:" in line for line in console.lines)
    (page,) = (tmp_path / "new" / "performance").iterdir()
    assert "Dask Performance Report" in page.read_text()


def test_dask_client__plain_and_foreign_clients_are_refused(
    two: DaskProcesses, tmp_path: Path
) -> None:
    address = [*two.overrides[:2], "cluster.connect_timeout=5"]
    foreign = certificates(write_certificates(tmp_path / "foreign"))
    plain = ["cluster.kind=address", f"cluster.address={two.address.replace('tls', 'tcp')}"]

    assert connect(*two.overrides) == ""
    assert "CERTIFICATE_VERIFY_FAILED" in connect(*address, *foreign)
    assert "No Dask scheduler accepted the connection" in connect(
        *plain, "cluster.connect_timeout=5"
    )
    assert "distributed.comm.tls" in connect(*address)


def test_dask_client__refuses_a_key_that_others_may_read(
    two: DaskProcesses, tmp_path: Path
) -> None:
    tls = write_certificates(tmp_path / "own")
    assert tls.key is not None
    Path(tls.key).chmod(0o644)

    with (
        pytest.raises(SecurityError, match=rf"chmod 600 {tls.key}"),
        dask_client(settings(*two.overrides[:2], *certificates(tls)).cluster, SilentConsole()),
    ):
        pass


def test_dask_client__requires_tls_beyond_this_machine() -> None:
    message = connect("cluster.kind=address", "cluster.address=tcp://192.0.2.1:8786")
    assert "without TLS" in message
    assert "cluster.plain=true" in message


def test_dask_client__reports_a_missing_scheduler() -> None:
    message = connect(
        "cluster.kind=address", "cluster.address=tcp://127.0.0.1:9", "cluster.connect_timeout=2"
    )
    assert "No Dask scheduler" in message
    assert "dask scheduler" in message


def test_dask_client__without_workers_gives_up_in_time(tmp_path: Path) -> None:
    with dask_processes(tmp_path) as cluster:
        message = connect(*cluster.overrides, "cluster.worker_timeout=1")
    assert "No worker started within 1 s" in message


def test_dask_client__names_the_dashboard_only_if_it_is_reachable(tmp_path: Path) -> None:
    cluster = start_scheduler(tmp_path, host="0.0.0.0")
    try:
        own, port = cluster.address.rsplit(":", 1)
        if own == "tls://127.0.0.1":
            pytest.skip("needs an address beyond the loopback interface")
        cluster.start_worker()
        dashboards = []
        for host in ("tls://127.0.0.1", "tls://localhost", own):
            console = SilentConsole()
            address = f"cluster.address={host}:{port}"
            with dask_client(settings(*cluster.overrides, address).cluster, console):
                dashboards.append(console.lines[-1].partition("dashboard ")[2])
    finally:
        cluster.end()

    by_address, by_name, elsewhere = dashboards
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/status", by_address)
    assert by_name == by_address
    # The dashboard listens on the loopback interface only.
    assert "which this machine cannot reach" in elsewhere
    assert urlsplit(by_address).port == int(elsewhere.split()[2])


def test_processes__accept_only_clients_with_a_certificate(two: DaskProcesses) -> None:
    assert connect(*two.overrides) == ""
    assert open_beyond_loopback(psutil.Process(p.pid) for p in (two.scheduler, *two.workers)) == []


@pytest.mark.parametrize(
    ("stage", "names"), [("encode", {"with GPU"}), ("analyze", {"with GPU", "without"})]
)
def test_gpu_annotation__the_network_runs_on_workers_with_a_gpu(
    stage: str, names: set[str], two: DaskProcesses
) -> None:
    config = settings(*two.overrides)
    with dask_client(config.cluster, SilentConsole()) as client:
        client.wait_for_workers(2, timeout=60)
        with gpu_annotation(client, config, stage):
            tasks = [dask.delayed(where)(i) for i in range(20)]
            assert set(dask.compute(*tasks)) == names
        on_processors = settings(*two.overrides, "encode.device=cpu")
        with gpu_annotation(client, on_processors, "encode"):
            assert len(set(dask.compute(*[dask.delayed(where)(i) for i in range(20)]))) == 2


@pytest.mark.parametrize("loss", ["workers", "scheduler"])
def test_run__ends_in_time_when_the_cluster_is_lost_and_resumes_later(
    loss: str,
    small_config: RunConfig,
    small_store: Store,
    small_until: Callable[[str], str],
    tmp_path: Path,
) -> None:
    root, gone = small_until("train"), threading.Event()

    with dask_processes(tmp_path / "dask", ()) as cluster:

        class Saboteur(SilentConsole):
            def line(self, text: str) -> None:
                if text.startswith("Dask: "):
                    cluster.end_workers() if loss == "workers" else cluster.scheduler.kill()
                    gone.set()

        config = override(
            small_config,
            [*cluster.overrides, "cluster.worker_timeout=3", "cluster.connect_timeout=3"],
        )
        started = time.monotonic()
        with pytest.raises(ClusterError, match="the same command continues"):
            run(config, root, console=Saboteur(), title="t", until="sample")
        assert time.monotonic() - started < 45

    assert gone.is_set()
    assert open_store(root).groups == ("images", "model")
    store = run(small_config, root, console=SilentConsole(), title="t", until="sample").store
    assert_same_results(store, small_store)


def keep_performance(client: Client, folder: Path) -> None:
    with keep_performance_report(
        client, open_repository(folder / "store"), SilentConsole(), timeout=1
    ):
        pass


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_performance_report__a_lost_scheduler_is_not_a_failure(
    number: signal.Signals, tmp_path: Path
) -> None:
    console = SilentConsole()
    with dask_processes(tmp_path / "dask", ()) as cluster:
        config = settings(*cluster.overrides, "cluster.connect_timeout=5").cluster
        with (
            dask_client(config, SilentConsole()) as client,
            dask.config.set(LIMIT),
            keep_performance_report(client, open_repository(tmp_path / "s"), console, timeout=1),
        ):
            cluster.scheduler.send_signal(number)

    assert console.lines == ["Dask: the scheduler is gone; no performance report is kept."]
    assert not list((tmp_path / "s").glob("performance/*.html"))


@pytest.mark.parametrize(
    "call",
    [
        lambda client, folder: smallest_worker(client),
        lambda client, folder: gpu_annotation(client, settings(), "encode").__enter__(),
        lambda client, folder: check_versions(client, SilentConsole()),
        keep_performance,
    ],
)
def test_call_scheduler__a_hanging_scheduler_is_an_error_in_time(
    call: Callable[[Client, Path], object], tmp_path: Path
) -> None:
    with dask_processes(tmp_path, ()) as cluster:
        config = settings(*cluster.overrides, "cluster.connect_timeout=5").cluster
        console = SilentConsole()
        with dask_client(config, console) as client, dask.config.set(LIMIT):
            cluster.scheduler.send_signal(signal.SIGSTOP)
            started = time.monotonic()
            with pytest.raises(ClusterError, match="did not answer within 1 s"):
                call(client, tmp_path)
        assert time.monotonic() - started < 15


@pytest.mark.parametrize("moment", ["before", "during"])
def test_run__ends_in_time_when_the_scheduler_hangs(
    moment: str, small_config: RunConfig, tmp_path: Path
) -> None:
    root = str(tmp_path / "store")

    with dask_processes(tmp_path / "dask", ()) as cluster:

        class Saboteur(SilentConsole):
            def line(self, text: str) -> None:
                if text.startswith("Dask: "):
                    cluster.scheduler.send_signal(signal.SIGSTOP)

        if moment == "before":
            cluster.scheduler.send_signal(signal.SIGSTOP)
        limits = ["cluster.worker_timeout=25", "cluster.connect_timeout=3"]
        config = override(small_config, [*cluster.overrides, *limits])
        started = time.monotonic()
        with pytest.raises(ClusterError, match="scheduler"):
            run(config, root, console=Saboteur(), title="t", until="ingest")
        assert time.monotonic() - started < 45
