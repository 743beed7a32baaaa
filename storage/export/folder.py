"""Checks the local folder that an export is written to."""

import os
import re
from pathlib import Path

from zpoints.storage.backend.local_path import local_path
from zpoints.storage.errors import PlaceError

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""A URL, also after `pathlib` has removed one of its slashes; not C:/ of Windows."""


def local_folder(chosen: str | os.PathLike[str]) -> Path:
    """The absolute path of a folder on this machine.

    Raises
    ------
    PlaceError
        If `chosen` is a URL, which would become a folder named `s3:`.
    PathError
        If the path names a home folder that does not exist.

    Examples
    --------
    >>> local_folder("/data/faces").as_posix()
    '/data/faces'
    """
    text = os.fspath(chosen)
    if URL.match(text):
        raise PlaceError(
            f"{text} is not a local folder. Export to a local folder and copy that afterwards."
        )
    return local_path(text).absolute()
