"""Keys that obstore cannot express, e.g. ``photos//1.jpg``, and folders of buckets without them.

One such key fails the whole listing of obstore (its issue 429). PyArrow lists them, but gives no
entity tags, for which each object is asked; so this is only for folders where obstore fails.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from zpoints.storage.backend.buckets.bucket import Bucket, IrregularKeyError, StoredObject
from zpoints.storage.backend.buckets.s3 import S3
from zpoints.storage.backend.buckets.service import is_set

REQUESTS = 32
"""Objects asked for at the same time."""
CONNECT_SECONDS = 5

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
        As from `Bucket.folder`, and the irregular keys at any depth in the folder; none if obstore
        can list it.

    Raises
    ------
    IrregularKeyError
        If the folder holds such a key and is not on S3.
    """
    try:
        return *bucket.folder(folder), []
    except IrregularKeyError:
        service = bucket.service
        if not isinstance(service, S3):
            raise
        return _regular(bucket, service, folder)


def _regular(
    bucket: Bucket, server: S3, folder: str
) -> tuple[list[StoredObject], list[str], list[str]]:
    beneath = f"{folder}/" if folder else ""
    names: set[str] = set()
    folders: set[str] = set()
    irregular: list[str] = []
    for key in _keys(bucket, server, folder):
        inner = key.removeprefix(beneath)
        first, slash, _ = inner.partition("/")
        if key == folder:  # PyArrow takes off all slashes at the end
            irregular.append(f"{key}//")
        elif is_irregular(inner):
            irregular.append(key)
        elif slash:
            folders.add(beneath + first)
        else:
            names.add(key)
    with ThreadPoolExecutor(REQUESTS) as pool:
        found = pool.map(bucket.find, sorted(names))
    objects = [it for it in found if it is not None and (it.size or it.key not in folders)]
    return objects, sorted(folders), irregular


def _keys(bucket: Bucket, server: S3, folder: str) -> Iterator[str]:
    """All keys in a folder, at any depth."""
    # Imported here, since it loads the AWS SDK.
    from pyarrow.fs import FileSelector, FileType, S3FileSystem

    anonymous = is_set("AWS_SKIP_SIGNATURE")
    options: dict[str, Any] = {"anonymous": anonymous, "connect_timeout": CONNECT_SECONDS}
    if server.endpoint is not None:
        url = urlsplit(server.endpoint)
        options |= {"scheme": url.scheme, "endpoint_override": url.netloc.rpartition("@")[2]}
    if server.region is not None:
        options["region"] = server.region
    with bucket.reaching(folder):
        place = f"{bucket.name}/{folder}".rstrip("/")
        selector = FileSelector(place, recursive=True, allow_not_found=True)
        found = S3FileSystem(**options).get_file_info(selector)
    for info in found:
        if info.type == FileType.File:
            yield info.path.removeprefix(f"{bucket.name}/")
