"""Cancels a job so that it publishes nothing more."""

import time

from zpoints.cluster.jobs.record import ENDED, Jobs, JobStatus
from zpoints.cluster.jobs.slurm import SlurmError, dequeue
from zpoints.storage import open_repository
from zpoints.storage.errors import ZpointsError

PUBLISHING_SECONDS = 30.0
"""How long a cancellation waits for a publication to end before it fences the store."""
PUBLISHING_POLL_SECONDS = 0.1
"""Short, because the time between two publications may be short."""


class JobEndedError(ZpointsError):
    """The job has already ended."""


class StillQueuedError(ZpointsError):
    """The job is cancelled, but its Slurm job could not be removed from the queue."""


def cancel(root: str, id_: str) -> JobStatus:
    """Cancel a job; once this returns, the job publishes nothing more.

    A job publishes between two conditional writes of its record, to ``publishing`` and back. The
    write of ``cancelled`` precedes the first of them, which then fails, or it waits for the second.
    If the second does not come, a fence on the store makes the publication fail.

    Parameters
    ----------
    root
        Root of the store.
    id_
        Id of the job.

    Returns
    -------
    JobStatus
        The cancelled job; its process may still be ending.

    Raises
    ------
    StoreNotFoundError
        If the store has no such job.
    DamagedRecordError
        If its record or its heartbeat is damaged.
    JobEndedError
        If the job is done or has failed.
    StillQueuedError
        If the job is cancelled, but its batch job may still be queued: Slurm did not remove it, or
        does not know it.
    """
    jobs, patience = Jobs(root), time.monotonic() + PUBLISHING_SECONDS
    while True:
        job = jobs.read(id_)
        if job.state in ENDED:
            break
        if job.state == "publishing":
            if time.monotonic() < patience and jobs.status(id_).state != "lost":
                time.sleep(PUBLISHING_POLL_SECONDS)
                continue
            open_repository(root).fence(f"job {id_} cancelled while it published")
        # The record was read before the fence, so a later publication has changed it.
        if jobs.swap(job, state="cancelled", reason="on request"):
            break
    return _cancelled(jobs, id_)


def _cancelled(jobs: Jobs, id_: str) -> JobStatus:
    status = jobs.status(id_)
    if status.state != "cancelled":
        raise JobEndedError(
            f"Job {id_} cannot be cancelled: it is {status.state}"
            + (f" ({status.note})." if status.note else ".")
        )
    batch = status.job.batch_job
    if batch is None or status.job.pid is not None:
        return status
    try:
        dequeue(batch)
    except SlurmError as error:
        raise StillQueuedError(
            f"Slurm job {batch} may still be queued; it would end as soon as it starts. Remove it "
            f"with scancel {batch.number} on a machine of the cluster. {error}"
        ) from error
    return jobs.status(id_)
