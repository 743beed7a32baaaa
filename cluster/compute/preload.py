"""Preload module for nannies: a worker that dies is replaced at once.

Start workers with ``dask worker --preload-nanny zpoints.cluster.compute.preload``. Each is then a
fork of a process that has loaded the libraries already.
"""

import multiprocessing

import dask
from distributed.utils import get_mp_context

LIBRARIES = ("distributed", "zpoints.pipeline.encode.stage")
"""Torch and all else that tasks load; the one thread that they start is an allocator's."""

dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
get_mp_context()  # sets a list of its own, the first time only
multiprocessing.set_forkserver_preload(list(LIBRARIES))
