"""The embedded cluster: threads of this process, or processes on this machine."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil

from cluster.connect import dask_client
from pipeline.config import RunConfig, override
from tests.cluster.sockets import open_beyond_loopback
from tests.conftest import SilentConsole


def threads_of_libraries() -> set[int]:
    """Numbers of threads that the libraries of a kernel would take in this process."""
    import torch
    from threadpoolctl import threadpool_info

    from pipeline.analyze.blas import single_threaded_blas
    from pipeline.train.device import single_torch_thread

    with single_threaded_blas(), single_torch_thread():
        np.ones((2, 2)) @ np.ones((2, 2))
        blas = {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
        return blas | {torch.get_num_threads()}


def test_dask_client__threads_listen_on_the_loopback_interface_only() -> None:
    with dask_client(RunConfig().cluster, SilentConsole()):
        sockets = psutil.Process().net_connections("tcp")
        assert {c.laddr.ip for c in sockets if c.status == "LISTEN"} == {"127.0.0.1"}


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


QUIET = """
from cluster.connect import dask_client
from pipeline.cluster_config import ClusterConfig
from tests.conftest import SilentConsole

if __name__ == "__main__":
    with dask_client(ClusterConfig(workers=1, processes=True), SilentConsole()) as client:
        client.submit(len, "abc").result()
"""


def test_local_cluster__worker_processes_print_no_log(tmp_path: Path) -> None:
    program = tmp_path / "quiet.py"
    program.write_text(QUIET)
    here = {**os.environ, "PYTHONPATH": os.getcwd()}

    done = subprocess.run(
        [sys.executable, str(program)], capture_output=True, text=True, check=True, env=here
    )

    assert done.stdout + done.stderr == ""
