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
