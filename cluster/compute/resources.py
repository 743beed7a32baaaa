"""What the workers of a cluster have: threads and memory."""

import psutil
from dask.system import CPU_COUNT
from distributed import Client
from distributed.system import MEMORY_LIMIT

from zpoints.cluster.compute.ask import workers_of
from zpoints.pipeline.stage_run import Worker


def this_machine() -> Worker:
    """What the driver's own process has: all cores, and the memory that is left or its own."""
    held = psutil.Process().memory_info().rss
    # A container's limit is none of the machine's.
    memory = min(psutil.virtual_memory().available + held, MEMORY_LIMIT)
    return Worker(threads=CPU_COUNT, memory=memory, held=held)


def smallest_worker(client: Client) -> Worker:
    """The most threads, the least memory and the fullest process of any worker of a cluster.

    A worker without a limit, or in this process, may take no more than what this machine has left,
    beside what this process has.

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
    seen, here = workers_of(client), this_machine()
    workers = seen.values()
    limits = [
        min(worker["memory_limit"] or here.memory, here.memory)
        if address.startswith("inproc://")
        else worker["memory_limit"] or here.memory
        for address, worker in seen.items()
    ]
    return Worker(
        threads=max((worker["nthreads"] for worker in workers), default=1),
        memory=min(limits, default=here.memory),
        held=max((worker["metrics"]["memory"] for worker in workers), default=here.held),
    )
