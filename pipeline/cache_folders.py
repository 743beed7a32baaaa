"""Folders for the caches of libraries where the user has no home, as in many containers.

Numba refuses to load functions that it cannot cache, and Matplotlib prints a warning.
"""

import os
import stat
import tempfile
from pathlib import Path

CACHES = {"NUMBA_CACHE_DIR": "numba", "MPLCONFIGDIR": "matplotlib"}
"""Environment variables that name the folders, and the names of the folders."""
OTHERS = 0o077
"""Permissions of other users; Numba executes what is in its cache."""


def provide_cache_folders() -> None:
    """Name a private folder for temporary files to both libraries if there is no home folder."""
    homes = (os.environ.get("XDG_CACHE_HOME", "~/.cache"), "~/.config")
    if all(name in os.environ for name in CACHES) or all(map(_can_be_written, homes)):
        return
    try:
        folder = _private_folder()
    except OSError:  # no folder for temporary files: the libraries report it if they need one
        return
    for variable, name in CACHES.items():
        os.environ.setdefault(variable, str(folder / name))


def cache_folder() -> Path:
    """Folder for what zpoints keeps for this user: `zpoints` in the cache folder of the home.

    Raises
    ------
    OSError
        If there is no home folder and none for temporary files.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "zpoints" if _can_be_written(home) else _private_folder()


def _can_be_written(folder: str) -> bool:
    """Whether a folder can be created or written to."""
    path = Path(os.path.expanduser(folder))
    if not path.is_absolute():  # ~ stays where the home folder is unknown
        return False
    existing = next(parent for parent in (path, *path.parents) if os.path.lexists(parent))
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def _private_folder() -> Path:
    """A folder for temporary files that no other user can change; the same for all processes."""
    folder = Path(tempfile.gettempdir(), f"zpoints-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
        if not own or found.st_mode & OTHERS:
            return Path(tempfile.mkdtemp(prefix="zpoints-"))
    return folder
