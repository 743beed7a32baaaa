"""Settings of the cluster: where a run computes."""

import re
from typing import Annotated, Literal, Self

from dask.utils import parse_bytes
from pydantic import AfterValidator, Field, model_validator

from zpoints.pipeline.settings import Settings
from zpoints.storage.text import printable

Kind = Literal["local", "address", "slurm", "pbs", "lsf"]
LONGEST_WAIT = 30 * 86_400
"""Upper limit of time limits, in seconds: nothing waits for ever."""
MOST_WORKERS = 10_000
"""Upper limit of workers, of a job's cores and of its processes."""
_SCHEDULER = re.compile(r"(tls|tcp)://(\[[\w:.%]+\]|[\w.-]+):(?P<port>[0-9]{1,5})")


def _memory(text: str) -> str:
    try:
        size = parse_bytes(text)
    except (ValueError, OverflowError):
        size = 0
    if size <= 0:
        raise ValueError(f"invalid amount of memory {text!r}; expected e.g. 4GiB or 500MB")
    return text


def _one_line(text: str) -> str:
    if printable(text) != text or "\n" in text:
        raise ValueError(f"invalid text {text!r}; expected one line without control characters")
    return text


Memory = Annotated[str, AfterValidator(_memory)]
JobText = Annotated[str, AfterValidator(_one_line)]
"""Text on a line of a job script, on which a second line would be another directive or command."""


def scheduler_address(text: str) -> str:
    """Check the address of a Dask scheduler and return it.

    Raises
    ------
    ValueError
        If the address is not ``tls://HOST:PORT`` or ``tcp://HOST:PORT``.

    Examples
    --------
    >>> scheduler_address("tls://head:8786")
    'tls://head:8786'
    >>> scheduler_address("tls://head")
    Traceback (most recent call last):
    ValueError: invalid scheduler address 'tls://head'; expected e.g. tls://head:8786
    """
    found = _SCHEDULER.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise ValueError(f"invalid scheduler address {text!r}; expected e.g. tls://head:8786")
    return text


SchedulerAddress = Annotated[str, AfterValidator(scheduler_address)]


class TlsConfig(Settings):
    """Certificates as PEM files, all three or none."""

    ca: str | None = Field(None, description="certificate of the authority that all sides trust")
    certificate: str | None = Field(None, description="certificate of the client")
    key: str | None = Field(
        None, description="private key of the certificate; readable by its owner only (0600)"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        named = [value is not None for value in (self.ca, self.certificate, self.key)]
        if any(named) and not all(named):
            raise ValueError("expected ca, certificate and key, or none of them")
        return self


class JobsConfig(Settings):
    """Resources requested from a batch system; null takes Dask's ``jobqueue`` settings."""

    cores: int | None = Field(None, ge=1, le=MOST_WORKERS, description="cores of a job")
    memory: Memory | None = Field(None, description="memory of a job, e.g. 16GiB")
    processes: int = Field(
        1, ge=1, le=MOST_WORKERS, description="worker processes per job, which share its cores"
    )
    walltime: JobText | None = Field(None, description="time limit of a job, e.g. 02:00:00")
    queue: JobText | None = Field(None, description="queue or partition")
    account: JobText | None = Field(None, description="account to charge")
    interface: JobText | None = Field(
        None, description="network interface that all nodes have, e.g. ib0"
    )
    gpu: bool = Field(
        False, description="whether jobs have a GPU; request it in directives, e.g. --gres=gpu:1"
    )
    directives: tuple[JobText, ...] = Field(
        (), description="further directives of the batch system"
    )
    driver: tuple[JobText, ...] = Field(
        (),
        description="zpoints submit: further sbatch options for the driver's job, e.g. "
        "--time=2-00:00:00; the job has to last as long as the run",
    )
    prologue: tuple[str, ...] = Field(
        (),
        description="shell lines before the worker, e.g. source /opt/zpoints/bin/activate",
    )
    folder: str = Field(
        "~/.zpoints",
        description="folder shared by all nodes, for the certificates and the job logs of the run",
    )


class ClusterConfig(Settings):
    """Where the run computes; never part of a result's fingerprint."""

    kind: Kind = Field(
        "local",
        description="local: this machine; address: a running scheduler; slurm, pbs, lsf: jobs of a "
        "batch system",
    )
    workers: int | None = Field(
        None,
        ge=1,
        le=MOST_WORKERS,
        description="local: number of tasks at once, null takes one per core; batch systems: "
        "number of jobs, null takes one; address: not used",
    )
    processes: bool | None = Field(
        None,
        description="local: one process per worker (true) or threads in this process (false); null "
        "takes threads, or one process per GPU if there are several GPUs",
    )
    memory: Memory | None = Field(
        None,
        description="local: memory of a worker process, e.g. 4GiB, null divides the machine's "
        "memory; with threads, memory that a stage may use, null takes what is free",
    )
    address: SchedulerAddress | None = Field(
        None,
        description="address: the scheduler, e.g. tls://host:8786; null takes Dask's own setting "
        "scheduler-address",
    )
    plain: bool = Field(
        False, description="address: allow a connection to another machine without TLS"
    )
    tls: TlsConfig = Field(TlsConfig(), description="certificates; null creates temporary ones")
    connect_timeout: float = Field(
        30.0, gt=0, le=LONGEST_WAIT, description="seconds to wait for an answer of the scheduler"
    )
    worker_timeout: float = Field(
        600.0,
        gt=0,
        le=LONGEST_WAIT,
        description="seconds to wait for a worker before the run fails; queues of batch systems "
        "may need more",
    )
    jobs: JobsConfig = Field(JobsConfig(), description="slurm, pbs, lsf: resources of a job")
