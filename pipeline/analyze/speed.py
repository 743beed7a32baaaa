"""Speed of the analysis, measured on some random vectors."""

import time

import dask
import numpy as np

from zpoints.pipeline.analyze.passes import summarize

VALUES = 2**20
"""Values of the measured vectors, about."""
MOST = 8192
"""Largest number of measured vectors."""


def seconds_per_vector(components: int) -> float:
    """Seconds that the first pass of an analysis takes for a vector on this machine, on one core.

    Parameters
    ----------
    components
        Number of components of a vector.
    """
    rows = max(2, min(MOST, VALUES // components))
    z = np.random.default_rng(0).normal(size=(rows, components)).astype(np.float32)
    with dask.config.set(scheduler="synchronous"):
        summarize(z[:2])  # compiles the kernels
        start = time.perf_counter()
        summarize(z)
    return (time.perf_counter() - start) / rows
