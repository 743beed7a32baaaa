"""Scripts in place of Slurm's commands: they print a given answer and record their arguments."""

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

BANNER = "Welcome to Supercomputer3\n--> Verifying valid ssh keys... OK\n"
UNKNOWN = "error: Kill job error on job id 519605: Invalid job id specified"


@dataclass(frozen=True)
class SlurmCommands:
    """Slurm commands of a site.

    Attributes
    ----------
    folder
        The first folder of the PATH.
    """

    folder: Path

    @classmethod
    def on_path(cls, folder: Path, patch: pytest.MonkeyPatch) -> Self:
        """Commands in a new folder, which becomes the first one of the PATH."""
        folder.mkdir()
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return cls(folder)

    def answer(
        self, name: str, output: str | bytes = "", *, errors: str = "", code: int = 0
    ) -> None:
        """Make a command that prints this and ends with this code."""
        content = output.encode() if isinstance(output, str) else output
        (self.folder / f"{name}.output").write_bytes(content)
        (self.folder / f"{name}.errors").write_text(errors)
        here = shlex.quote(str(self.folder / name))
        path = self.folder / name
        path.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" >>{here}.calls\n'
            f"cat {here}.output\ncat {here}.errors >&2\nexit {code}\n"
        )
        path.chmod(0o755)

    def calls(self, name: str) -> list[str]:
        """Arguments of all calls of a command."""
        path = self.folder / f"{name}.calls"
        return path.read_text().splitlines() if path.exists() else []
