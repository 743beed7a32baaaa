"""Workers as jobs of a batch system: Slurm, PBS or LSF."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
import dask_jobqueue
from distributed import Client
from distributed.core import Status
from distributed.security import Security

from zpoints.cluster.compute.placement import GPU, TASKS_PER_GPU
from zpoints.cluster.compute.security import shared_security
from zpoints.cluster.errors import ClusterError, cause_of
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.progress import Console, counted

SYSTEMS: dict[str, tuple[Any, str]] = {
    "slurm": (dask_jobqueue.SLURMCluster, "squeue"),
    "pbs": (dask_jobqueue.PBSCluster, "qstat"),
    "lsf": (dask_jobqueue.LSFCluster, "bjobs"),
}
"""The batch systems, each with the command that shows its queue."""
LOOPBACK = "127.0.0.1:0"


@contextmanager
def batch_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """A scheduler in this process and workers in jobs, all of which end with the block.

    Everything between them is TLS. What ``cluster.jobs`` leaves open comes from Dask's own
    ``jobqueue`` settings. Jobs that end early are submitted again.

    Raises
    ------
    ClusterError
        If the batch system is not there, or refuses the jobs.
    """
    submit, jobs = SYSTEMS[config.kind][0].job_cls.submit_command, config.workers or 1
    if shutil.which(submit) is None:
        raise ClusterError(
            f"There is no {submit} here: cluster.kind = {config.kind} starts workers with it. Run "
            "on a machine that submits jobs, or choose another --cluster."
        )
    folder = Path(config.jobs.folder).expanduser().absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    refusals: list[Exception] = []
    with (
        shared_security(config.tls, folder) as security,
        _described(config, folder, security, refusals) as made,
    ):
        made.scale(jobs=jobs)
        with suppress(TimeoutError):
            limit = config.worker_timeout
            made.sync(_submitted, made, jobs, refusals, callback_timeout=limit)
        if refusals:
            raise ClusterError(
                f"{submit} refused a job: {_said(refusals[0])}. See cluster.jobs, and "
                f"{SYSTEMS[config.kind][1]}."
            )
        made.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        console.line(f"{counted(jobs, 'job')} submitted to {config.kind}, and may have to queue.")
        with Client(made) as client:
            yield client


def _described(
    config: ClusterConfig, folder: Path, security: Security, refusals: list[Exception]
) -> Any:
    """A cluster of dask-jobqueue, without any job yet."""
    kind, jobs = SYSTEMS[config.kind][0], config.jobs
    site = dask.config.get(f"jobqueue.{config.kind}")
    if None in (jobs.cores or site["cores"], jobs.memory or site["memory"]):
        raise ClusterError(
            f"It is not known what a job of {config.kind} needs: set cluster.jobs.cores and "
            f"cluster.jobs.memory, or jobqueue.{config.kind} in Dask's own configuration."
        )
    told = _telling(kind.job_cls, refusals)
    try:
        return kind(job_cls=told, security=security, **_options(config, folder))
    except (RuntimeError, ValueError, OSError) as error:
        raise ClusterError(
            f"No jobs of {config.kind} can be described: {cause_of(error)}. See cluster.jobs, "
            f"cluster.tls, and jobqueue.{config.kind} in Dask's own configuration."
        ) from error


async def _submitted(cluster: Any, jobs: int, refusals: list[Exception]) -> None:
    """Wait until every job has its number, or one was refused."""
    while len(cluster.workers) < jobs and not refusals:
        await asyncio.sleep(0.05)


def _telling(job_class: Any, refusals: list[Exception]) -> Any:
    """A kind of job that tells when it is refused, and that it was closed."""

    class TellingJob(job_class):
        async def start(self) -> None:
            try:
                await super().start()
            except (RuntimeError, ValueError, OSError) as error:
                refusals.append(error)
                raise

        async def close(self) -> None:
            await super().close()
            # Dask asserts it, and dask-jobqueue 0.9 leaves it out.
            self.status = Status.closed

    return TellingJob


def _options(config: ClusterConfig, folder: Path) -> dict[str, Any]:
    """Arguments of dask-jobqueue: those that a user has set, and what keeps sockets closed."""
    jobs = config.jobs
    worker = ["--no-dashboard", "--dashboard-address", LOOPBACK]
    if jobs.gpu:
        worker += ["--resources", f"{GPU}={TASKS_PER_GPU}"]
    account = {"lsf": "project"}.get(config.kind, "account")
    section = dask.config.get(f"jobqueue.{config.kind}")
    asked = {
        "cores": jobs.cores,
        "memory": jobs.memory,
        "walltime": jobs.walltime,
        "queue": jobs.queue,
        account: jobs.account,
        "interface": jobs.interface,
        "job_extra_directives": [*section["job-extra-directives"], *jobs.directives],
        "job_script_prologue": [*section["job-script-prologue"], *jobs.prologue],
        "log_directory": section["log-directory"] or str(folder / "logs"),
    }
    return {
        **{name: value for name, value in asked.items() if value is not None},
        "processes": jobs.processes,
        "worker_extra_args": [*section["worker-extra-args"], *worker],
        "scheduler_options": {"dashboard_address": LOOPBACK, **section["scheduler-options"]},
        "silence_logs": False,
    }


def _said(error: Exception) -> str:
    """What the command wrote to its error output."""
    after = str(error).partition("stderr:")[2].strip() or str(error)
    return " ".join(after.splitlines()).rstrip(". ")
