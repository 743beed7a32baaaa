"""Destination of a report: a folder, or s3://bucket/prefix with the same files."""

import mimetypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.local_path import local_path
from zpoints.storage.backend.s3 import SCHEME

Destination = Path | str
"""Path of a folder, or URL of a prefix in a bucket."""

MARK = "report.json"
PAGE = "index.html"
UPLOADS = 8
"""Number of files uploaded at the same time."""


def report_destination(chosen: str | None, root: str) -> Destination:
    """Destination of a report.

    Parameters
    ----------
    chosen
        Folder or URL from the configuration; None means the folder `report` in the root.
    root
        Root of the store.
    """
    text = chosen if chosen is not None else f"{root.rstrip('/')}/report"
    return text.rstrip("/") if text.startswith(SCHEME) else local_path(text)


def page_of(destination: Destination) -> Destination:
    """Path or URL of the page."""
    return destination / PAGE if isinstance(destination, Path) else f"{destination}/{PAGE}"


def mark_of(destination: Destination) -> bytes | None:
    """Content of the file that marks a complete report; None if the report is incomplete."""
    if isinstance(destination, Path):
        mark = destination / MARK
        return mark.read_bytes() if mark.is_file() and (destination / PAGE).is_file() else None
    return Blobs(destination).get(MARK)  # written last, removed first


@contextmanager
def writing_to(destination: Destination) -> Iterator[Path]:
    """Yield a folder to write a report to; uploads it to a bucket unless the block raises."""
    if isinstance(destination, Path):
        yield destination
        return
    with TemporaryDirectory(prefix="zpoints-") as scratch:
        yield Path(scratch)
        _upload(Path(scratch), Blobs(destination))


def _upload(folder: Path, blobs: Blobs) -> None:
    """Upload figures, then the page, then the mark; remove figures of an earlier report."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    figures = [name for name in names if name not in (PAGE, MARK)]

    def send(name: str) -> None:
        media, _ = mimetypes.guess_type(name)
        blobs.put(name, (folder / name).read_bytes(), media=media)

    blobs.delete(MARK)
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(send, figures))
    send(PAGE)
    send(MARK)
    for name in set(blobs.names("figures")) - set(names):
        blobs.delete(name)
