"""Keys that obstore cannot express, e.g. ``photos//1.jpg``, and folders of buckets without them.

One such key fails the whole listing of obstore (its issue 429). PyArrow lists them, but gives no
entity tags, for which each object is asked; so this is only for folders where obstore fails.
"""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor

from zpoints.storage.backend.buckets.bucket import Bucket, IrregularKeyError, StoredObject
from zpoints.storage.backend.interpreter_exit import NATIVE_CALLS

REQUESTS = 32
"""Objects asked for at the same time."""

_NO_LETTER = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and bytes of a name on a disk that are not UTF-8."""


def is_irregular(key: str) -> bool:
    """Whether a key, or the path of a file in a local root, has a part that is not a name.

    Examples
    --------
    >>> [is_irregular(key) for key in ("a/b.jpg", "a//b.jpg", "/b.jpg", "a/../b.jpg", "")]
    [False, True, True, True, False]
    """
    parts = key.split("/") if key else ()
    return any(part in ("", ".", "..") or _NO_LETTER.search(part) for part in parts)


def folder_without_irregular_keys(
    bucket: Bucket, folder: str
) -> tuple[list[StoredObject], list[str], list[str]]:
    """Objects and folders directly inside a folder, and irregular keys that are left out.

    Parameters
    ----------
    bucket
        The bucket.
    folder
        Path in the bucket; empty for its top.

    Returns
    -------
    tuple
        As from `Bucket.folder`, and the irregular keys at any depth in the folder, on Azure those
        directly in it, where all keys below `folder//` are one; none if obstore can list it.

    Raises
    ------
    IrregularKeyError
        If the folder holds such a key and PyArrow cannot list it.
    """
    try:
        return *bucket.folder(folder), []
    except IrregularKeyError as error:
        try:
            found = list(_found(bucket, folder))
        except (ImportError, OSError, ValueError):  # it lacks the service or its credentials
            raise error from None
        return _regular(bucket, folder, found)


def _regular(
    bucket: Bucket, folder: str, found: Iterable[tuple[str, bool]]
) -> tuple[list[StoredObject], list[str], list[str]]:
    beneath = f"{folder}/" if folder else ""
    names: set[str] = set()
    folders: set[str] = set()
    irregular: list[str] = []
    for key, is_folder in found:
        inner = key.removeprefix(beneath)
        first, slash, _ = inner.partition("/")
        if key == folder:  # PyArrow takes off all slashes at the end
            irregular.append(f"{key}//" if key else "/")
        elif is_irregular(inner):
            irregular.append(key)
        elif slash or is_folder:
            folders.add(beneath + first)
        else:
            names.add(key)
    with ThreadPoolExecutor(REQUESTS) as pool:
        objects = pool.map(bucket.find, sorted(names))
    regular = [it for it in objects if it is not None and (it.size or it.key not in folders)]
    return regular, sorted(folders), irregular


def _found(bucket: Bucket, folder: str) -> Iterator[tuple[str, bool]]:
    """Keys in a folder, and whether each is that of a folder, which is listed on Azure only."""
    from pyarrow.fs import FileSelector, FileType

    service = bucket.service
    place = f"{bucket.name}/{folder}".rstrip("/")
    selector = FileSelector(place, recursive=service.lists_deeply, allow_not_found=True)
    with NATIVE_CALLS:
        found = service.file_system().get_file_info(selector)
    for info in found:
        if info.type == FileType.File or not service.lists_deeply:
            yield info.path.removeprefix(bucket.name).removeprefix("/"), info.type != FileType.File
