"""Calls of a batch system's commands: their environment, and the number in their output."""

import os
import re
from typing import NamedTuple, Self

NUMBER = "[1-9][0-9]{0,9}"
CLUSTER = "[A-Za-z0-9_][A-Za-z0-9_.-]*"
"""What a job's number and the name of a Slurm cluster look like."""
NUMBER_LINES = {
    "slurm": rf"(?P<number>{NUMBER})(;(?P<cluster>{CLUSTER}))?",
    "pbs": rf"(?P<number>{NUMBER})(\.[\w.-]+)?",
    "lsf": rf"Job <(?P<number>{NUMBER})> is submitted to .*",
}
"""The line with the number, as printed by ``sbatch --parsable``, ``qsub`` and ``bsub``."""
OPTION_PREFIXES = ("SQUEUE_", "SCANCEL_")
"""Of environment variables with options of Slurm's commands, e.g. SQUEUE_STATES=RUNNING."""
EXCERPT_LENGTH = 500
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


def command_environment() -> dict[str, str]:
    """This process's environment variables without a user's options of squeue and scancel.

    By these options, squeue would leave out jobs, and scancel would pass over them silently.
    """
    inherited = os.environ.items()
    return {name: value for name, value in inherited if not name.startswith(OPTION_PREFIXES)}


def excerpt(*outputs: str) -> str:
    """The beginning of a command's output on one line, for a message."""
    text = " ".join(" ".join(outputs).split())
    return text[:EXCERPT_LENGTH] or "nothing"
