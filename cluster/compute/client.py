"""One way to a Dask client, whatever the kind of cluster."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import dask
from distributed import Client
from distributed.utils import format_dashboard_link

from zpoints.cluster.compute.ask import identity, workers_of
from zpoints.cluster.compute.local import LOOPBACK, local_cluster
from zpoints.cluster.compute.running import running_cluster
from zpoints.cluster.compute.security import is_loopback
from zpoints.cluster.compute.versions import check_versions
from zpoints.cluster.compute.watchdog import watched
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.progress import Console, counted

BATCH = ("slurm", "pbs", "lsf")
SECONDS_BETWEEN_LOOKS = 0.1
SECONDS_TO_ANSWER = 1.0
"""How long a run looks whether the dashboard of a running scheduler is in reach."""
TASKS_PER_THREAD = 2.0
"""Tasks that a worker holds, running ones included: the next one is there when one ends. With
Dask's own 1.1, 10,000 tasks that do nothing took 2.7 ms each on two threads, now 2.3. For clusters
that are started here; another's scheduler has its own setting."""
WATCH_INTERVAL = "100ms"
"""How often a worker looks what its threads do, and how late its event loop is. Dask's 10 and 20 ms
cost each worker process of an analysis about 3 % of its time. For clusters started here."""


@contextmanager
def dask_client(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """The configured cluster as Dask's scheduler inside the block; what was started ends with it.

    Dask's own log is silent, because what fails in a task is raised in the driver and said there
    once.

    Parameters
    ----------
    config
        The section ``cluster``.
    console
        Where the dashboard's address goes.

    Raises
    ------
    ClusterError
        If there is no cluster, or no worker in ``cluster.worker_timeout`` seconds.
    """
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    settings = {
        "distributed.scheduler.no-workers-timeout": config.worker_timeout,
        "distributed.scheduler.worker-saturation": TASKS_PER_THREAD,
        "distributed.worker.profile.interval": WATCH_INTERVAL,
        "distributed.admin.tick.interval": WATCH_INTERVAL,
        "distributed.comm.timeouts.connect": config.connect_timeout,
    }
    with dask.config.set(settings), _cluster(config, console) as client:
        _await_worker(client, config)
        if config.kind == "address":
            check_versions(client, console)
        console.line(_headline(client))
        with watched(client, config.worker_timeout):
            yield client


def _cluster(config: ClusterConfig, console: Console) -> AbstractContextManager[Client]:
    if config.kind in BATCH:
        # Loaded where it is asked for: most runs have no batch system.
        from zpoints.cluster.compute.batch import batch_cluster

        return batch_cluster(config, console)
    return {"local": local_cluster, "address": running_cluster}[config.kind](config, console)


def _await_worker(client: Client, config: ClusterConfig) -> None:
    end = time.monotonic() + config.worker_timeout
    while not any(worker["status"] == "running" for worker in workers_of(client).values()):
        if time.monotonic() > end:
            raise ClusterError(
                f"No worker came within {config.worker_timeout:g} s. Look at the queue, or at the "
                f"workers' logs{_logs(config)}, or raise cluster.worker_timeout."
            )
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _logs(config: ClusterConfig) -> str:
    return f" in {config.jobs.folder}/logs" if config.kind in BATCH else ""


def _headline(client: Client) -> str:
    scheduler = identity(client)
    workers = scheduler["workers"].values()
    count, threads = len(workers), sum(worker["nthreads"] for worker in workers)
    of = f"{counted(count, 'worker')}, {counted(threads, 'thread')}"
    return f"Dask: {of}; dashboard {_dashboard(client, scheduler)}"


def _dashboard(client: Client, scheduler: dict[str, Any]) -> str:
    """Where a browser of this machine finds the dashboard; Dask's own link has the host that the
    scheduler takes for its own, on which the dashboard need not listen."""
    if client.cluster is not None:
        server = client.cluster.scheduler.http_server
        return f"http://{server.address}:{server.port}/status"
    if (port := scheduler["services"].get("dashboard")) is None:
        return "none"
    reached: Any = client.scheduler  # by the address that the user has named
    host = LOOPBACK if is_loopback(reached.address) else urlsplit(reached.address).hostname
    if _answers(host, port):
        return format_dashboard_link(host, port)
    return (
        f"on port {port} of the scheduler's machine, out of reach from here "
        f"(ssh -L {port}:{LOOPBACK}:{port} HOST)"
    )


def _answers(host: str | None, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=SECONDS_TO_ANSWER):
        return True
    return False
