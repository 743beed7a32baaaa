"""The embedded Dask cluster: as many tasks at once as there are cores, nothing to set up."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from dask.system import CPU_COUNT
from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

from pipeline.config import ClusterConfig
from storage.errors import ZpointsError

LOST_WORKERS = (KilledWorker, NoValidWorkerError, NoWorkerError)
"""What Dask raises when tasks have no worker left to run on."""

SETTINGS = {
    "distributed.scheduler.no-workers-timeout": "60s",
    "distributed.comm.timeouts.connect": "30s",
}


class ClusterError(ZpointsError):
    """The workers were lost."""


@contextmanager
def local_cluster(config: ClusterConfig) -> Iterator[Client]:
    """A Dask cluster on this machine, the default scheduler inside the block.

    Threads in this process by default: the kernels release the interpreter lock, and nothing has to
    be sent between processes. Its dashboard listens on the loopback interface only. Dask's own log
    is silent, because what fails in a task is raised in the driver and said there once.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    workers = config.workers or CPU_COUNT
    if config.processes:
        kind = {
            "n_workers": workers,
            "threads_per_worker": 1,
            "host": "127.0.0.1",
            "env": {"DASK_LOGGING__DISTRIBUTED": "critical"},
        }
    else:
        # The driver's own memory, which a limit for workers must not pause or spill.
        kind = {"n_workers": 1, "threads_per_worker": workers, "memory_limit": 0}
    with (
        dask.config.set(SETTINGS),
        LocalCluster(processes=config.processes, dashboard_address="127.0.0.1:0", **kind) as local,
        Client(local) as client,
    ):
        yield client
