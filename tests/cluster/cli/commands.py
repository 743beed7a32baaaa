"""Calls the command line in this process or in a new one."""

import os
import signal
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from zpoints.cluster.cli.main import main

ZPOINTS = Path(sys.executable).with_name("zpoints")


def zpoints(
    *arguments: object, folder: Path, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    """Call the command line in this process, working in ``folder``; its output and exit code.

    ``encoding`` is that of the terminal.
    """
    command = [str(ZPOINTS), *map(str, arguments)]
    output, errors = (TextIOWrapper(BytesIO(), encoding, write_through=True) for _ in range(2))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("COLUMNS", raising=False)
        patch.setattr(sys, "argv", command)
        patch.setattr(sys, "stdout", output)
        patch.setattr(sys, "stderr", errors)
        patch.setattr(sys, "unraisablehook", sys.unraisablehook)  # restored, as the handlers below
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    return subprocess.CompletedProcess(command, code, text_of(output), text_of(errors))


def text_of(stream: TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def zpoints_process(
    *arguments: object, folder: Path, shell: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a process that works in ``folder``, on the host of ``shell``."""
    return subprocess.run(
        [*shell, str(ZPOINTS), *map(str, arguments)],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
