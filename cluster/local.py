"""The embedded Dask cluster: as many tasks at once as there are cores, nothing to set up."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from distributed import Client, LocalCluster

from pipeline.config import ClusterConfig


@contextmanager
def local_cluster(config: ClusterConfig) -> Iterator[Client]:
    """A Dask cluster on this machine, the default scheduler inside the block.

    Threads in this process by default: the kernels release the interpreter lock, and nothing has to
    be sent between processes. Its dashboard listens on the loopback interface only.
    """
    logging.getLogger("distributed").setLevel(logging.ERROR)
    workers = config.workers or len(os.sched_getaffinity(0))
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "30s"}),
        LocalCluster(
            n_workers=workers if config.processes else 1,
            threads_per_worker=1 if config.processes else workers,
            processes=config.processes,
            host="127.0.0.1" if config.processes else None,
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
