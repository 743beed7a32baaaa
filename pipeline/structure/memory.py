"""The memory that the structure stage needs."""

from zpoints.pipeline.memory import Memory

CHUNKS_PER_GRAPH = 16
"""Chunks that the training of the probes may read ahead; more graphs would cost milliseconds
each."""
AT_WORK = 4 + 4 + 8 + 8
"""Bytes of a component in a task: as read, as selected, and twice in float64."""
AHEAD = 4
"""Bytes of a whitened component that waits for the training."""
COPIES = 5
"""Bytes of an attribute of an image: all values, those of the splits, and a tenth in float64."""
MEMBER = 64
"""Bytes of an image otherwise: its cluster, its split, its checksum, and masks."""
SAMPLE = 10_000
"""Largest number of vectors, evenly spaced, on which the search for clusters starts."""
COMPONENTS = 256
"""Leading principal components at most in which vectors are compared with normal ones: as many as
the source has components, which bounds the memory and the time for wide vectors."""
CLUSTERED = 4000
"""Largest number of vectors that are clustered for this; the silhouette takes the square of it."""
COMPARED = 5 * 8
"""Bytes of a component of a compared vector: it, a normal one, both squared, and a copy."""
DISTANCE = 2 * 8
"""Bytes of a pair of clustered vectors."""
SAMPLED = 3 * 8
"""Bytes of a component of such a vector: as read, whitened, and a copy, in float64."""


def task_memory(rows: int, components: int, threads: int, *, process: int) -> Memory:
    """Memory of a worker in the structure stage.

    Parameters
    ----------
    rows, components
        Vectors of a chunk as they are read, and their components.
    threads
        Number of tasks that a worker runs at once.
    process
        Bytes of the worker's process before the work.
    """
    vectors = rows * components * (threads * AT_WORK + CHUNKS_PER_GRAPH * AHEAD)
    smaller = "encode with a smaller encode.chunk"
    return Memory(
        work="The structure",
        parts={"process": process, "vectors": vectors},
        remedies={smaller: vectors},
    )


def label_memory(images: int, attributes: int, components: int, *, process: int) -> Memory:
    """Memory of the driver in the structure stage: the labels of all vectors, and a sample.

    Parameters
    ----------
    images, attributes, components
        Numbers of them.
    process
        Bytes of the driver's process before the work.
    """
    labels = images * (attributes * COPIES + MEMBER)
    sample = min(images, SAMPLE) * components * SAMPLED
    compared = min(images, SAMPLE) * min(components, COMPONENTS) * COMPARED
    compared += min(images, CLUSTERED) ** 2 * DISTANCE
    return Memory(
        work="The structure",
        parts={"process": process, "labels": labels, "sample": sample + compared},
        remedies={"lower ingest.limit": labels, "lower train.z_dim": sample},
        in_driver=True,
    )
