"""Measures the threads and the memory of workers."""

import resource

import psutil
from dask.system import CPU_COUNT
from distributed import Client
from distributed.system import MEMORY_LIMIT

from zpoints.cluster.compute.gpu import GPU, TASKS_PER_GPU
from zpoints.cluster.compute.scheduler_calls import workers_of
from zpoints.pipeline.network.device import cuda_devices
from zpoints.pipeline.stage_run import Worker


def this_machine() -> Worker:
    """Capacity of the driver's process: all cores, and the memory that it holds or that is free."""
    used = psutil.Process().memory_info()
    # psutil reports the machine's memory, not the limit of a container or of a shell (ulimit -v).
    memory = min(psutil.virtual_memory().available + used.rss, MEMORY_LIMIT)
    addresses, _ = resource.getrlimit(resource.RLIMIT_AS)
    if addresses != resource.RLIM_INFINITY:
        memory = min(memory, max(0, addresses - used.vms) + used.rss)
    gpu_tasks = TASKS_PER_GPU if cuda_devices() else 0
    return Worker(threads=CPU_COUNT, memory=memory, held=used.rss, gpu_tasks=gpu_tasks)


def smallest_worker(client: Client) -> Worker:
    """The most threads, the least memory and the largest resident size among a cluster's workers.

    The memory of a worker without a limit, or in this process, counts as that of this machine.

    Raises
    ------
    ClusterError
        If the scheduler does not answer in time.

    Examples
    --------
    >>> from distributed import LocalCluster
    >>> options = {"n_workers": 1, "threads_per_worker": 3, "processes": False}
    >>> with LocalCluster(memory_limit="1 GiB", dashboard_address=None, **options) as local:
    ...     with Client(local) as client:
    ...         worker = smallest_worker(client)
    >>> worker.threads, worker.memory
    (3, 1073741824)
    """
    described, here = workers_of(client), this_machine()
    workers = described.values()
    limits = [
        min(worker["memory_limit"] or here.memory, here.memory)
        if address.startswith("inproc://")
        else worker["memory_limit"] or here.memory
        for address, worker in described.items()
    ]
    return Worker(
        threads=max((worker["nthreads"] for worker in workers), default=1),
        memory=min(limits, default=here.memory),
        held=max((worker["metrics"]["memory"] for worker in workers), default=here.held),
        gpu_tasks=max((int(worker["resources"].get(GPU, 0)) for worker in workers), default=0),
    )
