"""Launches the driver of a job as a process that outlives its parent."""

import os
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from typing import Any

import psutil

from zpoints.cluster.jobs.job import output_file

# -P: a folder named zpoints in the working folder must not hide the package.
DRIVER = (sys.executable, "-P", "-m", "zpoints.cluster.jobs.driver_process")


def launch(
    root: str, id_: str, folder: str, *, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Launch a driver on this machine, in its own session.

    It survives a closing terminal and the end of the calling process.

    Parameters
    ----------
    root
        Root of the store.
    id_
        Id of the job.
    folder
        Working folder of the driver. If it does not exist on this machine, the driver works in
        ``/``, where a relative path cannot name the wrong file.
    environment
        Environment variables; by default those of this process.

    Returns
    -------
    dict
        Fields of the job's record: ``host``, ``pid``, ``born``, ``output``.

    Raises
    ------
    OSError
        If the process cannot be started.
    """
    output = output_file(tempfile.gettempdir(), id_)
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
        driver = subprocess.Popen(
            [*DRIVER, root, id_, output],
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
        "output": output,
    }
    # Without a wait, the driver would stay a zombie of a long-lived worker or schedule.
    threading.Thread(target=driver.wait, name=f"end of {id_}", daemon=True).start()
    return facts
