"""Work whose workers are gone: what Dask says of it, and what a user is told."""

from concurrent.futures import CancelledError

from distributed.client import ClosedClientError, FutureCancelledError, FuturesCancelledError
from distributed.comm.core import CommClosedError
from distributed.scheduler import KilledWorker, NoValidWorkerError, NoWorkerError

from zpoints.cluster.errors import ClusterError

LOST_WORKERS = (
    KilledWorker,
    NoValidWorkerError,
    NoWorkerError,
    CancelledError,
    ClosedClientError,
    CommClosedError,
)
"""What Dask raises when tasks have no worker left to run on, or no scheduler."""


def lost(stage: str, error: Exception) -> ClusterError:
    """The error that tells a user why a stage stopped, and what helps."""
    if isinstance(error, KilledWorker):
        remedy = (
            "Workers died of the same piece of work again and again, most often for want of "
            "memory: give workers more (cluster.memory, cluster.jobs.memory), start fewer, or "
            "take smaller chunks."
        )
    else:
        remedy = "See that the cluster is up (its dashboard and logs, or the queue)."
    return ClusterError(
        f"{stage} lost its workers: {_reason(error)}. {remedy} What is committed stays; the same "
        "command goes on from there."
    )


def _reason(error: Exception) -> str:
    if isinstance(error, FuturesCancelledError) and (each := getattr(error, "errors", None)):
        return _reason(each[0])
    if isinstance(error, FutureCancelledError) and error.msg:
        return str(error.msg).split(". ")[0].rstrip(".")
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
