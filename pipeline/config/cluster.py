"""The section ``cluster`` of the configuration: where a run computes."""

import re
from typing import Annotated, Literal, Self

from dask.utils import parse_bytes
from pydantic import AfterValidator, Field, model_validator

from zpoints.pipeline.settings import Settings

Kind = Literal["local", "address", "slurm", "pbs", "lsf"]
_SCHEDULER = re.compile(r"(tls|tcp)://(\[[\w:.%]+\]|[\w.-]+):(?P<port>[0-9]{1,5})")


def _memory(text: str) -> str:
    try:
        size = parse_bytes(text)
    except ValueError:
        size = 0
    if size <= 0:
        raise ValueError(f"{text} is no amount of memory; expected one such as 4GiB or 500MB")
    return text


Memory = Annotated[str, AfterValidator(_memory)]


def scheduler_address(text: str) -> str:
    """The address of a Dask scheduler, checked.

    Raises
    ------
    ValueError
        If it has another form than ``tls://HOST:PORT`` or ``tcp://HOST:PORT``.

    Examples
    --------
    >>> scheduler_address("tls://head:8786")
    'tls://head:8786'
    >>> scheduler_address("tls://head")
    Traceback (most recent call last):
    ValueError: tls://head is no address of a scheduler; expected one such as tls://head:8786
    """
    found = _SCHEDULER.fullmatch(text)
    if found is None or not 0 < int(found["port"]) < 2**16:
        raise ValueError(
            f"{text} is no address of a scheduler; expected one such as tls://head:8786"
        )
    return text


SchedulerAddress = Annotated[str, AfterValidator(scheduler_address)]


class TlsConfig(Settings):
    """Certificates, as PEM files; all three or none."""

    ca: str | None = Field(None, description="certificate of the authority that all sides trust")
    certificate: str | None = Field(None, description="certificate of this side")
    key: str | None = Field(
        None, description="private key of the certificate; its owner alone may read it (0600)"
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        named = [value is not None for value in (self.ca, self.certificate, self.key)]
        if any(named) and not all(named):
            raise ValueError("name ca, certificate and key, or none of them")
        return self


class JobsConfig(Settings):
    """What is asked of a batch system; null leaves it to Dask's ``jobqueue`` settings."""

    cores: int | None = Field(None, ge=1, description="cores of a job")
    memory: Memory | None = Field(None, description="memory of a job, e.g. 16GiB")
    processes: int = Field(1, ge=1, description="worker processes of a job, which share its cores")
    walltime: str | None = Field(None, description="longest duration of a job, e.g. 02:00:00")
    queue: str | None = Field(None, description="queue or partition")
    account: str | None = Field(None, description="account that is charged")
    interface: str | None = Field(
        None, description="network interface that all nodes have in common, e.g. ib0"
    )
    gpu: bool = Field(
        False, description="jobs have a GPU; ask for it in directives, e.g. --gres=gpu:1"
    )
    directives: tuple[str, ...] = Field((), description="further directives of the batch system")
    driver: tuple[str, ...] = Field(
        (),
        description="zpoints submit: further options of sbatch for the job of the driver, e.g. "
        "--time=2-00:00:00, which has to last as long as the run",
    )
    prologue: tuple[str, ...] = Field(
        (), description="shell lines before the worker, e.g. source /opt/zpoints/bin/activate"
    )
    folder: str = Field(
        "~/.zpoints",
        description="folder that all nodes share: certificates of the run, logs of its jobs",
    )


class ClusterConfig(Settings):
    """Where the run computes; never part of a result's fingerprint."""

    kind: Kind = Field(
        "local",
        description="local: this machine; address: a scheduler that is running; slurm, pbs, lsf: "
        "jobs of a batch system",
    )
    workers: int | None = Field(
        None,
        ge=1,
        description="local: tasks that run at once, null takes one per core; batch systems: jobs, "
        "null takes one; address: not used",
    )
    processes: bool | None = Field(
        None,
        description="local: a process per worker (true) or threads in this process (false); null "
        "takes threads, and processes where there are several GPUs, one for each",
    )
    memory: Memory | None = Field(
        None,
        description="local: memory of a worker process, e.g. 4GiB, null shares out the machine's; "
        "for threads, what an analysis may take, null takes what is free",
    )
    address: SchedulerAddress | None = Field(
        None,
        description="address: the scheduler, e.g. tls://host:8786; null takes Dask's own setting "
        "scheduler-address",
    )
    plain: bool = Field(
        False, description="address: a connection beyond this machine may do without TLS"
    )
    tls: TlsConfig = Field(TlsConfig(), description="certificates; null makes temporary ones")
    connect_timeout: float = Field(
        30.0, gt=0, description="seconds in which a scheduler has to answer"
    )
    worker_timeout: float = Field(
        600.0,
        gt=0,
        description="seconds that work waits for a worker before the run gives up; queues of "
        "batch systems may need more",
    )
    jobs: JobsConfig = Field(JobsConfig(), description="slurm, pbs, lsf: what a job asks for")
