"""Queues, cancels and finds batch jobs by Slurm's commands."""

import shutil
import subprocess
from collections.abc import Sequence

from zpoints.pipeline.config.cluster import JobsConfig
from zpoints.storage.errors import ZpointsError

COMMAND_SECONDS = 30.0
"""Time limit of a Slurm command."""
UNKNOWN_JOB = "Invalid job id"
SIGNAL_AT_TIME_LIMIT = "--signal=B:TERM@60"
"""Slurm sends SIGTERM 60 s before it kills a job at its time limit."""


class SlurmError(ZpointsError):
    """Slurm refused a request, or did not answer."""


def driver_options(jobs: JobsConfig) -> list[str]:
    """Options of ``sbatch`` for the driver: the workers' queue, account and time limit.

    Options in ``cluster.jobs.driver`` come last, and override them.
    """
    options = {"partition": jobs.queue, "account": jobs.account, "time": jobs.walltime}
    given = [f"--{name}={value}" for name, value in options.items() if value is not None]
    return [SIGNAL_AT_TIME_LIMIT, *given, *jobs.driver]


def enqueue(lines: Sequence[str], *, name: str, output: str, options: Sequence[str]) -> str:
    """Queue shell commands as a batch job that starts in this folder.

    Parameters
    ----------
    lines
        Shell commands. The last one replaces the shell, so that signals reach it.
    name
        Name of the job.
    output
        File on the job's node for its output.
    options
        Further options of ``sbatch``.

    Returns
    -------
    str
        Number of the job.

    Raises
    ------
    SlurmError
        If Slurm refuses the job.
    """
    fixed = ["--parsable", "--no-requeue", f"--job-name={name}", f"--output={output}"]
    script = "\n".join([*lines[:-1], f"exec {lines[-1]}"])
    done = _slurm("sbatch", *fixed, *options, f"--wrap={script}")
    if done.returncode:
        raise SlurmError(f"Slurm refused the job: {done.stderr.strip()}")
    return done.stdout.strip().partition(";")[0]


def dequeue(number: str) -> None:
    """Cancel a batch job, queued or running; an unknown job is no error.

    Raises
    ------
    SlurmError
        If Slurm does not answer, or refuses.
    """
    done = _slurm("scancel", number)
    if done.returncode and UNKNOWN_JOB not in done.stderr:
        raise SlurmError(f"Slurm did not cancel job {number}: {done.stderr.strip()}")


def in_queue(number: str) -> bool:
    """Whether Slurm has this job, queued or running; True if Slurm does not answer."""
    if shutil.which("squeue") is None:
        return True
    try:
        done = _slurm("squeue", "--noheader", f"--jobs={number}", "--format=%T")
    except SlurmError:
        return True
    if done.returncode:
        return UNKNOWN_JOB not in done.stderr
    return bool(done.stdout.strip())


def _slurm(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise SlurmError(
            f"Command {command[0]} not found. Submit on a machine of the cluster, or set "
            "cluster.kind=local."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SlurmError(
            f"{command[0]} did not answer within {COMMAND_SECONDS:.0f} s. Check that Slurm's "
            "controller is running (scontrol ping), then try again."
        ) from error
