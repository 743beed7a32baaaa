"""Destination of a report: a folder, or a prefix in a bucket with the same files."""

import json
import mimetypes
import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from zpoints.pipeline.errors import ConfigError
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.buckets.schemes import in_bucket
from zpoints.storage.backend.local_path import local_path
from zpoints.storage.marks import REPORT_FIGURES, REPORT_TABLES, STORE_FOLDERS, result_kind
from zpoints.storage.marks import REPORT_MARK as MARK
from zpoints.storage.marks import REPORT_POINTS as POINTS
from zpoints.storage.text import one_line

Destination = Path | str
"""Path of a folder, or URL of a prefix in a bucket."""

PAGE = "index.html"
FOLDERS = (REPORT_FIGURES, REPORT_TABLES)
FILE = re.compile(
    rf"{REPORT_FIGURES}/[A-Za-z0-9_=-]+\.(png|jpg)|{REPORT_TABLES}/[A-Za-z0-9_=-]+\.csv"
    rf"|{re.escape(POINTS)}"
)
"""Names of the files that the page shows or links to."""
FIGURE = re.compile(rf"{REPORT_FIGURES}/[A-Za-z0-9_-]+\.png")
"""Names of the figures in a page whose mark lists no files."""
UNFINISHED = re.compile(re.escape(MARK) + r"#\d+")
"""A part of a mark, which a first report leaves alone in the folder if it is killed."""
ANOTHER = "report.folder (zpoints report: --folder, zpoints compare: --output)"
"""The settings that name another folder."""
UPLOADS = 8
"""Number of files written at the same time."""


def report_destination(chosen: str | None, root: str) -> Destination:
    """Destination of a report.

    Parameters
    ----------
    chosen
        Folder or URL from the configuration; None means the folder `report` in the root.
    root
        Root of the store.

    Raises
    ------
    ConfigError
        If the store is there, or will be.
    PlaceError
        If it is a URL of no known kind.
    """
    text = chosen if chosen is not None else f"{root.rstrip('/')}/report"
    destination = text.rstrip("/") if in_bucket(text) else local_path(text)
    own, store = place(destination), place(root)
    around = store.startswith(own)
    if around or own.removeprefix(store).partition("/")[0] in STORE_FOLDERS:
        raise ConfigError(
            f"The report cannot be written to {destination}, which "
            f"{'holds' if around else 'belongs to'} the store {root}. Name another folder with "
            f"{ANOTHER}."
        )
    return destination


def place(where: Destination) -> str:
    """A folder or prefix for comparisons: absolute, without links, with a slash at its end."""
    text = str(where)
    path = text if in_bucket(text) else os.path.realpath(local_path(text))
    return f"{path.rstrip('/')}/"


def page_of(destination: Destination) -> Destination:
    """Path or URL of the page."""
    return destination / PAGE if isinstance(destination, Path) else f"{destination}/{PAGE}"


def link_of(page: Destination) -> str:
    """Address of a page, which a browser or a terminal opens; that of a bucket as it is.

    Examples
    --------
    >>> link_of(Path("/runs/my faces/report/index.html"))
    'file:///runs/my%20faces/report/index.html'
    """
    return page.resolve().as_uri() if isinstance(page, Path) else page


def mark_of(destination: Destination) -> bytes | None:
    """Content of the file that marks a report; None if there is no report."""
    if isinstance(destination, Path):
        mark = destination / MARK
        return mark.read_bytes() if mark.is_file() and (destination / PAGE).is_file() else None
    return Blobs(destination).get(MARK)


def refuse_other_files(destination: Destination) -> None:
    """Refuse a folder that holds anything but an earlier report.

    Raises
    ------
    ConfigError
        If it does; nothing is changed.
    StoreError
        If the bucket cannot be reached, or a link in the folder leads out of it.
    """
    if isinstance(destination, Path) and not destination.is_dir():
        nearest = next(it for it in (destination, *destination.parents) if os.path.lexists(it))
        if nearest != destination and nearest.is_dir():
            return
        found = "is not a folder" if nearest == destination else f"lies in {nearest}, a file"
    else:
        blobs = Blobs(str(destination))
        names = blobs.some_names()
        if all(UNFINISHED.fullmatch(name) for name in names) or _is_report(blobs.get(MARK)):
            for name in (MARK, PAGE, *FOLDERS, *_earlier_files(blobs)):
                blobs.refuse_outside(name)
            return
        found = f"holds other files, e.g. {one_line(names[0])}"
    raise ConfigError(
        f"The report cannot be written to {destination}, which {found}. Expected an empty or "
        f"absent folder, or an earlier report with its {MARK} intact; name another folder with "
        f"{ANOTHER}."
    )


def _is_report(mark: bytes | None) -> bool:
    return result_kind([MARK], [], lambda name: mark) == "report"


@contextmanager
def writing_to(destination: Destination, mark: Mapping[str, Any]) -> Iterator[Path]:
    """Yield a scratch folder for the page and its files; publishes them if the block succeeds.

    Parameters
    ----------
    destination
        Folder, or URL of a prefix in a bucket.
    mark
        What the report's mark states; the names of the files are added.

    Raises
    ------
    ConfigError
        If the destination holds anything but an earlier report, or a file that a figure or table
        of this one would replace.
    """
    refuse_other_files(destination)
    with TemporaryDirectory(prefix="zpoints-") as scratch:
        yield Path(scratch)
        if isinstance(destination, Path):
            _create(destination)
        _publish(Path(scratch), destination, mark)


def _create(destination: Path) -> None:
    try:
        destination.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"The report cannot be written to {destination} ({error.strerror}). Expected a folder "
            f"that can be created; name another one with {ANOTHER}."
        ) from error


def _publish(folder: Path, destination: Destination, mark: Mapping[str, Any]) -> None:
    """Write the files of the page, the page, and last the mark; remove those of earlier reports.

    The mark is there from the first file on, so that an ingest never takes these for photographs.
    It has no fingerprint until the report is complete, so that no run takes it for a current one.
    """
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    blobs = Blobs(str(destination))
    earlier = _earlier_files(blobs)
    for name in names:
        blobs.refuse_outside(name)
    present = {name for folder in FOLDERS for name in blobs.names(folder)}
    present |= {POINTS} if POINTS in names and blobs.get(POINTS) is not None else set()
    if others := present & set(names) - earlier:
        raise ConfigError(
            f"The report would overwrite {destination}/{min(others)}, which no earlier report "
            f"made. Rename that file, or name another folder with {ANOTHER}."
        )

    def send(name: str) -> None:
        media, _ = mimetypes.guess_type(name)
        blobs.put(name, (folder / name).read_bytes(), media=media)

    def leave_mark(**facts: object) -> None:
        content = json.dumps({**mark, **facts}, indent=2) + "\n"
        blobs.put(MARK, content.encode(), media="application/json")

    leave_mark(fingerprint=None, files=sorted({*earlier, *names}))
    with ThreadPoolExecutor(UPLOADS) as pool:
        list(pool.map(send, (name for name in names if name != PAGE)))
    send(PAGE)
    for name in earlier - set(names):
        blobs.delete(name)
    leave_mark(files=names)


def _earlier_files(blobs: Blobs) -> set[str]:
    """Names of the files of the earlier report, by its mark; by its page if the mark lists none.

    Both are data, and name nothing but figures and tables.
    """
    try:
        names = json.loads(blobs.get(MARK) or b"{}").get("files")
        if names is None:
            names = FIGURE.findall((blobs.get(PAGE) or b"").decode())
        return {name for name in names if isinstance(name, str) and FILE.fullmatch(name)}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return set()
