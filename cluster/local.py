"""The embedded Dask cluster: as many tasks at once as there are cores, nothing to set up."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import Client, LocalCluster, Nanny, Scheduler, SpecCluster
from distributed.system import MEMORY_LIMIT

from cluster.placement import GPU, TASKS_PER_GPU
from cluster.security import own_security
from pipeline.cluster_config import ClusterConfig
from pipeline.console import Console
from pipeline.train.device import cuda_devices

LOOPBACK = "127.0.0.1"

# Dask's own threshold of 64 KiB makes glibc give every array back to the system: its pages then
# are cleared anew for the next one, which cost a third of the time of an analysis.
ALLOCATION = {"MALLOC_TRIM_THRESHOLD_": 2**28, "MALLOC_MMAP_THRESHOLD_": 2**25}
BEFORE_SPAWNING = "distributed.nanny.pre-spawn-environ"


@contextmanager
def local_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """A Dask cluster on this machine.

    Threads in this process by default: the kernels release the interpreter lock, and nothing has to
    be sent between processes. With ``processes``, or where there are several GPUs: a process per
    core and one per GPU, which speak TLS over the loopback interface.
    """
    gpus = cuda_devices()
    if config.processes or gpus > 1:
        security = own_security(config.tls)
        environment = {**dask.config.get(BEFORE_SPAWNING), **ALLOCATION}
        with dask.config.set({BEFORE_SPAWNING: environment}):
            made = SpecCluster(**_processes(config, gpus, security), security=security)
    else:
        # The driver's own memory, which a limit for workers must not pause or spill.
        made = LocalCluster(
            processes=False,
            n_workers=1,
            threads_per_worker=config.workers or CPU_COUNT,
            memory_limit=0,
            dashboard_address=f"{LOOPBACK}:0",
            worker_dashboard_address=f"{LOOPBACK}:0",
        )
    with made, Client(made) as client:
        yield client


def _processes(config: ClusterConfig, gpus: int, security: Any) -> dict[str, Any]:
    """Scheduler and workers as ``SpecCluster`` takes them."""
    count = config.workers or CPU_COUNT
    where = {"host": LOOPBACK, "protocol": "tls://", "security": security}
    options = {
        **where,
        "nthreads": 1,
        "memory_limit": parse_bytes(config.memory) if config.memory else MEMORY_LIMIT // count,
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
