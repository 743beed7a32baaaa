"""Calls of a batch system's commands: their environment, and the number in their output."""

import os
import re
from typing import NamedTuple, Self

NUMBER_LINES = {
    "slurm": r"(?P<number>[1-9][0-9]{0,9})(;(?P<cluster>\w[\w.-]*))?",
    "pbs": r"(?P<number>[1-9][0-9]{0,9})(\.[\w.-]+)?",
    "lsf": r"Job <(?P<number>[1-9][0-9]{0,9})> is submitted to .*",
}
"""The line with the number, as printed by ``sbatch --parsable``, ``qsub`` and ``bsub``."""
OPTIONS = ("SQUEUE_", "SCANCEL_")
"""Environment variables with options of Slurm's commands, e.g. SQUEUE_STATES=RUNNING."""
OUTPUT_SHOWN = 500
"""Number of characters of a command's output in a message."""


class BatchJob(NamedTuple):
    """Number of a batch job, and the Slurm cluster that has it if Slurm has named one."""

    number: str
    cluster: str | None = None

    @classmethod
    def submitted(cls, system: str, output: str) -> Self | None:
        """The job whose number stands in a submit command's output; None if there is none.

        Sites print messages of their own before and after the number, and these may contain
        numbers. Only a line that has the exact form counts, and the last one of them.

        Parameters
        ----------
        system
            ``slurm``, ``pbs`` or ``lsf``.
        output
            What the command has printed.

        Examples
        --------
        >>> BatchJob.submitted("slurm", "Welcome to Supercomputer3\\n519605;east\\n")
        BatchJob(number='519605', cluster='east')
        >>> BatchJob.submitted("slurm", "Welcome to Supercomputer3") is None
        True
        """
        form = re.compile(NUMBER_LINES[system], re.ASCII)
        found = [match for line in output.splitlines() if (match := form.fullmatch(line.strip()))]
        return cls(found[-1]["number"], found[-1].groupdict().get("cluster")) if found else None

    def __str__(self) -> str:
        return self.number if self.cluster is None else f"{self.number} of cluster {self.cluster}"


def environment() -> dict[str, str]:
    """This process's environment variables without a user's options of squeue and scancel.

    By these options, squeue would leave out jobs, and scancel would pass over them silently.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(OPTIONS)}


def shown(*outputs: str) -> str:
    """Output of a command on one line, for a message."""
    text = " ".join(" ".join(outputs).split())
    return text[:OUTPUT_SHOWN] or "nothing"
