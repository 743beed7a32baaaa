"""What is stored about a job, validated whenever it is read."""

import os
import platform
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from zpoints.cluster.batch_job import CLUSTER, NUMBER, BatchJob
from zpoints.cluster.run_ids import ID
from zpoints.storage.backend.record import (
    RECORD,
    Line,
    ProcessNumber,
    Seconds,
    damaged,
    parse_record,
)

State = Literal["queued", "running", "publishing", "done", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """Record of a job, which is changed by conditional writes only and validated when it is read.

    Attributes
    ----------
    id
        Time of submission in UTC, and four random digits.
    state
        ``queued``, ``running``, ``publishing``, ``done``, ``failed`` or ``cancelled``.
    title, until, config
        Arguments of the run; ``config`` is the whole configuration as JSON.
    folder
        Working folder of the driver, to which relative paths in the configuration refer.
    submitted, began, ended
        Seconds since 1970; None before the event. The process of a cancelled job may not have ended
        yet.
    reason
        Why the job failed or was cancelled.
    host, pid, born
        The driver's process; its start time ``born`` distinguishes it from a later process with the
        same number. Before the process starts, ``host`` is the client's.
    batch, batch_cluster
        Number of the Slurm job and, if sbatch named it, the Slurm cluster that has the number; None
        if the job is a process on another kind of cluster.
    output
        File on ``host`` with the output of the process, named as by ``output_file``; empty until it
        is known.
    writes
        Number of writes of the record. It makes every version unique in content, hence in its
        entity tag.
    """

    __pydantic_config__ = RECORD

    id: Annotated[str, Field(pattern=f"^{ID}$")]
    state: State = "queued"
    title: Line
    until: Line
    config: dict[str, Any]
    folder: str
    submitted: Seconds
    began: Seconds | None = None
    ended: Seconds | None = None
    reason: Line = ""
    host: Line = field(default_factory=platform.node)
    pid: ProcessNumber | None = None
    born: Seconds | None = None
    batch: Annotated[str, Field(pattern=f"^{NUMBER}$")] | None = None
    batch_cluster: Annotated[str, Field(pattern=f"^{CLUSTER}$")] | None = None
    output: str = ""
    writes: int = 0

    @property
    def where(self) -> str:
        """The process or the Slurm job, for display."""
        if self.pid is not None:
            return f"process {self.pid} on {self.host}"
        return self.host if self.batch_job is None else f"Slurm job {self.batch_job}"

    @property
    def batch_job(self) -> BatchJob | None:
        """The Slurm job, if there is one."""
        return None if self.batch is None else BatchJob(self.batch, self.batch_cluster)


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """The last heartbeat of a job: seconds since 1970, and the progress at that time."""

    __pydantic_config__ = RECORD

    time: Seconds
    doing: Line = ""


_JOB, _HEARTBEAT = TypeAdapter(Job), TypeAdapter(Heartbeat)


def parse_job(content: bytes, id_: str, name: str) -> Job:
    """The job of a record.

    Parameters
    ----------
    content
        The stored bytes.
    id_
        Id of the job, from the name of its folder.
    name
        Path or URL of the record, for the message.

    Raises
    ------
    DamagedRecordError
        If the bytes are anything else than the record of this job.
    """
    job = parse_record(_JOB, content, name)
    if job.id != id_:
        raise damaged(name, f"its job is {job.id}")
    if job.output and not _is_output_file(job.output, id_):
        raise damaged(name, f"output: expected a path that ends in {output_file('', id_)}")
    return job


def parse_heartbeat(content: bytes | None, name: str) -> Heartbeat | None:
    """A heartbeat; None if there is none yet.

    Raises
    ------
    DamagedRecordError
        If the bytes are anything else.
    """
    return None if content is None else parse_record(_HEARTBEAT, content, name)


def output_file(folder: str, id_: str) -> str:
    """File for the output of a job's process, in a folder of the machine that it runs on."""
    return os.path.join(folder, f"zpoints-{id_}.log")


def _is_output_file(path: str, id_: str) -> bool:
    """Whether a path is absolute, in its shortest form, and ends as that of every output file."""
    folder = os.path.dirname(path)
    return os.path.isabs(path) and path == os.path.normpath(output_file(folder, id_))
