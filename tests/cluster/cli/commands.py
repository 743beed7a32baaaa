"""The command line, run as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ZPOINTS = Path(sys.executable).with_name("zpoints")


def zpoints(
    *arguments: object, folder: Path, shell: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """What a command prints and its exit code; it works in ``folder``, on the host of ``shell``."""
    return subprocess.run(
        [*shell, str(ZPOINTS), *map(str, arguments)],
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


class ScheduleProcess:
    """A schedule as a user keeps one, every night at 3."""

    def __init__(self, config: Path, root: str) -> None:
        command = [ZPOINTS, "schedule", config, "--cron", "0 3 * * *", "--root", root]
        self._process = subprocess.Popen(list(map(str, command)))
        self.pid = self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        """Ask it to end; returns its exit code."""
        self._process.terminate()
        return self._process.wait(60)
