"""A run over a network: scheduler and driver on one host, the worker on another."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.cli.commands import zpoints_process
from tests.cluster.compute.dask_processes import (
    DaskProcesses,
    certificates,
    start_scheduler,
    write_certificates,
)
from tests.cluster.compute.hosts import Host, two_hosts
from tests.cluster.results import assert_same_results
from zpoints.pipeline.config.run import RunConfig
from zpoints.storage import Store, open_store

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    with two_hosts() as pair:
        yield pair


@pytest.fixture(scope="module")
def cluster(
    hosts: tuple[Host, Host], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DaskProcesses]:
    """A scheduler on the first host, a worker on the second."""
    first, second = hosts
    folder = tmp_path_factory.mktemp("dask")
    processes = start_scheduler(folder, host=first.address, shell=first.shell)
    try:
        processes.start_worker("--host", second.address, shell=second.shell)
        yield processes
    finally:
        processes.end()


@pytest.fixture
def command(small_config: RunConfig, tmp_path: Path) -> list[str]:
    """A small run, without its cluster."""
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(small_config.model_dump(mode="json")))
    return ["run", str(path), "--root", str(tmp_path / "store"), "--until", "sample"]


def on(address: str, *settings: str) -> list[str]:
    return ["--cluster", address, *(f"--set={setting}" for setting in settings)]


def test_run__same_bytes_with_the_worker_on_another_host(
    hosts: tuple[Host, Host],
    cluster: DaskProcesses,
    command: list[str],
    small_store: Store,
    small_until: Callable[[str], str],
    tmp_path: Path,
) -> None:
    first, _ = hosts
    small_until("train")

    done = zpoints_process(
        *command,
        *on(cluster.address, *certificates(cluster.tls)),
        folder=tmp_path,
        shell=first.shell,
    )

    assert done.returncode == 0, done.stderr
    assert cluster.address.startswith(f"tls://{first.address}:")
    assert "Dask: 1 worker, 1 thread" in done.stdout
    assert_same_results(open_store(str(tmp_path / "store")), small_store)


@pytest.mark.parametrize(
    ("client", "message"),
    [
        ("plain", "No Dask scheduler accepted the connection"),
        ("foreign", "CERTIFICATE_VERIFY_FAILED"),
        ("elsewhere", "No Dask scheduler accepted the connection"),
    ],
)
def test_run__clients_without_the_clusters_certificate_are_refused(
    client: str,
    message: str,
    hosts: tuple[Host, Host],
    cluster: DaskProcesses,
    command: list[str],
    tmp_path: Path,
) -> None:
    _, second = hosts
    foreign = certificates(write_certificates(tmp_path / "foreign"))
    options, shell = {
        "plain": (on(cluster.address.replace("tls", "tcp"), "cluster.plain=true"), second.shell),
        "foreign": (on(cluster.address, *foreign), second.shell),
        "elsewhere": (on(cluster.address, *certificates(cluster.tls)), ()),
    }[client]

    done = zpoints_process(
        *command, *options, "--set=cluster.connect_timeout=5", folder=tmp_path, shell=shell
    )

    assert done.returncode == 5
    assert message in done.stderr
    assert "images" not in open_store(str(tmp_path / "store")).groups
