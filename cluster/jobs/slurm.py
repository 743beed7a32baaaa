"""Queues, cancels and finds batch jobs by Slurm's commands."""

import shutil
import subprocess
from collections.abc import Sequence

from zpoints.cluster.batch_job import BatchJob, command_environment, excerpt
from zpoints.pipeline.config.cluster import JobsConfig
from zpoints.storage.errors import ZpointsError

COMMAND_SECONDS = 30.0
"""Time limit of a Slurm command."""
UNKNOWN_JOB = "Invalid job id"
ENDED_JOB = "already completing or completed"
STATE = "state="
"""Begins the lines that squeue prints about jobs; other lines are a site's messages."""
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


def enqueue(lines: Sequence[str], *, name: str, output: str, options: Sequence[str]) -> BatchJob:
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
    BatchJob
        Number and cluster of the job.

    Raises
    ------
    SlurmError
        If Slurm refuses the job, or does not give its number.
    """
    fixed = ["--parsable", "--no-requeue", f"--job-name={name}", f"--output={_literal(output)}"]
    script = "\n".join([*lines[:-1], f"exec {lines[-1]}"])
    done = _slurm("sbatch", *fixed, *options, f"--wrap={script}")
    if done.returncode:
        raise SlurmError(f"Slurm refused the job: {excerpt(done.stderr, done.stdout)}")
    job = BatchJob.submitted("slurm", done.stdout)
    if job is None:
        raise SlurmError(
            "sbatch gave no number of the job; expected a line NUMBER or NUMBER;CLUSTER, got: "
            f"{excerpt(done.stdout, done.stderr)}. If squeue --me lists a job {name}, remove it "
            "with scancel; it would end as soon as it starts."
        )
    return job


def _literal(path: str) -> str:
    """A path as the name of an output file, in which Slurm would replace patterns such as %j."""
    return path.replace("%", "%%")


def dequeue(job: BatchJob) -> None:
    """Cancel a batch job, queued or running; a job that has ended raises no error.

    Raises
    ------
    SlurmError
        If Slurm does not answer, refuses, or does not know the job.
    """
    known = _asked(job)
    # Without --verbose, scancel does not mention that it knows no such job.
    done = _slurm("scancel", "--verbose", *_of_cluster(job), "--", job.number)
    if UNKNOWN_JOB in done.stderr or (known is not None and UNKNOWN_JOB in known.stderr):
        raise SlurmError(
            f"Slurm knows no job {job}: it ended long ago, or Slurm has it under another number "
            "(squeue --me lists yours)."
        )
    if done.returncode and ENDED_JOB not in done.stderr:
        raise SlurmError(f"Slurm did not cancel job {job}: {excerpt(done.stderr, done.stdout)}")


def in_queue(job: BatchJob) -> bool:
    """Whether Slurm has this job, queued or running; True if Slurm does not answer."""
    done = _asked(job)
    if done is None or done.returncode:
        return done is None or UNKNOWN_JOB not in done.stderr
    return any(line.startswith(STATE) for line in done.stdout.splitlines())


def _asked(job: BatchJob) -> subprocess.CompletedProcess[str] | None:
    """The answer of squeue about a job; None if there is none."""
    if shutil.which("squeue") is None:
        return None
    options = ["--noheader", f"--jobs={job.number}", f"--format={STATE}%T", *_of_cluster(job)]
    try:
        return _slurm("squeue", *options)
    except SlurmError:
        return None


def _of_cluster(job: BatchJob) -> list[str]:
    return [] if job.cluster is None else [f"--clusters={job.cluster}"]


def _slurm(*command: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=command_environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
            check=False,
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
