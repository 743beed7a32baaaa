"""What lies at, below and next to a place that has no store, for messages about it."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from zpoints.storage.backend.buckets.bucket import Bucket
from zpoints.storage.backend.buckets.schemes import in_bucket, split_url
from zpoints.storage.errors import PlaceError, StoreError, nearest
from zpoints.storage.marks import result_kind_of
from zpoints.storage.text import one_line

DEPTH = 3
"""Levels of folders below the place that are searched."""
MOST_FOLDERS = 300
"""Folders that are looked into; a folder of photographs may hold many more."""
MOST_ENTRIES = 2_000
"""Entries of a folder that are looked at."""
MOST_PREFIXES = 30
"""The same in a bucket, where each is a request."""
SHOWN, NAMES = 5, 3
"""Stores, and names of other files, that a message lists."""


def stores_nearby(root: str) -> str:
    """Which stores lie below, above or next to a root without a store, as sentences to act on.

    Parameters
    ----------
    root
        Absolute path, or a URL of a prefix in a bucket.

    Returns
    -------
    str
        Empty if no store is near.
    """
    below = _below_prefix(root) if in_bucket(root) else _below(Path(root))
    if below:
        shown = ", ".join(map(one_line, below[:SHOWN]))
        more = ", ..." if len(below) > SHOWN else ""
        count = f"{len(below)} stores" if len(below) > 1 else "1 store"
        return f"It contains {count}: {shown}{more}. Name {'one' if len(below) > 1 else 'it'}."
    if in_bucket(root):
        return ""
    for parent in Path(root).parents:
        if result_kind_of(parent) == "store":
            return f"It is a part of the store {one_line(str(parent))}; name that."
    siblings = {path.name: path for path in _folders(Path(root).parent) if _is_store(path)}
    alike = nearest(Path(root).name, siblings)
    return f"Did you mean {one_line(str(siblings[alike[0]]))}?" if alike else ""


def occupied(root: str, why: str) -> PlaceError:
    """The error of a local folder that is not free for a new store."""
    path = Path(root)
    # Some names, since a file manager may have hidden them.
    names = some(it.name for it in path.iterdir()) if path.is_dir() else ""
    return PlaceError(
        f"A store cannot be created at {root}: expected a new or empty folder ({why}"
        f"{': ' * bool(names)}{names}). Name another one with --root."
    )


def some(names: Iterable[str]) -> str:
    """The first names, as one line."""
    return one_line(", ".join(sorted(names)[:NAMES]))


def _below(root: Path) -> list[str]:
    """Local stores below a folder, level by level; stores are not searched."""
    found, level, looked = list[str](), [root], 0
    for _ in range(DEPTH):
        following = list[Path]()
        for folder in level:
            for inner in _folders(folder):
                looked += 1
                if looked > MOST_FOLDERS:
                    return sorted(found)
                if _is_store(inner):
                    found.append(str(inner))
                else:
                    following.append(inner)
        level = following
    return sorted(found)


def _folders(folder: Path) -> Iterator[Path]:
    """Folders in a folder, without hidden ones and links; none if it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            for count, entry in enumerate(entries):
                if count >= MOST_ENTRIES:
                    return
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                    yield Path(entry.path)
    except OSError:
        return


def _is_store(folder: Path) -> bool:
    try:
        return (folder / "refs").is_dir() and result_kind_of(folder) == "store"
    except OSError:
        return False


def _below_prefix(root: str) -> list[str]:
    """Stores directly below a prefix; none if it cannot be listed."""
    bucket, prefix = Bucket.of(root), split_url(root)[2]
    try:
        _, folders = bucket.folder(prefix)
        return [
            f"{bucket}/{folder}"
            for folder in folders[:MOST_PREFIXES]
            if {"refs", "snapshots"} <= {PurePosixPath(it).name for it in bucket.folder(folder)[1]}
        ]
    except StoreError:
        return []
