"""Finds files in the folder of an earlier export that the export did not write."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

from zpoints.storage.marks import EXPORT_MARK, read_mark
from zpoints.storage.text import one_line

ZARR = re.compile(r"zarr\.json|[^/]+/(zarr\.json|c(/\d+)*)")
"""Files of a group of arrays in Zarr's format 3."""
PICTURE = re.compile(r"(?s).*\.(png|jpg)")
PICTURES = "pictures"
"""Key of a mark: the number of picture files."""


def other_files(folder: Path) -> str:
    """What the folder of an export holds beside the export, for a message; empty if nothing.

    Parameters
    ----------
    folder
        A folder that `zpoints.storage.marks` recognises as an export.
    """
    names = sorted(_files(folder))
    pictures = EXPORT_MARK in names
    own = PICTURE if pictures else ZARR
    for name in names:
        if not own.fullmatch(name) and not (pictures and name == EXPORT_MARK):
            return one_line(name)
    more = len(names) - 1 - _pictures(folder) if pictures else 0
    return f"{more:,} more pictures than it wrote" if more > 0 else ""


def _files(folder: Path) -> Iterator[str]:
    """Paths of all files under a folder, and of links to folders."""
    for place, folders, files in os.walk(folder):
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in (*files, *links):
            yield Path(place, name).relative_to(folder).as_posix()


def _pictures(folder: Path) -> int:
    """Number of pictures that the mark states; 0 if it states none."""
    stated = json.loads(read_mark(folder / EXPORT_MARK) or b"{}").get(PICTURES)
    return stated if isinstance(stated, int) else 0
