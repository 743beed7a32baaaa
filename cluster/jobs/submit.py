"""A run as a job: a process on this machine or a worker's, or a batch job of Slurm."""

import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zpoints.cluster.errors import ClusterError
from zpoints.cluster.jobs.known_roots import remember
from zpoints.cluster.jobs.launch import DRIVER, launch
from zpoints.cluster.jobs.record import ALIVE, Job, Jobs, new_id
from zpoints.cluster.jobs.slurm import SlurmError, driver_options, enqueue
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.order import STAGES
from zpoints.storage import open_repository

Start = Callable[[str, Job], dict[str, Any]]
"""Starts the driver of a job of a root; returns what the record then says of it."""


def check_source(config: RunConfig) -> None:
    """Refuse what could only fail, when nobody looks on.

    Raises
    ------
    ConfigError
        If the configuration names no photographs.
    """
    if config.ingest.source is None:
        raise ConfigError(
            "ingest.source is not set: a job needs the folder of the photographs, e.g. "
            "--set ingest.source=CelebA."
        )


def submit(config: RunConfig, root: str, *, title: str, until: str = STAGES[-1]) -> Job:
    """Start a run that goes on when this process ends.

    Parameters
    ----------
    config
        What to compute; ``cluster.kind`` decides where the driver runs: ``address`` on the machine
        of one of the workers, ``slurm`` in an allocation of its own, all else on this machine.
    root
        Where the store lies; created when absent.
    title
        Heading of the report.
    until
        Last stage to run.

    Raises
    ------
    ConfigError
        If the configuration names no photographs, or no scheduler where one is needed.
    SlurmError
        If Slurm does not take the job.
    ClusterError
        If the running cluster cannot be reached, has no worker, or its worker fails; or if the
        driver would reach the scheduler, by the address that workers have of it, without TLS.
    """
    check_source(config)
    if config.cluster.kind == "address":
        from zpoints.cluster.compute.security import check_plain
        from zpoints.cluster.jobs.launch_on_worker import driver_host  # Dask takes seconds to load

        with driver_host(config) as host:
            place = host.config.cluster  # the client's address may have been a tunnel's
            check_plain(str(place.address), allowed=place.plain)
            return _started(host.config, root, title, until, host.start)
    start = _start_in_allocation if config.cluster.kind == "slurm" else _start_here
    return _started(config, root, title, until, start)


def _started(config: RunConfig, root: str, title: str, until: str, start: Start) -> Job:
    root = open_repository(root).root  # the record lies in it
    remember(root)
    job = Job(
        id=new_id(),
        title=title,
        until=until,
        config=config.model_dump(mode="json"),
        folder=os.getcwd(),
        submitted=time.time(),
    )
    jobs = Jobs(root)
    jobs.add(job)
    try:
        facts = start(root, job)
    except (SlurmError, ClusterError, OSError) as error:
        ended = {"state": "failed", "reason": str(error), "ended": time.time()}
        if jobs.change(job.id, ("queued",), **ended):
            raise
        return job  # the launcher fell silent after all was done: the driver is at work
    # The driver says the same, if it can start; one that cannot is seen to be gone.
    jobs.change(job.id, ("queued", *ALIVE), **facts)
    return job


def _start_here(root: str, job: Job) -> dict[str, Any]:
    return launch(root, job.id, job.folder)


def _start_in_allocation(root: str, job: Job) -> dict[str, Any]:
    """A batch job in whose shell's place the driver works, in this folder."""
    asked = RunConfig.model_validate(job.config).cluster.jobs
    logs = Path(asked.folder).expanduser().absolute() / "logs"  # a folder of all nodes
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    output = str(logs / f"zpoints-{job.id}.log")
    number = enqueue(
        [*asked.prologue, shlex.join([*DRIVER, root, job.id, output])],
        name=f"zpoints-{job.title}",
        output=output,
        options=driver_options(asked),
    )
    return {"batch": number, "output": output}
