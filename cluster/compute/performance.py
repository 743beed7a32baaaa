"""Dask's performance report, kept with the store."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import Client, performance_report

from zpoints.cluster.compute.ask import answer
from zpoints.cluster.compute.failures import LOST_WORKERS
from zpoints.cluster.errors import ClusterError
from zpoints.pipeline.progress import Console
from zpoints.storage import Repository

FOLDER = "performance"


@contextmanager
def performance_kept(
    client: Client, repository: Repository, console: Console, limit: float
) -> Iterator[None]:
    """Keep a page on what the workers did in the block, as ``performance/<UTC time>.html``.

    Nothing is kept of a block that fails, or whose scheduler is gone at its end: that is said, and
    no reason to call work a failure that is done.

    Parameters
    ----------
    client
        Of the cluster.
    repository
        Where the page is kept.
    console
        Where it is said that there is no page.
    limit
        Seconds that the scheduler may take to draw it.

    Raises
    ------
    ClusterError
        If the scheduler does not answer when the block begins.
    """
    name = time.strftime(f"{FOLDER}/%Y%m%dT%H%M%SZ.html", time.gmtime())
    with TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        report = performance_report(page)
        answer(client, report.__aenter__)
        yield
        ended = {"exc_type": None, "exc_value": None, "traceback": None, "code": ""}
        try:
            answer(client, report.__aexit__, limit=limit, **ended)
        except (ClusterError, *LOST_WORKERS):
            console.line("Dask: the scheduler has gone; no performance report is kept.")
        else:
            repository.keep(name, page.read_bytes())
