"""The process of a job's driver: started so that it ends with nothing but its own run."""

import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

# -P: a folder named zpoints where the job starts is not the package.
DRIVER = (sys.executable, "-P", "-m", "zpoints.cluster.jobs.process")


def launch(
    root: str, id_: str, folder: str, *, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Start a driver on this machine, in a session of its own.

    Neither a closing terminal nor the end of the process that calls this reaches it.

    Parameters
    ----------
    root
        Where the store lies.
    id_
        The job.
    folder
        Where the driver works. On a machine without it (the client's home, say) it works in ``/``,
        where nothing is that a relative path could be mistaken for.
    environment
        Its variables; those of this process if None.

    Returns
    -------
    dict
        What the job's record says of it: ``host``, ``pid``, ``born``, ``output``.

    Raises
    ------
    OSError
        If it cannot be started.
    """
    output = Path(tempfile.gettempdir(), f"zpoints-{id_}.log")
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
        driver = subprocess.Popen(
            [*DRIVER, root, id_, str(output)],
            cwd=folder if os.path.isdir(folder) else "/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    facts = {
        "host": platform.node(),
        "pid": driver.pid,
        "born": psutil.Process(driver.pid).create_time(),
        "output": str(output),
    }
    # A parent that lives on, as a worker or a schedule does, would keep it as a defunct process.
    threading.Thread(target=driver.wait, name=f"end of {id_}", daemon=True).start()
    return facts
