"""Starts workers as jobs of a batch system: Slurm, PBS or LSF."""

import asyncio
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
import dask_jobqueue
from distributed import Client
from distributed.core import Status
from distributed.security import Security

from zpoints.cluster.batch_job import BatchJob, command_environment, excerpt
from zpoints.cluster.compute.gpu import GPU, TASKS_PER_GPU
from zpoints.cluster.compute.local import DASHBOARD_ADDRESS
from zpoints.cluster.compute.security import shared_folder_security
from zpoints.cluster.errors import ClusterError, root_cause
from zpoints.pipeline.config.cluster import ClusterConfig
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.progress import Console, counted
from zpoints.storage.backend.local_path import local_path

SYSTEMS: dict[str, tuple[Any, str]] = {
    "slurm": (dask_jobqueue.SLURMCluster, "squeue"),
    "pbs": (dask_jobqueue.PBSCluster, "qstat"),
    "lsf": (dask_jobqueue.LSFCluster, "bjobs"),
}
"""Cluster class of each batch system, and the command that lists its queue."""
UNQUOTED = re.compile(r"[\s\x00-\x1f\x7f-\x9f'\"`$%&;|<>()*?\[\]{}!#\\]")
"""Characters that dask-jobqueue does not quote in a job script."""
SUBMIT_OPTIONS = {"slurm": " --parsable"}
"""Options with which a submit command prints the number on a line of its own."""


@contextmanager
def batch_cluster(config: ClusterConfig, console: Console) -> Iterator[Client]:
    """Run a scheduler in this process and its workers in jobs; all of them end with the block.

    All connections use TLS. Dask's own ``jobqueue`` settings apply where ``cluster.jobs`` is null.
    Jobs that end early are submitted again.

    Raises
    ------
    ClusterError
        If the batch system's commands are not installed, or it refuses the jobs.
    ConfigError
        If job scripts cannot hold the path of `cluster.jobs.folder`.
    """
    submit, jobs = SYSTEMS[config.kind][0].job_cls.submit_command, config.workers or 1
    if shutil.which(submit) is None:
        raise ClusterError(
            f"Command {submit} not found; cluster.kind = {config.kind} starts workers with it. Run "
            "zpoints on a machine that can submit jobs, or choose another --cluster."
        )
    folder = local_path(config.jobs.folder).absolute()
    if UNQUOTED.search(str(folder)):
        raise ConfigError(
            f"cluster.jobs.folder = {str(folder)!r} has a character that job scripts cannot hold; "
            "expected a path without spaces, quotes and other characters that a shell replaces."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    refusals: list[Exception] = []
    with (
        shared_folder_security(config.tls, folder) as security,
        _cluster_without_jobs(config, folder, security, refusals) as cluster,
    ):
        cluster.scale(jobs=jobs)
        with suppress(TimeoutError):
            limit = config.worker_timeout
            cluster.sync(_submitted, cluster, jobs, refusals, callback_timeout=limit)
        if refusals:
            raise ClusterError(
                f"{submit} refused a job: {str(refusals[0]).rstrip('. ')}. See cluster.jobs, and "
                f"{SYSTEMS[config.kind][1]}."
            )
        cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)
        console.line(f"{counted(jobs, 'job')} submitted to {config.kind}; they may have to queue.")
        with Client(cluster) as client:
            yield client


def _cluster_without_jobs(
    config: ClusterConfig, folder: Path, security: Security, refusals: list[Exception]
) -> Any:
    """A dask-jobqueue cluster that has not submitted any job yet."""
    kind, jobs = SYSTEMS[config.kind][0], config.jobs
    site = dask.config.get(f"jobqueue.{config.kind}")
    if None in (jobs.cores or site["cores"], jobs.memory or site["memory"]):
        raise ClusterError(
            f"Cores and memory of a {config.kind} job are not set. Set cluster.jobs.cores and "
            f"cluster.jobs.memory, or jobqueue.{config.kind} in Dask's own configuration."
        )
    job_class = _checked(config.kind, refusals)
    try:
        return kind(job_cls=job_class, security=security, **_options(config, folder))
    except (RuntimeError, ValueError, OSError) as error:
        raise ClusterError(
            f"The settings of the {config.kind} jobs are invalid: {root_cause(error)}. See "
            f"cluster.jobs, cluster.tls, and jobqueue.{config.kind} in Dask's own configuration."
        ) from error


async def _submitted(cluster: Any, jobs: int, refusals: list[Exception]) -> None:
    """Wait until every job has its number, or one was refused."""
    while len(cluster.workers) < jobs and not refusals:
        await asyncio.sleep(0.05)


def _checked(kind: str, refusals: list[Exception]) -> Any:
    """Job class that finds its own number only, and records failed submissions and its closing.

    dask-jobqueue takes the first digits in the output of a submit command for the number, which may
    be those of a site's greeting; it would then cancel a stranger's job.
    """
    job_class: Any = SYSTEMS[kind][0].job_cls

    class CheckedJob(job_class):
        submit_command = f"{job_class.submit_command}{SUBMIT_OPTIONS.get(kind, '')}"

        async def start(self) -> None:
            try:
                await super().start()
            except (RuntimeError, ValueError, OSError) as error:
                refusals.append(error)
                raise

        async def close(self) -> None:
            await super().close()
            # Dask asserts this status; dask-jobqueue 0.9 does not set it.
            self.status = Status.closed

        def _job_id_from_submit_output(self, output: str) -> str:
            job = BatchJob.submitted(kind, output)
            if job is None:
                raise ValueError(f"it printed no job number, but: {excerpt(output)}")
            if job.cluster is not None:
                self.cancel_command += f" --clusters={job.cluster}"
            return job.number

        @staticmethod
        async def _call(command: Sequence[str], *, shell: bool = False) -> str:
            """Output of a command, whatever its encoding; dask-jobqueue's expects UTF-8."""
            create = asyncio.create_subprocess_shell if shell else asyncio.create_subprocess_exec
            pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE}
            process = await create(*command, env=command_environment(), **pipes)  # type: ignore[arg-type]
            texts = [part.decode(errors="replace") for part in await process.communicate()]
            if process.returncode:
                raise RuntimeError(excerpt(*reversed(texts)))
            return texts[0]

    return CheckedJob


def _options(config: ClusterConfig, folder: Path) -> dict[str, Any]:
    """Arguments of dask-jobqueue: the user's settings, and dashboards on the loopback only."""
    jobs = config.jobs
    worker = ["--no-dashboard", "--dashboard-address", DASHBOARD_ADDRESS]
    if jobs.gpu:
        worker += ["--resources", f"{GPU}={TASKS_PER_GPU}"]
    account = {"lsf": "project"}.get(config.kind, "account")
    section = dask.config.get(f"jobqueue.{config.kind}")
    requested = {
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
        **{name: value for name, value in requested.items() if value is not None},
        "processes": jobs.processes,
        "worker_extra_args": [*section["worker-extra-args"], *worker],
        "scheduler_options": {
            "dashboard_address": DASHBOARD_ADDRESS,
            **section["scheduler-options"],
        },
        "silence_logs": False,
    }
