"""The mark of an export, and files in its folder that the export did not write."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from zpoints.storage.marks import EXPORT_MARK, read_mark
from zpoints.storage.store import Store
from zpoints.storage.text import one_line

ZARR = re.compile(r"zarr\.json|[^/]+/(zarr\.json|c(/\d+)*)")
"""Files of a group of arrays in Zarr's format 3."""
WRITTEN = re.compile(r"(?s).*\.(png|jpg)|[^/]+\.(parquet|csv|npy)")
"""Files of an export with a mark: pictures, in folders, too, or tables and arrays."""
FILES = "files"
"""Key of a mark: the number of files next to it."""


def leave_mark(folder: Path, store: Store, group: str) -> None:
    """Write the mark of an export that is complete otherwise.

    Parameters
    ----------
    folder
        The folder of the export.
    store, group
        What was exported.
    """
    files = sum(1 for _ in _files(folder))
    origin = {"store": store.root, "version": store.version, "group": group, FILES: files}
    (folder / EXPORT_MARK).write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")


def other_files(folder: Path) -> str:
    """What the folder of an export holds beside the export, for a message; empty if nothing.

    Parameters
    ----------
    folder
        A folder that `zpoints.storage.marks` recognises as an export.
    """
    names = sorted(_files(folder))
    marked = EXPORT_MARK in names
    own = WRITTEN if marked else ZARR
    for name in names:
        if not own.fullmatch(name) and not (marked and name == EXPORT_MARK):
            return one_line(name)
    more = len(names) - 1 - _stated_files(folder) if marked else 0
    return f"{more:,} more files than it wrote" if more > 0 else ""


def _files(folder: Path) -> Iterator[str]:
    """Paths of all files under a folder, and of links to folders."""
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*files, *links):
            yield Path(place, name).relative_to(folder).as_posix()


def _stated_files(folder: Path) -> int:
    """Number of files that the mark states; 0 if it states none."""
    stated = json.loads(read_mark(folder / EXPORT_MARK) or b"{}").get(FILES)
    return stated if isinstance(stated, int) else 0
