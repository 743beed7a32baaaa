"""Lets Dask fork worker processes from one that has loaded the libraries.

A process that is not forked spends 3 to 5 s of processor time on loading them. The local cluster
forks its workers. On another cluster, start workers with ``dask worker --preload-nanny
zpoints.cluster.compute.preload``.
"""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

import dask
from distributed import Nanny
from distributed.utils import get_mp_context

FORKED = {"distributed.worker.multiprocessing-method": "forkserver"}
"""Dask's setting that makes nannies fork their workers."""

LIBRARIES = (
    "distributed",
    "zpoints.pipeline.encode.stage",
    "zpoints.cluster.frozen_objects",
)
"""Modules that load torch and everything else that tasks use; the last one must stay the last. The
only thread that they start is an allocator's."""


def dask_setup(nanny: Nanny) -> None:
    """Dask calls this in a nanny before its worker starts."""
    dask.config.set(FORKED)
    _preload_libraries()


@contextmanager
def forked_workers() -> Iterator[None]:
    """Context in which nannies of this process fork their workers, replacements included."""
    with dask.config.set(FORKED):
        _preload_libraries()
        yield


def _preload_libraries() -> None:
    get_mp_context()  # its first call sets a preload list, which would replace ours
    multiprocessing.set_forkserver_preload(list(LIBRARIES))
