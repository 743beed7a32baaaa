"""The memory that a training needs."""

from zpoints.pipeline.memory import Memory
from zpoints.pipeline.network.size import NetworkSize
from zpoints.pipeline.train.config import TrainConfig

BOTH_PASSES = 2.1
"""Values that a step holds at once: those of all layers, their gradients, and scratch space."""
EDGES = 2
"""Batches of images that `train.edges` adds; 1.5 measured in case I at 64 x 64."""
STATES = 5
"""The weights, their gradients, Adam's two moments, and a checkpoint."""


def training_memory(
    config: TrainConfig, size: NetworkSize, count: int, *, held: int, on_gpu: bool, images: int = 0
) -> Memory:
    """Memory of the driver in a training.

    Parameters
    ----------
    config
        The section `train`.
    size
        Of the network.
    count
        Number of images of the training split, or more.
    held
        Bytes of the process before the training.
    on_gpu
        Whether a GPU computes the steps, in its own memory (`network.device.gpu_memory`).
    images
        Bytes of the images that it holds.
    """
    batch = min(config.batch, max(count, 2))
    images_per_step = 2 + (EDGES if config.edges else 0)
    step = int(batch * (BOTH_PASSES * size.values + images_per_step * size.image) * 4)
    step = 0 if on_gpu else step
    states = STATES * 4 * size.weights
    return Memory(
        work="The training",
        parts={"process": held, "images": images, "network": states, "batch": step},
        remedies={
            "lower ingest.limit or ingest.side": images,
            "lower train.z_dim or ingest.side": states,
            "lower train.batch": step,
        },
        in_driver=True,
    )
