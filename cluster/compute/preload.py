"""Preloads libraries in nannies, so that a worker that dies is replaced at once.

Start workers with ``dask worker --preload-nanny zpoints.cluster.compute.preload``. Each worker is
then forked from a process that has already loaded the libraries.
"""

import multiprocessing

import dask
from distributed.utils import get_mp_context

LIBRARIES = ("distributed", "zpoints.pipeline.encode.stage")
"""Modules that load torch and everything else that tasks use. The only thread that they start is an
allocator's."""

dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
get_mp_context()  # its first call sets a preload list, which would replace ours
multiprocessing.set_forkserver_preload(list(LIBRARIES))
