"""Keys that obstore cannot express, e.g. ``photos//1.jpg``, and folders of buckets without them.

One such key fails the whole listing of obstore (its issue 429). PyArrow lists them, but gives no
entity tags, for which each object is asked; so this is only for folders where obstore fails.
"""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from zpoints.storage.backend.s3 import (
    SCHEME,
    Bucket,
    IrregularKeyError,
    S3Object,
    S3Server,
    reaching_s3,
)

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
) -> tuple[list[S3Object], list[str], list[str]]:
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
    """
    try:
        return *bucket.folder(folder), []
    except IrregularKeyError:
        return _regular(bucket, folder)


def _regular(bucket: Bucket, folder: str) -> tuple[list[S3Object], list[str], list[str]]:
    beneath = f"{folder}/" if folder else ""
    names: set[str] = set()
    folders: set[str] = set()
    irregular: list[str] = []
    for key in _keys(bucket, folder):
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


def _keys(bucket: Bucket, folder: str) -> Iterator[str]:
    """All keys in a folder, at any depth."""
    # Imported here, since it loads the AWS SDK.
    from pyarrow.fs import FileSelector, FileType, S3FileSystem

    server = S3Server.from_environment()
    options: dict[str, Any] = {"anonymous": _skips_signature(), "connect_timeout": CONNECT_SECONDS}
    if server.endpoint is not None:
        url = urlsplit(server.endpoint)
        options |= {"scheme": url.scheme, "endpoint_override": url.netloc.rpartition("@")[2]}
    if server.region is not None:
        options["region"] = server.region
    with reaching_s3(f"{SCHEME}{bucket.name}/{folder}"):
        place = f"{bucket.name}/{folder}".rstrip("/")
        selector = FileSelector(place, recursive=True, allow_not_found=True)
        found = S3FileSystem(**options).get_file_info(selector)
    for info in found:
        if info.type == FileType.File:
            yield info.path.removeprefix(f"{bucket.name}/")


def _skips_signature() -> bool:
    """Whether requests are anonymous, as obstore reads it from the environment."""
    return os.environ.get("AWS_SKIP_SIGNATURE", "").lower() in ("1", "true", "yes", "on", "y")
