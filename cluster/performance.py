"""Dask's performance report, kept with the store."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import performance_report

from storage import Repository

FOLDER = "performance"


@contextmanager
def performance_kept(repository: Repository) -> Iterator[None]:
    """Keep a page on what the workers did in the block, as ``performance/<UTC time>.html``.

    Nothing is kept of a block that fails: the scheduler that knows may be gone.
    """
    name = time.strftime(f"{FOLDER}/%Y%m%dT%H%M%SZ.html", time.gmtime())
    with TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        report = performance_report(page)
        report.__enter__()
        yield
        report.__exit__(None, None, None)
        repository.keep(name, page.read_bytes())
