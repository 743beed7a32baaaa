"""Which workers a stage's tasks may run on."""

from contextlib import AbstractContextManager, nullcontext

import dask
from distributed import Client

from zpoints.cluster.compute.ask import workers_of
from zpoints.pipeline.config.run import RunConfig

GPU = "GPU"
"""Name of the Dask resource that workers with a GPU offer."""
TASKS_PER_GPU = 2
"""Tasks at once on a GPU: one reads or writes chunks while the other computes."""


def placed(client: Client, config: RunConfig, stage: str) -> AbstractContextManager[object]:
    """A block in which tasks of a stage that runs the network go to workers with a GPU.

    Where no worker offers one, or the stage's ``device`` is cpu, tasks go anywhere.
    """
    device = getattr(getattr(config, stage), "device", "cpu")
    workers = workers_of(client).values()
    if device == "cpu" or not any(worker["resources"].get(GPU) for worker in workers):
        return nullcontext()
    return dask.annotate(resources={GPU: 1})
