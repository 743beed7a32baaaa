"""Processes of the command line, forked from one that has loaded all libraries.

They differ from those that a shell starts in their start only: loading takes seconds.
"""

import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.cluster.cli.commands import ZPOINTS
from zpoints.cluster.cli.main import main

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["zpoints.cluster.cli.main", "zpoints.cluster.run"])


class Command:
    """A process that runs the command line in a folder; its output and errors are one stream."""

    def __init__(self, *arguments: object, folder: Path) -> None:
        read, write = SERVER.Pipe(duplex=False)
        command = [str(ZPOINTS), *map(str, arguments)]
        environment = {name: v for name, v in os.environ.items() if name != "COLUMNS"}
        self._process = SERVER.Process(target=_call, args=(command, folder, environment, write))
        self._process.start()
        write.close()
        self.output = os.fdopen(os.dup(read.fileno()), encoding="utf-8")
        self.pid = self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, negative after a signal; `None` while the process runs."""
        return self._process.exitcode

    def signal(self, number: int) -> None:
        """Send a signal."""
        assert self.pid is not None
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.join()

    def end(self, seconds: float = 120.0) -> str:
        """Wait for the end; returns the output that was not read yet."""
        self._process.join(seconds)
        if self.code is None:
            self.kill()
            pytest.fail(f"the command did not end within {seconds:.0f} s: {self.output.read()}")
        return self.output.read()


def _call(
    command: list[str], folder: Path, environment: dict[str, str], output: Connection
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number in (1, 2):
        os.dup2(output.fileno(), number)
    output.close()
    sys.argv = command
    main()
