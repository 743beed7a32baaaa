"""Connects a Dask client to the configured cluster."""

import importlib
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
from distributed import Client
from distributed.utils import format_dashboard_link

from zpoints.cluster.compute.existing_scheduler import check_versions, existing_cluster
from zpoints.cluster.compute.local import LOOPBACK, local_cluster
from zpoints.cluster.compute.scheduler_calls import scheduler_identity, workers_of
from zpoints.cluster.compute.security import is_loopback
from zpoints.cluster.compute.watchdog import stall_limit
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.progress import Console, counted

BATCH = ("slurm", "pbs", "lsf")
SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_TO_ANSWER = 1.0
"""Time limit for reaching the dashboard of an existing scheduler."""
TASKS_PER_THREAD = 2.0
"""Tasks that a worker holds per thread, running ones included, so that the next one is ready when
one ends. 10,000 empty tasks took 2.7 ms each on two threads with Dask's default of 1.1, and 2.3 ms
with this. Applies to clusters started by the run; an existing scheduler has its own setting."""
PROFILE_INTERVAL = "100ms"
"""How often a worker samples its threads' stacks and its event loop's delay. Dask's defaults of 10
and 20 ms cost each worker process of an analysis about 3 % of its time. Applies to clusters started
by the run."""


@contextmanager
def dask_client(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """Make the configured cluster Dask's scheduler inside the block.

    A cluster that was started here ends with the block. Dask's own log is silenced, because the
    driver raises and reports a task's error once.

    Parameters
    ----------
    config
        The section ``cluster``.
    console
        Shows the size of the cluster and the dashboard's address.

    Raises
    ------
    ConfigError
        If ``cluster.kind`` is address and no valid address is configured.
    SecurityError
        If the connection would be unsafe, or certificates are missing.
    ClusterError
        If no cluster can be reached or started, or no worker is running within
        ``cluster.worker_timeout`` seconds.
    """
    _load_bokeh()
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    settings = {
        "distributed.scheduler.no-workers-timeout": config.worker_timeout,
        "distributed.scheduler.worker-saturation": TASKS_PER_THREAD,
        "distributed.worker.profile.interval": PROFILE_INTERVAL,
        "distributed.admin.tick.interval": PROFILE_INTERVAL,
        "distributed.comm.timeouts.connect": config.connect_timeout,
    }
    with dask.config.set(settings), _cluster(config, console) as client:
        _await_worker(client, config)
        if config.kind == "address":
            check_versions(client, console)
        console.line(_headline(client))
        with stall_limit(client, config.worker_timeout):
            yield client


def _load_bokeh() -> None:
    """Load Bokeh, which dashboards need, for a user without a home folder.

    Bokeh cannot be loaded without one: it makes the path of its settings file from it.
    """
    if not Path(os.path.expanduser("~")).is_absolute():
        os.environ["HOME"] = os.sep
        try:
            importlib.import_module("bokeh")
        finally:
            del os.environ["HOME"]


def _cluster(config: ClusterConfig, console: Console) -> AbstractContextManager[Client]:
    if config.kind in BATCH:
        # Most runs use no batch system; dask-jobqueue is slow to load.
        from zpoints.cluster.compute.batch_system import batch_cluster

        return batch_cluster(config, console)
    return {"local": local_cluster, "address": existing_cluster}[config.kind](config, console)


def _await_worker(client: Client, config: ClusterConfig) -> None:
    end = time.monotonic() + config.worker_timeout
    while not any(worker["status"] == "running" for worker in workers_of(client).values()):
        if time.monotonic() > end:
            raise ClusterError(
                f"No worker started within {config.worker_timeout:g} s. Check the queue and the "
                f"workers' logs{_logs(config)}, or raise cluster.worker_timeout."
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _logs(config: ClusterConfig) -> str:
    return f" in {config.jobs.folder}/logs" if config.kind in BATCH else ""


def _headline(client: Client) -> str:
    scheduler = scheduler_identity(client)
    workers = scheduler["workers"].values()
    count, threads = len(workers), sum(worker["nthreads"] for worker in workers)
    size = f"{counted(count, 'worker')}, {counted(threads, 'thread')}"
    return f"Dask: {size}; dashboard {_dashboard(client, scheduler)}"


def _dashboard(client: Client, scheduler: dict[str, Any]) -> str:
    """URL of the dashboard for a browser on this machine.

    Dask's own link names the host that the scheduler believes to have; the dashboard may not listen
    there.
    """
    if client.cluster is not None:
        server = client.cluster.scheduler.http_server
        return f"http://{server.address}:{server.port}/status"
    if (port := scheduler["services"].get("dashboard")) is None:
        return "none"
    scheduler_proxy: Any = client.scheduler
    address = scheduler_proxy.address  # as the user has named it
    host = LOOPBACK if is_loopback(address) else urlsplit(address).hostname
    if _answers(host, port):
        return format_dashboard_link(host, port)
    return (
        f"on port {port} of the scheduler's machine, which this machine cannot reach "
        f"(ssh -L {port}:{LOOPBACK}:{port} HOST)"
    )


def _answers(host: str | None, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=SECONDS_TO_ANSWER):
        return True
    return False
