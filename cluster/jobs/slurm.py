"""Slurm's own commands: a job into its queue, out of it, and whether it knows one."""

import shutil
import subprocess
from collections.abc import Sequence

from zpoints.pipeline.config.cluster import JobsConfig
from zpoints.storage.errors import ZpointsError

SECONDS = 30.0
"""How long a command of Slurm may take."""
UNKNOWN = "Invalid job id"
SIGNAL_AT_THE_LIMIT = "--signal=B:TERM@60"
"""A job that reaches its time limit is asked to end 60 s before it is killed."""


class SlurmError(ZpointsError):
    """Slurm refused, or could not be asked."""


def driver_options(asked: JobsConfig) -> list[str]:
    """Options of ``sbatch`` for the driver: the workers' queue, account and time limit.

    ``cluster.jobs.driver`` comes after them, and prevails.
    """
    options = {"partition": asked.queue, "account": asked.account, "time": asked.walltime}
    given = [f"--{name}={value}" for name, value in options.items() if value is not None]
    return [SIGNAL_AT_THE_LIMIT, *given, *asked.driver]


def enqueue(lines: Sequence[str], *, name: str, output: str, options: Sequence[str]) -> str:
    """Queue shell commands as a batch job that starts in this folder; returns its number.

    Parameters
    ----------
    lines
        What the job's shell does; the last line takes its place, so that signals reach it.
    name, output
        Name of the job, and the file on its node that takes what it prints.
    options
        Further options of ``sbatch``.

    Raises
    ------
    SlurmError
        If Slurm refuses.
    """
    fixed = ["--parsable", "--no-requeue", f"--job-name={name}", f"--output={output}"]
    script = "\n".join([*lines[:-1], f"exec {lines[-1]}"])
    done = _slurm("sbatch", *fixed, *options, f"--wrap={script}")
    if done.returncode:
        raise SlurmError(f"Slurm does not take the job: {done.stderr.strip()}")
    return done.stdout.strip().partition(";")[0]


def dequeue(number: str) -> None:
    """Take a job out of the queue or end it.

    Raises
    ------
    SlurmError
        If Slurm cannot be reached.
    """
    done = _slurm("scancel", number)
    if done.returncode and UNKNOWN not in done.stderr:
        raise SlurmError(f"Slurm does not cancel its job {number}: {done.stderr.strip()}")


def in_queue(number: str) -> bool:
    """Whether Slurm has this job, waiting or at work; True where nobody can be asked."""
    if shutil.which("squeue") is None:
        return True
    try:
        done = _slurm("squeue", "--noheader", f"--jobs={number}", "--format=%T")
    except SlurmError:
        return True
    if done.returncode:
        return UNKNOWN not in done.stderr
    return bool(done.stdout.strip())


def _slurm(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except FileNotFoundError as error:
        raise SlurmError(
            f"{command[0]} is not installed here. Submit on a machine of the cluster, or set "
            "cluster.kind=local."
        ) from error
    except subprocess.TimeoutExpired as error:
        raise SlurmError(
            f"{command[0]} has not answered for {SECONDS:.0f} s. See that Slurm's controller "
            "runs (scontrol ping), then try again."
        ) from error
