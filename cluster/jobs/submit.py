"""Submits a run as a job: a process on this machine or a worker's, or a Slurm job."""

import json
import os
import shlex
import time
from collections.abc import Callable
from typing import Any

from zpoints.cluster.jobs.job import Job, output_file
from zpoints.cluster.jobs.known_roots import remember
from zpoints.cluster.jobs.launch import DRIVER, launch
from zpoints.cluster.jobs.record import ALIVE, Jobs
from zpoints.cluster.jobs.slurm import driver_options, enqueue
from zpoints.cluster.run_ids import new_id
from zpoints.pipeline.config.run import RunConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.stage_order import STAGES
from zpoints.storage import open_repository
from zpoints.storage.backend.local_path import local_path
from zpoints.storage.errors import PathError, ZpointsError
from zpoints.storage.text import one_line

Start = Callable[[str, Job], dict[str, Any]]
"""Starts the driver of a job, given the root; returns fields of the job's record."""


def check_source(config: RunConfig) -> None:
    """Refuse a configuration without photographs or vectors, before it fails unattended.

    Raises
    ------
    ConfigError
        If the configuration names none.
    """
    if config.ingest.source is None and config.ingest.vectors is None:
        raise ConfigError(
            "ingest.source is not set, nor is ingest.vectors; a job needs photographs or vectors. "
            "Set one, e.g. --set ingest.source=CelebA."
        )


def submit(config: RunConfig, root: str, *, title: str, until: str = STAGES[-1]) -> Job:
    """Start a run that continues when this process ends.

    Parameters
    ----------
    config
        The whole configuration. ``cluster.kind`` decides where the driver runs: for ``address`` on
        the machine of a worker, for ``slurm`` in its own allocation, otherwise on this machine.
    root
        Root of the store, which is created if it does not exist.
    title
        Heading of the report.
    until
        Last stage to run, one of ``zpoints.pipeline.stage_order.STAGES``.

    Returns
    -------
    Job
        The submitted job.

    Raises
    ------
    ConfigError
        If the configuration names neither photographs nor vectors, or no scheduler where one is
        needed.
    PathError
        If a path in the configuration, or the working folder, is not UTF-8.
    SlurmError
        If Slurm refuses the job.
    ClusterError
        If the existing cluster cannot be reached, has no worker, or its worker cannot launch the
        driver; or if the driver would reach the scheduler without TLS.
    """
    check_source(config)
    if config.cluster.kind == "address":
        from zpoints.cluster.compute.security import check_plain
        from zpoints.cluster.jobs.launch_on_worker import driver_host  # Dask takes seconds to load

        with driver_host(config) as host:
            seen_by_worker = host.config.cluster  # the client's own address may be a tunnel's
            check_plain(str(seen_by_worker.address), allowed=seen_by_worker.plain)
            return _record_and_start(host.config, root, title, until, host.start)
    start = _start_in_allocation if config.cluster.kind == "slurm" else _start_here
    return _record_and_start(config, root, title, until, start)


def _record_and_start(config: RunConfig, root: str, title: str, until: str, start: Start) -> Job:
    _check_text(config, title)
    root = open_repository(root).root
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
    except (ZpointsError, OSError) as error:
        ended = {"state": "failed", "reason": str(error), "ended": time.time()}
        if jobs.change(job.id, ("queued",), **ended):
            raise
        return job  # only the launcher's response was lost: the driver has taken the job
    # The driver records the same facts; if it cannot start, they show that it is gone.
    jobs.change(job.id, ("queued", *ALIVE), **facts)
    return job


def _check_text(config: RunConfig, title: str) -> None:
    """Refuse paths whose names are not UTF-8: a record, which is JSON, cannot hold them."""
    text = json.dumps([os.getcwd(), title, config.model_dump(mode="json")], ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place = text[max(0, error.start - 40) : error.end]
        raise PathError(
            f"A job cannot be recorded with a path that is not UTF-8: ...{place!r}. Rename the "
            "folder, or name a link to it."
        ) from None


def _start_here(root: str, job: Job) -> dict[str, Any]:
    return launch(root, job.id, job.folder)


def _start_in_allocation(root: str, job: Job) -> dict[str, Any]:
    """Queue a batch job whose shell the driver replaces, in this folder."""
    settings = RunConfig.model_validate(job.config).cluster.jobs
    logs = local_path(settings.folder).absolute() / "logs"  # shared by all nodes
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    output = output_file(str(logs), job.id)
    batch = enqueue(
        [*settings.prologue, shlex.join([*DRIVER, root, job.id, output])],
        name=one_line(f"zpoints-{job.title}"),
        output=output,
        options=driver_options(settings),
    )
    return {"batch": batch.number, "batch_cluster": batch.cluster, "output": output}
