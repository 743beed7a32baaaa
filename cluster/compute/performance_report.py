"""Keeps Dask's performance report in the root of the store."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import Client, performance_report

from zpoints.cluster.compute.lost_workers import LOST_WORKERS
from zpoints.cluster.compute.scheduler_calls import call_scheduler
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.progress import Console
from zpoints.storage import Repository, StoreError

FOLDER = "performance"


@contextmanager
def keep_performance_report(
    client: Client, repository: Repository, console: Console, timeout: float
) -> Iterator[None]:
    """Keep Dask's report on the work of the block as ``performance/<UTC time>.html``.

    No report is kept if the block fails. If the scheduler is gone at the end of the block, or the
    report cannot be written, the console shows that it is missing; finished work does not fail for
    that.

    Parameters
    ----------
    client
        Client of the cluster.
    repository
        Keeps the page.
    console
        Shows that no report is kept.
    timeout
        Seconds that the scheduler may take to write the report.

    Raises
    ------
    ClusterError
        If the scheduler does not answer when the block begins.
    """
    name = time.strftime(f"{FOLDER}/%Y%m%dT%H%M%SZ.html", time.gmtime())
    with TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        report = performance_report(page)
        call_scheduler(client, report.__aenter__)
        yield
        ended = {"exc_type": None, "exc_value": None, "traceback": None, "code": ""}
        try:
            call_scheduler(client, report.__aexit__, timeout=timeout, **ended)
        except (ClusterError, *LOST_WORKERS):
            console.line("Dask: the scheduler is gone; no performance report is kept.")
        else:
            try:
                repository.keep(name, page.read_bytes())
            except StoreError as error:
                console.line(f"Dask: no performance report is kept. {error}")
