"""Workers as jobs of a real Slurm."""

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.cluster.results import assert_same_results
from tests.cluster.slurm import Slurm
from tests.cluster.sockets import open_beyond_loopback
from tests.conftest import SilentConsole
from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.errors import ClusterError
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.storage import Store

pytestmark = pytest.mark.services


def jobs(folder: Path, *overrides: str) -> list[str]:
    """Settings of a run whose workers are two small jobs."""
    return [
        "cluster.kind=slurm",
        "cluster.workers=2",
        "cluster.jobs.cores=1",
        "cluster.jobs.memory=3GiB",
        f"cluster.jobs.folder={folder}",
        "cluster.worker_timeout=60",
        *overrides,
    ]


def test_slurm__listens_on_the_loopback_interface_only(slurm: Slurm) -> None:
    daemons = [p for p in psutil.process_iter(["name"]) if p.info["name"].startswith("slurm")]
    assert len(daemons) >= 2
    assert open_beyond_loopback(daemons) == []


def test_run__same_bytes_in_jobs_of_slurm(
    slurm: Slurm,
    small_config: RunConfig,
    small_store: Store,
    small_until: Callable[[str], str],
    tmp_path: Path,
) -> None:
    console, root = SilentConsole(), small_until("train")
    config = override(small_config, jobs(tmp_path / "jobs"))

    store = run(config, root, console=console, title="t", until="sample").store

    assert_same_results(store, small_store)
    assert any("2 jobs submitted to slurm" in line for line in console.lines)
    slurm.wait_for_the_end()
    assert [path.name for path in (tmp_path / "jobs").iterdir()] == ["logs"]  # the keys are removed


def test_dask_client__jobs_listen_with_tls_only_and_are_replaced(
    slurm: Slurm, tmp_path: Path
) -> None:
    config = override(RunConfig(), jobs(tmp_path / "jobs")).cluster
    with dask_client(config, SilentConsole()) as client:
        client.wait_for_workers(2, timeout=60)
        workers = client.run(os.getppid).values()

        assert open_beyond_loopback(map(psutil.Process, (os.getpid(), *workers))) == []
        (key,) = (tmp_path / "jobs").glob("certificates-*/key.pem")
        assert key.stat().st_mode & 0o077 == 0

        before = {number for number, _ in slurm.jobs()}
        slurm.cancel_all()
        slurm.wait_until(slurm.jobs, "jobs that replace the lost ones")
        assert client.submit(sum, [1, 2]).result(timeout=60) == 3
        assert not before & {number for number, _ in slurm.jobs()}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        pytest.param(["cluster.jobs.queue=nosuch"], "invalid partition", id="refused"),
        pytest.param(["cluster.jobs.memory=null"], r"cluster\.jobs\.memory", id="without memory"),
        pytest.param(
            ["cluster.jobs.cores=8", "cluster.jobs.memory=9000GiB", "cluster.worker_timeout=2"],
            "refused|No worker started within 2 s",
            id="never runs",
        ),
    ],
)
def test_dask_client__reports_why_there_are_no_jobs(
    overrides: list[str], message: str, slurm: Slurm, tmp_path: Path
) -> None:
    config = override(RunConfig(), jobs(tmp_path / "jobs", *overrides)).cluster

    with (
        pytest.raises(ClusterError, match=message),
        dask_client(config, SilentConsole()),
    ):
        pass

    slurm.wait_for_the_end()


def test_dask_client__reports_a_missing_batch_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    config = override(RunConfig(), ["cluster.kind=pbs"]).cluster

    with (
        pytest.raises(ClusterError, match="Command qsub not found"),
        dask_client(config, SilentConsole()),
    ):
        pass
