"""Recognises folders that zpoints wrote: stores, reports, exports and synthetic trees."""

import json
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Literal

from zpoints.storage.schema.provenance import PROVENANCE

EXPORT_MARK = "_export.json"
"""File in a folder of exported tables, arrays or pictures that names their store, version and
group. Readers of whole folders skip names that begin with an underscore, as Arrow and Spark do."""
REPORT_MARK = "report.json"
"""File in the folder of a report that names its version and settings."""
REPORT_FIGURES = "figures"
"""Folder of the pictures of a report."""
REPORT_TABLES = "tables"
"""Folder of the tables of a report, as CSV files."""
REPORT_POINTS = "points.html"
"""Page of the z-points of a report."""
SYNTHETIC_MARK = "synthesize.json"
"""File in a tree of synthetic photographs that names their number and seed."""
GROUP_MARK = "zarr.json"
"""Zarr's metadata; an exported group has the store's attributes there."""
STORE_MARK = "refs/branch.main/ref.json"
"""Icechunk's pointer to the newest version of a store."""
STORE_FOLDERS = ("chunks", "manifests", "refs", "snapshots", "transactions")
"""Folders in which Icechunk keeps a store."""
MARK_BYTES = 1 << 24
"""A mark is smaller; a larger file of the same name is somebody else's."""

Result = Literal["", "store", "report", "export", "synthetic tree"]


def result_kind(
    files: Collection[str], folders: Collection[str], read: Callable[[str], bytes | None]
) -> Result:
    """What zpoints wrote to a folder; empty if somebody else made the folder.

    A file of the right name proves nothing, since other programs write files of the same names: the
    content has to be that of zpoints.

    Parameters
    ----------
    files, folders
        Names of the files and folders in the folder.
    read
        Content of a file, by its path in the folder; None if it is absent, unreadable or longer
        than `MARK_BYTES`.
    """
    if {"refs", "snapshots"} <= set(folders) and read(STORE_MARK) is not None:
        return "store"
    if REPORT_MARK in files and _has(read(REPORT_MARK), "version", "report", "title"):
        return "report"
    if EXPORT_MARK in files and _has(read(EXPORT_MARK), "store", "version", "group"):
        return "export"
    made = ("attributes", PROVENANCE)
    if GROUP_MARK in files and _has(read(GROUP_MARK), "stage", "fingerprint", within=made):
        return "export"
    if SYNTHETIC_MARK in files and _has(read(SYNTHETIC_MARK), "renderer", "count", "seed"):
        return "synthetic tree"
    return ""


def result_kind_of(folder: Path) -> Result:
    """`result_kind` of a folder on a disk; empty if it cannot be listed."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return ""
    folders = {entry.name for entry in entries if entry.is_dir()}
    files = {entry.name for entry in entries} - folders
    return result_kind(files, folders, lambda name: read_mark(folder / name))


def read_mark(path: Path) -> bytes | None:
    """Content of a mark on a disk; None if it is absent, unreadable or too long for one."""
    try:
        if not path.is_file() or path.stat().st_size > MARK_BYTES:
            return None
        return path.read_bytes()
    except OSError:
        return None


def _has(content: bytes | None, *keys: str, within: tuple[str, ...] = ()) -> bool:
    """Whether a JSON text is an object with these keys, or has one at the path ``within``."""
    try:
        found = json.loads(content or b"")
    except (ValueError, RecursionError):
        return False
    for key in within:
        found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, str):  # as xarray writes a dataset of a store
            return _has(found.encode(), *keys)
    return isinstance(found, dict) and set(keys) <= set(found)
