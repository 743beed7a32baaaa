"""Assigns tasks that run the network to workers with a GPU."""

from contextlib import AbstractContextManager, nullcontext

import dask
from distributed import Client

from zpoints.cluster.compute.scheduler_calls import workers_of
from zpoints.pipeline.config.run import RunConfig

GPU = "GPU"
"""Name of the Dask resource that workers with a GPU offer."""
TASKS_PER_GPU = 2
"""Tasks at once on a GPU: one reads or writes chunks while the other computes."""


def gpu_annotation(client: Client, config: RunConfig, stage: str) -> AbstractContextManager[object]:
    """Context in which the tasks of a stage require the resource ``GPU``.

    It has no effect for a stage whose ``device`` is cpu, or if no worker offers the resource.

    Parameters
    ----------
    client
        Client of the cluster.
    config
        The whole configuration.
    stage
        One of ``zpoints.pipeline.stage_order.STAGES``.

    Returns
    -------
    AbstractContextManager
        The context.
    """
    device = getattr(getattr(config, stage, None), "device", "cpu")
    workers = workers_of(client).values()
    if device == "cpu" or not any(worker["resources"].get(GPU) for worker in workers):
        return nullcontext()
    return dask.annotate(resources={GPU: 1})
