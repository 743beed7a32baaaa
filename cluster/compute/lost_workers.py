"""Starts a stage again whose workers died, and explains Dask's errors about lost workers."""

from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TypeVar

from distributed.client import ClosedClientError, FutureCancelledError, FuturesCancelledError
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.progress import Console

R = TypeVar("R")

ATTEMPTS = 3
"""How often a stage starts if its workers die. Dask drops a task once four workers have died while
running it, which may be bad luck on machines that fail often."""

LOST_WORKERS = (
    KilledWorker,
    NoValidWorkerError,
    NoWorkerError,
    CancelledError,
    ClosedClientError,
    CommClosedError,
)
"""Errors that Dask raises when tasks have no worker left to run on, or no scheduler."""


def despite_lost_workers(stage: str, work: Callable[[], R], console: Console) -> R:
    """The result of a stage's work, which starts again if its workers die.

    Parameters
    ----------
    stage
        Name of the stage, for the console.
    work
        Computes the stage; continues from the last commit when it is called again.
    console
        Shows when the work starts again.

    Raises
    ------
    KilledWorker
        If workers died at the last attempt, too.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(KilledWorker):
            return work()
        console.line(f"{stage}: workers died; continuing from the last commit.")
    return work()


def lost_workers_error(stage: str, error: Exception) -> ClusterError:
    """The error that explains why a stage stopped and what the user can do."""
    if isinstance(error, KilledWorker):
        remedy = (
            "Workers died repeatedly while running the same task, most often because memory ran "
            "out: give workers more (cluster.memory, cluster.jobs.memory), start fewer, or choose "
            "smaller chunks."
        )
    else:
        remedy = "Check that the cluster is running (its dashboard and logs, or the queue)."
    return ClusterError(
        f"{stage} lost its workers: {_reason(error)}. {remedy} Committed work is kept; the same "
        "command continues from there."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, FuturesCancelledError) and (each := getattr(error, "errors", None)):
        return _reason(each[0])
    if isinstance(error, FutureCancelledError) and error.msg:
        return str(error.msg).split(". ")[0].rstrip(".")
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
