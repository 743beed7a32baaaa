"""Waits until the process of a job has ended."""

import time

from zpoints.cluster.jobs.record import Jobs, JobStatus
from zpoints.storage.errors import ZpointsError

POLL_SECONDS = 0.5


class WaitedError(ZpointsError):
    """The job did not end within the time limit."""


def wait(root: str, id_: str, *, seconds: float) -> JobStatus:
    """Wait until the process of a job has ended or is lost.

    Parameters
    ----------
    root
        Root of the store.
    id_
        Id of the job.
    seconds
        Longest time to wait.

    Returns
    -------
    JobStatus
        The job after its end.

    Raises
    ------
    StoreNotFoundError
        If the store has no such job.
    DamagedRecordError
        If its record or its heartbeat is damaged.
    WaitedError
        If the process has not ended in time.
    """
    jobs, limit = Jobs(root), time.monotonic() + seconds
    while not (status := jobs.status(id_)).over:
        if time.monotonic() > limit:
            raise WaitedError(
                f"Job {id_} is {status.state} after {seconds:,.0f} s of waiting"
                + (f" ({status.note}). " if status.note else ". ")
                + f"Wait again with a longer --timeout, or read its log: zpoints logs {id_}."
            )
        time.sleep(POLL_SECONDS)
    return status
