"""Processes forked from one that has loaded all libraries, which takes 5 s of processor time.

Unlike other processes they end by `os._exit`, without what `atexit` has registered.
"""

import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import util
from multiprocessing.connection import Connection
from pathlib import Path

import dask
import pytest

from tests.cluster.cli.commands import ZPOINTS

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(
    [
        "zpoints.cluster.cli.main",
        "zpoints.cluster.run",
        "zpoints.pipeline.encode.stage",
        "distributed.cli.dask_scheduler",
        "distributed.cli.dask_worker",
        "pytest",
        "zpoints.cluster.frozen_objects",
    ]
)
"""The only fork server of a test process: clusters with worker processes use it, too."""


class Fork:
    """A process that calls a function, with the methods of `subprocess.Popen` that tests use.

    Its output and errors are one stream, `stdout`, of at most 64 KiB (a pipe), or go to a file.

    Parameters
    ----------
    call
        A function of a module.
    *arguments
        Its arguments, which must pickle.
    folder
        Working folder; by default that of this process.
    log
        File for the output.
    """

    def __init__(
        self,
        call: Callable[..., object],
        *arguments: object,
        folder: Path | None = None,
        log: Path | None = None,
    ) -> None:
        read, write = SERVER.Pipe(duplex=False)
        environment = {name: v for name, v in os.environ.items() if name != "COLUMNS"}
        self._process = SERVER.Process(
            target=_call, args=(folder or Path.cwd(), environment, log or write, call, *arguments)
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self._left = util.Finalize(None, _kill, (self.pid,), exitpriority=0)  # pytest would wait
        write.close()
        self.stdout = os.fdopen(os.dup(read.fileno()), encoding="utf-8")
        if log is not None:
            self.stdout.close()

    @property
    def returncode(self) -> int | None:
        """The exit code, negative after a signal; `None` while the process runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """`returncode`."""
        return self.returncode

    def wait(self, timeout: float = 120.0) -> int | None:
        """Wait for the end; a process that does not end in time is killed, and the test fails."""
        self._process.join(timeout)
        if self.returncode is None:
            self.kill()
            pytest.fail(f"a process did not end within {timeout:.0f} s")
        self._left.cancel()
        return self.returncode

    def communicate(self, timeout: float = 120.0) -> tuple[str, None]:
        """Wait for the end; returns the output that was not read yet."""
        self.wait(timeout)
        with self.stdout:
            return self.stdout.read(), None

    def send_signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and wait for its end."""
        self._process.kill()
        self._process.join()
        self._left.cancel()


def zpoints_fork(*arguments: object, folder: Path) -> Fork:
    """A process that runs zpoints' command line in a folder."""
    return Fork(_main, [str(ZPOINTS), *map(str, arguments)], folder=folder)


def script(code: str, *arguments: object) -> Fork:
    """A process that runs a script, in which warnings are errors; each line is written at once."""
    return Fork(_run, code, ["-c", *map(str, arguments)])


def dask_command(*arguments: str, log: Path) -> Fork:
    """A process that runs Dask's command line."""
    return Fork(_dask, ["dask", *arguments], log=log)


def _call(
    folder: Path,
    environment: dict[str, str],
    output: Connection | Path,
    call: Callable[..., object],
    *arguments: object,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    opened = output.open("wb") if isinstance(output, Path) else output
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(opened.fileno(), number)
        # The stream before may believe that it can seek, which a pipe cannot.
        setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
    opened.close()
    call(*arguments)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _main(argv: list[str]) -> None:
    from zpoints.cluster.cli.main import main

    sys.argv = argv
    main()


def _run(code: str, argv: list[str]) -> None:
    sys.argv = argv
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    warnings.simplefilter("error")
    exec(code, {"__name__": "__main__"})


def _dask(argv: list[str]) -> None:
    from dask.__main__ import main

    sys.argv = argv
    dask.config.refresh()
    main()
