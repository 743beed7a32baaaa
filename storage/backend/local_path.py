"""Paths on this machine, as users write them."""

import os
import sys
from pathlib import Path

from zpoints.storage.errors import PathError


def local_path(text: str | os.PathLike[str]) -> Path:
    """The path, with ``~`` replaced by the user's home folder.

    Raises
    ------
    PathError
        If the user has no home folder, as in many containers, or the path has a NUL character.
    """
    path = Path(text)
    if "\0" in str(path):
        raise PathError(f"Path {str(path)!r} has a NUL character, which no file system accepts.")
    try:
        return path.expanduser()
    except RuntimeError:
        raise PathError(
            f"Path {path} begins with a home folder that this machine does not know. Write the "
            "path without ~, or set the environment variable HOME to a folder that exists."
        ) from None


def utf8_path(text: str | os.PathLike[str]) -> Path:
    """The path, for libraries that take its name as UTF-8 while Python takes that of the locale.

    Raises
    ------
    PathError
        If there is no home folder, or the two names differ.
    """
    path = local_path(text)
    if os.fsencode(path) != str(path).encode(errors="surrogatepass"):
        raise PathError(
            f"Path {os.fsencode(path)!r} is not UTF-8 here (file names are read as "
            f"{sys.getfilesystemencoding()}); expected UTF-8. Set the environment variable "
            "PYTHONUTF8=1; if that does not help, rename the folder or name a link to it."
        )
    return path
