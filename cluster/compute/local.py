"""Starts a Dask cluster on this machine, with one task per core at a time."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import dask
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import Client, LocalCluster, Nanny, Scheduler, SpecCluster
from distributed.system import MEMORY_LIMIT

from zpoints.cluster.compute.gpu import GPU, TASKS_PER_GPU
from zpoints.cluster.compute.preload import forked_workers
from zpoints.cluster.compute.security import cluster_security
from zpoints.cluster.compute.worker_capacity import this_machine
from zpoints.cluster.errors import ClusterError, root_cause
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.network.device import cuda_devices
from zpoints.pipeline.progress import Console
from zpoints.pipeline.stage_run import Worker

LOOPBACK = "127.0.0.1"
DASHBOARD_ADDRESS = f"{LOOPBACK}:0"
"""Any free port of the loopback interface, since dashboards have no access control."""

# With Dask's threshold of 64 KiB glibc returns every array to the system, which clears the pages
# again for the next array. That took a third of the time of an analysis.
ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25}
BEFORE_SPAWNING = "distributed.nanny.pre-spawn-environ"

LEAST_MEMORY = 50 * 2**20
"""Bytes of memory for each worker process, which takes as much before its first task."""

# Worker threads share the driver's memory. They must neither spill nor pause because of it: they
# would wait for memory that the driver holds.
NO_MEMORY_LIMITS = {
    f"distributed.worker.memory.{means}": False for means in ("target", "spill", "pause")
}


@contextmanager
def local_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """Run a Dask cluster on this machine.

    By default its workers are threads in this process: the kernels release the interpreter lock,
    and nothing has to be sent between processes. With ``cluster.processes``, or by default on a
    machine with several GPUs, there is a worker process per core and one per GPU; they communicate
    by TLS over the loopback interface.

    Raises
    ------
    ClusterError
        If the cluster cannot be started.
    """
    gpus = cuda_devices()
    by_processes = _by_processes(config, gpus)
    with ExitStack() as stack:
        if by_processes and not gpus:  # a fork cannot use CUDA if its parent has initialised it
            stack.enter_context(forked_workers())
        start = _start_processes if by_processes else _start_threads
        try:
            client = stack.enter_context(Client(stack.enter_context(start(config, gpus))))
        except (RuntimeError, ValueError, OSError) as error:
            raise ClusterError(
                f"No cluster could be started on this machine: {root_cause(error)}. Check "
                "cluster.workers, cluster.memory and cluster.tls."
            ) from error
        yield client


def expected_worker(config: ClusterConfig) -> Worker:
    """Capacity of a worker of the cluster that `local_cluster` starts."""
    here, gpus = this_machine(), cuda_devices()
    if _by_processes(config, gpus):
        memory = min(_limit(config, _share(config, gpus)), here.memory)
        return replace(here, threads=here.gpu_tasks or 1, memory=memory, held=0)
    memory = min(_limit(config, here.memory), here.memory)
    return replace(here, threads=config.workers or CPU_COUNT, memory=memory)


def _limit(config: ClusterConfig, default: int) -> int:
    """Bytes of memory of a worker, as configured."""
    return int(parse_bytes(config.memory)) if config.memory else default


def _share(config: ClusterConfig, gpus: int) -> int:
    """Equal share of this machine's memory for a worker process per core and one per GPU."""
    return int(MEMORY_LIMIT // ((config.workers or CPU_COUNT) + gpus))


def _by_processes(config: ClusterConfig, gpus: int) -> bool:
    return gpus > 1 if config.processes is None else config.processes


def _start_processes(config: ClusterConfig, gpus: int) -> SpecCluster:
    security = cluster_security(config.tls)
    environment = {**dask.config.get(BEFORE_SPAWNING), **ALLOCATION}
    with dask.config.set({BEFORE_SPAWNING: environment}):
        return SpecCluster(**_processes(config, gpus, security), security=security)


def _start_threads(config: ClusterConfig, gpus: int) -> SpecCluster:
    with dask.config.set(NO_MEMORY_LIMITS):
        return LocalCluster(
            processes=False,
            n_workers=1,
            threads_per_worker=config.workers or CPU_COUNT,
            memory_limit=_limit(config, MEMORY_LIMIT),
            resources={GPU: TASKS_PER_GPU} if gpus else {},
            dashboard_address=DASHBOARD_ADDRESS,
            worker_dashboard_address=DASHBOARD_ADDRESS,
        )


def _processes(config: ClusterConfig, gpus: int, security: Any) -> dict[str, Any]:
    """Arguments of ``SpecCluster`` that describe scheduler and workers."""
    count, share = config.workers or CPU_COUNT, _share(config, gpus)
    if share < LEAST_MEMORY:
        raise ValueError(
            f"{count + gpus:,} worker processes would have {share / 2**20:,.0f} MiB of memory each"
        )
    network = {"host": LOOPBACK, "protocol": "tls://", "security": security}
    options = {
        **network,
        "nthreads": 1,
        "env": {} if gpus else dict(os.environ),  # a fork server keeps those of its own start
        "memory_limit": _limit(config, share),
        "dashboard": False,
        "dashboard_address": DASHBOARD_ADDRESS,
        "silence_logs": logging.CRITICAL,
    }
    workers: dict[Any, Any] = {i: {"cls": Nanny, "options": options} for i in range(count)}
    for device in _visible_devices(gpus):
        env = {"CUDA_VISIBLE_DEVICES": device}
        own = {"nthreads": TASKS_PER_GPU, "resources": {GPU: TASKS_PER_GPU}, "env": env}
        workers[f"gpu-{device}"] = {"cls": Nanny, "options": {**options, **own}}
    scheduler = {**network, "dashboard": True, "dashboard_address": DASHBOARD_ADDRESS}
    return {"workers": workers, "scheduler": {"cls": Scheduler, "options": scheduler}}


def _visible_devices(gpus: int) -> list[str]:
    """Names of the GPUs that this process may use, as in CUDA_VISIBLE_DEVICES."""
    granted = os.environ.get("CUDA_VISIBLE_DEVICES")
    return (granted.split(",") if granted else list(map(str, range(gpus))))[:gpus]
