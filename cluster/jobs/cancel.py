"""The end of a job: cancelled so that it publishes nothing more, or waited for."""

import time

from zpoints.cluster.jobs.record import ENDED, Jobs, JobStatus
from zpoints.cluster.jobs.slurm import SlurmError, dequeue
from zpoints.storage import open_repository
from zpoints.storage.errors import ZpointsError

PUBLISHING_SECONDS = 30.0
"""How long a publication may take that a cancellation has met."""
PUBLISHING_POLL_SECONDS = 0.1
"""The moments between two publications may be short."""


class JobEndedError(ZpointsError):
    """The job is over already."""


class StillQueuedError(ZpointsError):
    """The job is cancelled, but Slurm could not be told so."""


def cancel(root: str, id_: str) -> JobStatus:
    """Cancel a job; when this returns, it publishes nothing more.

    A job publishes between two conditional writes of its record, to ``publishing`` and back. The
    write of ``cancelled`` comes before the first of them, which then fails, or waits for the
    second. Where that does not come, a fence on the store makes the publication fail.

    Parameters
    ----------
    root
        Where the store lies.
    id_
        The job.

    Raises
    ------
    StoreNotFoundError
        If there is no such job.
    JobEndedError
        If it is done, or has failed.
    StillQueuedError
        If it is cancelled, and its batch job still waits.
    """
    jobs, patience = Jobs(root), time.monotonic() + PUBLISHING_SECONDS
    while True:
        job, tag = jobs.read(id_)
        if job.state in ENDED:
            break
        if job.state == "publishing":
            if time.monotonic() < patience and jobs.status(id_).state != "lost":
                time.sleep(PUBLISHING_POLL_SECONDS)
                continue
            open_repository(root).fence(f"job {id_} cancelled while it published")
        # On the tag from before the fence: a later publication is another one.
        if jobs.swap(job, tag, state="cancelled", reason="on request"):
            break
    return _cancelled(jobs, id_)


def _cancelled(jobs: Jobs, id_: str) -> JobStatus:
    found = jobs.status(id_)
    if found.state != "cancelled":
        raise JobEndedError(
            f"Job {id_} cannot be cancelled: it is {found.state}"
            + (f" ({found.note})." if found.note else ".")
        )
    batch = found.job.batch
    if batch is None or found.job.pid is not None:
        return found
    try:
        dequeue(batch)
    except SlurmError as error:
        raise StillQueuedError(
            f"Slurm's job {batch} may still wait in its queue, and would end as soon as it begins; "
            f"remove it with scancel {batch} on a machine of the cluster. {error}"
        ) from error
    return jobs.status(id_)
