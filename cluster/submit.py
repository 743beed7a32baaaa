"""A run as a job: a process of its own on this machine, or a batch job of Slurm."""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from cluster.jobs import Job, Jobs, new_id
from cluster.known_roots import remember
from cluster.slurm import SlurmError, driver_options, enqueue
from pipeline.cluster_config import JobsConfig
from pipeline.config import STAGES, ConfigError, RunConfig
from storage import open_repository

# -P: a folder named storage, pipeline or cluster where the job starts is not the package.
DRIVER = (sys.executable, "-P", "-m", "cluster.driver")


def submit(config: RunConfig, root: str, *, title: str, until: str = STAGES[-1]) -> Job:
    """Start a run that goes on when this process ends.

    Parameters
    ----------
    config
        What to compute; ``cluster.kind`` decides where the driver runs: ``slurm`` in an
        allocation of its own, all else in a process on this machine.
    root
        Where the store lies; created when absent.
    title
        Heading of the report.
    until
        Last stage to run.

    Raises
    ------
    ConfigError
        If the configuration names no photographs.
    SlurmError
        If Slurm does not take the job.
    """
    if config.ingest.source is None:
        raise ConfigError(
            "ingest.source is not set: a job needs the folder of the photographs, e.g. "
            "--set ingest.source=CelebA."
        )
    root = open_repository(root).root  # the record lies in it
    remember(root)
    id_ = new_id()
    batch = config.cluster.kind == "slurm"
    output = (_shared_logs(config) if batch else Path(tempfile.gettempdir())) / f"zpoints-{id_}.log"
    job = Job(
        id=id_,
        title=title,
        until=until,
        config=config.model_dump(mode="json"),
        folder=os.getcwd(),
        submitted=time.time(),
        output=str(output),
    )
    Jobs(root).add(job)
    if batch:
        _start_in_allocation(config.cluster.jobs, root, job)
    else:
        _start_here(root, job, output)
    return job


def _shared_logs(config: RunConfig) -> Path:
    """The folder of all nodes for what batch jobs print."""
    logs = Path(config.cluster.jobs.folder).expanduser().absolute() / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    return logs


def _start_here(root: str, job: Job, output: Path) -> None:
    """A process in a session of its own, which a closing terminal does not reach."""
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
        driver = subprocess.Popen(
            [*DRIVER, root, job.id],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Until the driver does so itself; a driver that cannot even start is seen to be gone.
    born = psutil.Process(driver.pid).create_time()
    Jobs(root).change(job.id, ("queued",), pid=driver.pid, born=born)


def _start_in_allocation(asked: JobsConfig, root: str, job: Job) -> None:
    try:
        number = enqueue(
            [*asked.prologue, shlex.join([*DRIVER, root, job.id])],
            name=f"zpoints-{job.title}",
            output=job.output,
            options=driver_options(asked),
        )
    except SlurmError as error:
        Jobs(root).change(job.id, ("queued",), state="failed", reason=str(error), ended=time.time())
        raise
    Jobs(root).change(job.id, ("queued", "running"), batch=number)
