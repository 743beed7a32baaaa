"""Launches drivers on the machine of an existing cluster's worker."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client

from zpoints.cluster.compute.client import dask_client
from zpoints.cluster.compute.gpu import GPU
from zpoints.cluster.compute.scheduler_calls import workers_of
from zpoints.cluster.errors import ClusterError
from zpoints.cluster.jobs.job import Job
from zpoints.cluster.jobs.launch import launch
from zpoints.cluster.terminal import LogConsole, PlainConsole
from zpoints.pipeline.config.run import RunConfig

NANNY_VARIABLES = "distributed.nanny.pre-spawn-environ"


class DriverHost:
    """A worker's machine, on which drivers can be launched.

    Parameters
    ----------
    client
        Client of the worker's cluster.
    config
        Configuration of the driver. If it trains on a GPU, a worker with a GPU is chosen.

    Attributes
    ----------
    config
        The configuration with the scheduler's address as the worker knows it.
    """

    def __init__(self, client: Client, config: RunConfig) -> None:
        self._client = client
        self._limit = config.cluster.connect_timeout
        self._worker = _chosen(client, gpu=config.train.device != "cpu")
        # The client may reach the scheduler through a tunnel, by another address.
        scheduler = self._call_on_worker(_scheduler_address)
        cluster = config.cluster.model_copy(update={"address": scheduler})
        self.config = config.model_copy(update={"cluster": cluster})

    def start(self, root: str, job: Job) -> dict[str, Any]:
        """Launch a job's driver; returns fields of the job's record, as ``launch``.

        Raises
        ------
        ClusterError
            If the worker is gone, or cannot launch the driver.
        """
        facts: dict[str, Any] = self._call_on_worker(_launch, root, job.id, job.folder)
        return facts

    def _call_on_worker(self, function: Any, *arguments: str) -> Any:
        """Call a function in the worker's process; it waits for none of the worker's threads."""
        try:
            (result,) = self._client.run(
                function, *arguments, workers=[self._worker], callback_timeout=self._limit
            ).values()
        except (OSError, ValueError) as error:
            raise ClusterError(
                f"Worker {self._worker} did not launch the driver: {error}. Check its log, then "
                "submit again."
            ) from error
        return result


@contextmanager
def driver_host(config: RunConfig) -> Iterator[DriverHost]:
    """Connect to the configured cluster and choose the worker whose machine hosts the driver.

    Raises
    ------
    ClusterError
        If no scheduler answers within ``cluster.connect_timeout`` seconds, or no worker is running
        within ``cluster.worker_timeout`` seconds.
    """
    console = LogConsole(PlainConsole(stderr=True))
    with dask_client(config.cluster, console) as client:
        yield DriverHost(client, config)


def _chosen(client: Client, *, gpu: bool) -> str:
    workers = {n: w for n, w in workers_of(client).items() if w["status"] == "running"}
    if not workers:
        raise ClusterError("The cluster has no worker any more. Start one and submit again.")
    with_gpu = [name for name, worker in workers.items() if worker["resources"].get(GPU)]
    return str((with_gpu if gpu and with_gpu else list(workers))[0])


def _scheduler_address(dask_worker: Any) -> str:
    return str(dask_worker.scheduler.address)


def _launch(root: str, id_: str, folder: str) -> dict[str, Any]:
    """Launch a driver without the variables by which the nanny limits each task to one thread."""
    limits = {name: str(value) for name, value in dask.config.get(NANNY_VARIABLES).items()}
    environment = {n: value for n, value in os.environ.items() if limits.get(n) != value}
    return launch(root, id_, folder, environment=environment)
