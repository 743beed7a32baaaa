"""Drivers on a running Dask cluster: processes of their own beside a worker."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client
from rich.console import Console as RichConsole

from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.compute.gpu import GPU
from zpoints.cluster.compute.scheduler_calls import workers_of
from zpoints.cluster.errors import ClusterError
from zpoints.cluster.jobs.launch import launch
from zpoints.cluster.jobs.record import Job
from zpoints.cluster.terminal import LogConsole
from zpoints.pipeline.config.run import RunConfig

NANNY_SETS = "distributed.nanny.pre-spawn-environ"


class DriverHost:
    """The machine of a worker, which can start drivers.

    Parameters
    ----------
    client
        Of the worker's cluster.
    config
        What a driver is to compute. One that trains on a GPU starts where a worker has one.
    """

    def __init__(self, client: Client, config: RunConfig) -> None:
        self._client = client
        self._limit = config.cluster.connect_timeout
        self._worker = _chosen(client, gpu=config.train.device != "cpu")
        # As the worker knows it: the client may come through a tunnel.
        scheduler = self._do(_scheduler_address)
        cluster = config.cluster.model_copy(update={"address": scheduler})
        self.config = config.model_copy(update={"cluster": cluster})

    def start(self, root: str, job: Job) -> dict[str, Any]:
        """Start a job's driver; returns what its record says of it.

        Raises
        ------
        ClusterError
            If the worker is gone, or cannot start it.
        """
        found: dict[str, Any] = self._do(_launch, root, job.id, job.folder)
        return found

    def _do(self, function: Any, *arguments: str) -> Any:
        """A call in the worker's process, beside its tasks: none of its threads has to be free."""
        try:
            (found,) = self._client.run(
                function, *arguments, workers=[self._worker], callback_timeout=self._limit
            ).values()
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"The worker {self._worker} has not started the driver: {error}. Look at its log, "
                "and submit again."
            ) from error
        return found


@contextmanager
def driver_host(config: RunConfig) -> Iterator[DriverHost]:
    """A machine for the driver while the block runs, which is in touch with the cluster.

    Raises
    ------
    ClusterError
        If no scheduler answers in ``cluster.connect_timeout`` seconds, or no worker is there in
        ``cluster.worker_timeout``.
    """
    console = LogConsole(RichConsole(markup=False, stderr=True))
    with dask_client(config.cluster, console) as client:
        yield DriverHost(client, config)


def _chosen(client: Client, *, gpu: bool) -> str:
    workers = {n: w for n, w in workers_of(client).items() if w["status"] == "running"}
    if not workers:
        raise ClusterError("The cluster's workers have left. Start one, and submit again.")
    with_gpu = [name for name, worker in workers.items() if worker["resources"].get(GPU)]
    return str((with_gpu if gpu and with_gpu else list(workers))[0])


def _scheduler_address(dask_worker: Any) -> str:
    return str(dask_worker.scheduler.address)


def _launch(root: str, id_: str, folder: str) -> dict[str, Any]:
    """Without the variables by which the nanny keeps a worker to one thread per task."""
    kept = {name: str(value) for name, value in dask.config.get(NANNY_SETS).items()}
    environment = {n: value for n, value in os.environ.items() if kept.get(n) != value}
    return launch(root, id_, folder, environment=environment)
