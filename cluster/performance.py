"""Dask's performance report, kept with the store."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import Client, performance_report

from cluster.scheduler import answer
from storage import Repository

FOLDER = "performance"


@contextmanager
def performance_kept(client: Client, repository: Repository, limit: float) -> Iterator[None]:
    """Keep a page on what the workers did in the block, as ``performance/<UTC time>.html``.

    Nothing is kept of a block that fails: the scheduler that knows may be gone.

    Parameters
    ----------
    client
        Of the cluster.
    repository
        Where the page is kept.
    limit
        Seconds that the scheduler may take to draw it.

    Raises
    ------
    ClusterError
        If the scheduler does not answer in time.
    """
    name = time.strftime(f"{FOLDER}/%Y%m%dT%H%M%SZ.html", time.gmtime())
    with TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        report = performance_report(page)
        answer(client, report.__aenter__)
        yield
        ended = {"exc_type": None, "exc_value": None, "traceback": None, "code": ""}
        answer(client, report.__aexit__, limit=limit, **ended)
        repository.keep(name, page.read_bytes())
