"""Loaded by nannies (``dask worker --preload-nanny cluster.forked``): a worker that dies is back at
once, as a fork of a process that has loaded the libraries."""

import multiprocessing

import dask
from distributed.utils import get_mp_context

LIBRARIES = ("distributed", "pipeline.encode.stage")
"""Torch and all else that tasks load; the one thread that they start is an allocator's."""

dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
get_mp_context()  # sets a list of its own, the first time only
multiprocessing.set_forkserver_preload(list(LIBRARIES))
