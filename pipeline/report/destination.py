"""Where a report lies: a folder, or the same files under s3://bucket/prefix."""

import mimetypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.s3 import SCHEME

ReportPlace = Path | str
"""A folder, or the URL of one in a bucket."""

MARK = "report.json"
PAGE = "index.html"
UPLOADS = 8
"""Files that are sent at the same time."""


def report_place(chosen: str | None, root: str) -> ReportPlace:
    """The place that the user chose, else `report` beside what the store holds."""
    text = chosen if chosen is not None else f"{root.rstrip('/')}/report"
    return text.rstrip("/") if text.startswith(SCHEME) else Path(text).expanduser()


def page_of(place: ReportPlace) -> ReportPlace:
    """Path or URL of the page."""
    return place / PAGE if isinstance(place, Path) else f"{place}/{PAGE}"


def mark_of(place: ReportPlace) -> bytes | None:
    """What says of a report that it is whole; None where a part is missing."""
    if isinstance(place, Path):
        mark = place / MARK
        return mark.read_bytes() if mark.is_file() and (place / PAGE).is_file() else None
    return Blobs(place).get(MARK)  # written last, removed first


@contextmanager
def writing_to(place: ReportPlace) -> Iterator[Path]:
    """A folder to write a report into; a bucket gets the files when the block ends well."""
    if isinstance(place, Path):
        yield place
        return
    with TemporaryDirectory(prefix="zpoints-") as scratch:
        yield Path(scratch)
        _upload(Path(scratch), Blobs(place))


def _upload(folder: Path, blobs: Blobs) -> None:
    """Figures, then the page that shows them, then the mark; what is no part of it is removed."""
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
