"""Finds files in the folders of a store that other programs have left there."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.buckets.bucket import IrregularKeyError
from zpoints.storage.backend.location import OBJECT_NAME, Location
from zpoints.storage.backend.refs import REF
from zpoints.storage.marks import STORE_FOLDERS
from zpoints.storage.text import one_line
from zpoints.storage.verify.chunks import Finding

SHOWN = 5
"""Names in the message; the others are counted."""
OWN = re.compile(r"zpoints\..*|touched\.json")
"""Files of zpoints directly in the root."""
UNFINISHED = re.compile(r".*#\d+")
"""A file whose writer died; Icechunk never reads it."""


def foreign_files(location: Location) -> list[Finding]:
    """A note about foreign files in the root, in `jobs` and in the folders of Icechunk, if any.

    Parameters
    ----------
    location
        A store.
    """
    try:
        found = sorted(name for name in _names(location) if _foreign(name))
    except IrregularKeyError as error:
        return [Finding("note", location.root, str(error))]
    if not found:
        return []
    more = f" and {len(found) - SHOWN:,} more" if len(found) > SHOWN else ""
    listed = ", ".join(map(one_line, found[:SHOWN])) + more
    message = f"{listed}: left by another program; zpoints does not change such files."
    return [Finding("note", location.root, message)]


def _names(location: Location) -> Iterator[str]:
    """Paths under the root of all files that could be foreign."""
    for folder in ("", "jobs"):
        yield from (f"{folder}/{name}".lstrip("/") for name in _files(location, folder))
    for folder in STORE_FOLDERS:
        if not location.is_local:
            yield from Blobs(location.root).names(folder)
            continue
        for place, folders, files in os.walk(Path(location.root, folder)):
            links = [it for it in folders if Path(place, it).is_symlink()]
            for file in (*files, *links):
                yield Path(place, file).relative_to(location.root).as_posix()


def _files(location: Location, folder: str) -> list[str]:
    """Names of the files directly in a folder of the root."""
    if not location.is_local:
        objects, _ = location.bucket.folder(f"{location.prefix}/{folder}".rstrip("/"))
        return [it.key.rpartition("/")[2] for it in objects]
    path = Path(location.root, folder)
    return [it.name for it in path.iterdir() if not it.is_dir()] if path.is_dir() else []


def _foreign(name: str) -> bool:
    """Whether a path under the root is not that of a file of the store."""
    folder, _, rest = name.partition("/")
    if UNFINISHED.fullmatch(name) or (folder in STORE_FOLDERS and not rest):
        return False
    if folder == "refs":
        return not REF.fullmatch(name.removesuffix(".deleted"))
    if folder in STORE_FOLDERS:
        return not OBJECT_NAME.fullmatch(rest)
    return not OWN.fullmatch(name)
