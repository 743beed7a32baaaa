"""The embedded Dask cluster: as many tasks at once as there are cores, nothing to set up."""

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import dask
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import Client, LocalCluster, Nanny, Scheduler, SpecCluster
from distributed.system import MEMORY_LIMIT

from zpoints.cluster.compute.placement import GPU, TASKS_PER_GPU
from zpoints.cluster.compute.security import own_security
from zpoints.cluster.errors import ClusterError, cause_of
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.network.device import cuda_devices
from zpoints.pipeline.progress import Console

LOOPBACK = "127.0.0.1"

# Dask's own threshold of 64 KiB makes glibc give every array back to the system: its pages then
# are cleared anew for the next one, which cost a third of the time of an analysis.
ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25}
BEFORE_SPAWNING = "distributed.nanny.pre-spawn-environ"


# Threads use the driver's own memory. It must be neither spilled nor a reason to pause: they would
# wait for memory that the driver holds.
UNHINDERED = {f"distributed.worker.memory.{means}": False for means in ("target", "spill", "pause")}


@contextmanager
def local_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """A Dask cluster on this machine.

    Threads in this process by default: the kernels release the interpreter lock, and nothing has to
    be sent between processes. With ``processes``, by default where there are several GPUs: a
    process per core and one per GPU, which speak TLS over the loopback interface.

    Raises
    ------
    ClusterError
        If it cannot be started.
    """
    with ExitStack() as stack:
        try:
            client = stack.enter_context(Client(stack.enter_context(_started(config))))
        except (RuntimeError, ValueError, OSError) as error:
            raise ClusterError(
                f"No cluster could be started on this machine: {cause_of(error)}. See "
                "cluster.workers, cluster.memory and cluster.tls."
            ) from error
        yield client


def _started(config: ClusterConfig) -> SpecCluster:
    gpus = cuda_devices()
    by_processes = gpus > 1 if config.processes is None else config.processes
    return _start_processes(config, gpus) if by_processes else _start_threads(config, gpus)


def _start_processes(config: ClusterConfig, gpus: int) -> SpecCluster:
    security = own_security(config.tls)
    environment = {**dask.config.get(BEFORE_SPAWNING), **ALLOCATION}
    with dask.config.set({BEFORE_SPAWNING: environment}):
        return SpecCluster(**_processes(config, gpus, security), security=security)


def _start_threads(config: ClusterConfig, gpus: int) -> SpecCluster:
    with dask.config.set(UNHINDERED):
        return LocalCluster(
            processes=False,
            n_workers=1,
            threads_per_worker=config.workers or CPU_COUNT,
            memory_limit=parse_bytes(config.memory) if config.memory else MEMORY_LIMIT,
            resources={GPU: TASKS_PER_GPU} if gpus else {},
            dashboard_address=f"{LOOPBACK}:0",
            worker_dashboard_address=f"{LOOPBACK}:0",
        )


def _processes(config: ClusterConfig, gpus: int, security: Any) -> dict[str, Any]:
    """Scheduler and workers as ``SpecCluster`` takes them."""
    count = config.workers or CPU_COUNT
    share = MEMORY_LIMIT // (count + gpus)
    where = {"host": LOOPBACK, "protocol": "tls://", "security": security}
    options = {
        **where,
        "nthreads": 1,
        "memory_limit": parse_bytes(config.memory) if config.memory else share,
        "dashboard": False,
        "dashboard_address": f"{LOOPBACK}:0",
        "silence_logs": logging.CRITICAL,
    }
    workers: dict[Any, Any] = {i: {"cls": Nanny, "options": options} for i in range(count)}
    for device in _visible(gpus):
        env = {"CUDA_VISIBLE_DEVICES": device}
        own = {"nthreads": TASKS_PER_GPU, "resources": {GPU: TASKS_PER_GPU}, "env": env}
        workers[f"gpu-{device}"] = {"cls": Nanny, "options": {**options, **own}}
    scheduler = {**where, "dashboard": True, "dashboard_address": f"{LOOPBACK}:0"}
    return {"workers": workers, "scheduler": {"cls": Scheduler, "options": scheduler}}


def _visible(gpus: int) -> list[str]:
    """Names of the GPUs that this process may use, as CUDA_VISIBLE_DEVICES has them."""
    granted = os.environ.get("CUDA_VISIBLE_DEVICES")
    return (granted.split(",") if granted else list(map(str, range(gpus))))[:gpus]
