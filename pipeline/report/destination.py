"""Destination of a report: a folder, or s3://bucket/prefix with the same files."""

import json
import mimetypes
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.local_path import local_path
from zpoints.storage.backend.s3 import SCHEME
from zpoints.storage.marks import REPORT_FIGURES
from zpoints.storage.marks import REPORT_MARK as MARK

Destination = Path | str
"""Path of a folder, or URL of a prefix in a bucket."""

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
    """Content of the file that marks a report; None if there is no report."""
    if isinstance(destination, Path):
        mark = destination / MARK
        return mark.read_bytes() if mark.is_file() and (destination / PAGE).is_file() else None
    return Blobs(destination).get(MARK)


def mark_content(mark: Mapping[str, Any]) -> str:
    """The content of the mark of a complete report."""
    return json.dumps(mark, indent=2) + "\n"


def unfinished(mark: Mapping[str, Any]) -> str:
    """The content of the mark while a report is written.

    It has no fingerprint, so that no run takes the report for a current one. The mark is there from
    the first figure to the last, so that an ingest never takes these for photographs.
    """
    return mark_content({**mark, "fingerprint": None})


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
    """Upload figures, the page, and last the mark; remove figures of an earlier report."""
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    figures = [name for name in names if name not in (PAGE, MARK)]

    def send(name: str) -> None:
        media, _ = mimetypes.guess_type(name)
        blobs.put(name, (folder / name).read_bytes(), media=media)

    mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    blobs.put(MARK, unfinished(mark).encode(), media="application/json")
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(send, figures))
    send(PAGE)
    send(MARK)
    for name in set(blobs.names(REPORT_FIGURES)) - set(names):
        blobs.delete(name)
