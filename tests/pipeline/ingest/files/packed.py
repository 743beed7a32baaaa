"""Folders of photographs, packed into archives."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def packed(tree: Path, suffix: str, *, top: str = "") -> Path:
    """An archive ``packed<suffix>`` of a folder, in a folder of its own next to the tree.

    Parameters
    ----------
    tree
        The folder.
    suffix
        One of `ARCHIVES`.
    top
        Folder in the archive that the files are in, with a slash; empty for its top.
    """
    files = {
        f"{top}{path.relative_to(tree).as_posix()}": path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file()
    }
    home = tree.parent / f"{tree.name}-packed"
    home.mkdir(exist_ok=True)
    return pack(home / f"packed{suffix}", files)


def pack(archive: Path, files: Mapping[str, bytes]) -> Path:
    """Write an archive of the kind that its suffix names."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in files.items():
                zipped.writestr(name, content)
        return archive
    compression = {"gz": "gz", "tgz": "gz", "bz2": "bz2", "xz": "xz"}.get(archive.suffix[1:], "")
    with tarfile.open(archive, f"w:{compression}") as tar:
        for name, content in files.items():
            tar.addfile(regular(name, len(content)), io.BytesIO(content))
    return archive


def regular(name: str, size: int) -> tarfile.TarInfo:
    """The header of a file in a tar archive, without a time, as reproducible builds write it."""
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """The header of a link in a tar archive."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member
