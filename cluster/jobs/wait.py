"""Waits until the process of a job has ended."""

import time

from zpoints.cluster.jobs.record import Jobs, JobStatus
from zpoints.storage.errors import ZpointsError

POLL_SECONDS = 0.5


class WaitedError(ZpointsError):
    """The job had not ended within the time limit."""


def wait(root: str, id_: str, *, seconds: float) -> JobStatus:
    """Wait until the process of a job has ended, or seems lost.

    Parameters
    ----------
    root
        Where the store lies.
    id_
        The job.
    seconds
        How long at most.

    Raises
    ------
    StoreNotFoundError
        If there is no such job.
    WaitedError
        If it is not over in time.
    """
    jobs, limit = Jobs(root), time.monotonic() + seconds
    while not (found := jobs.status(id_)).over:
        if time.monotonic() > limit:
            raise WaitedError(
                f"Job {id_} is {found.state} after {seconds:,.0f} s of waiting"
                + (f" ({found.note}). " if found.note else ". ")
                + f"Wait again, with a longer --timeout, or look at zpoints logs {id_}."
            )
        time.sleep(POLL_SECONDS)
    return found
