"""Photographs in a folder, a bucket or an archive, listed without reading any."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.bucket import S3Path, entry_stamp, list_folders
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.files.photographs import (
    BucketFiles,
    FolderFiles,
    PhotographFiles,
    ZipFiles,
    opened_zip,
    zip_stamp,
)
from zpoints.pipeline.progress import counted

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".avif", ".gif"),
    *(".bmp", ".tif", ".tiff", ".ppm", ".pgm", ".pnm", ".jp2", ".tga"),
)
FOREIGN = ("__MACOSX", "@eaDir")  # left by macOS and file servers


@dataclass(frozen=True)
class Refused:
    """A photograph that the listing alone shows to be unusable."""

    name: str
    signature: str
    reason: str


@dataclass
class Listing:
    """Photographs by name.

    Attributes
    ----------
    files
        Reads the photographs.
    keys, signatures
        By name: the argument of ``files.read``, and a text that changes when the file does.
    refused
        Photographs that cannot be used.
    others
        Files without a suffix of photographs, except hidden ones.
    """

    files: PhotographFiles
    keys: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.keys))

    def add(self, name: str, key: str, signature: str) -> None:
        """Add a photograph.

        Parameters
        ----------
        name
            Name, unique in the listing.
        key
            Argument of ``files.read``.
        signature
            Text that changes when the file does.
        """
        self.keys[name] = key
        self.signatures[name] = signature

    def notes(self) -> list[str]:
        """At most one line, about files that were left out."""
        if not self.others:
            return []
        return [f"{counted(len(self.others), 'other file')} left out, e.g. {min(self.others)}."]


def list_folder(folder: SourcePath, *, nested: bool) -> Listing:
    """List the photographs in a folder, and in its subfolders if `nested`, by relative path.

    Links are followed. A folder that several paths lead to is listed once, so that a link to a
    parent terminates.

    Raises
    ------
    SourceError
        If the folder or a subfolder cannot be listed.
    """
    if isinstance(folder, S3Path):
        return _list_bucket(folder, nested=nested)
    listing = Listing(FolderFiles(folder))
    seen = set()
    pending = [""]
    while pending:
        inner = pending.pop()
        identity = _identity(folder / inner)
        if identity in seen:
            continue
        seen.add(identity)
        folders = []
        for entry in _entries(folder / inner):
            if not _is_folder(entry):
                _add_file(listing, inner + entry.name, entry)
            elif nested:
                folders.append(f"{inner}{entry.name}/")
        pending += sorted(folders, reverse=True)
    return listing


def _list_bucket(folder: S3Path, *, nested: bool) -> Listing:
    """List a folder of a bucket; the subfolders of one depth are listed concurrently."""
    listing = Listing(BucketFiles(folder.bucket))
    level = [folder]
    while level:
        for home in level:
            inner = f"{home}/".removeprefix(f"{folder}/")
            for name, entry in home.files().items():
                if _is_foreign(name):
                    continue
                if _is_photograph(name):
                    key = f"{entry.key}#{entry.tag}"
                    listing.add(inner + name, key, entry_stamp(entry))
                else:
                    listing.others.append(inner + name)
        level = [f for f in list_folders(level) if not _is_foreign(f.name)] if nested else []
    return listing


def list_zip(archive: SourcePath) -> Listing:
    """List the photographs in a zip archive by their names without folders.

    Raises
    ------
    SourceError
        If the archive is incomplete.
    """
    stamp = zip_stamp(archive)
    listing = Listing(ZipFiles(archive, stamp))
    members = {m.filename: m for m in opened_zip(archive, stamp).infolist() if not m.is_dir()}
    for path in sorted(members):
        *folders, name = path.split("/")
        signature = f"{members[path].file_size}-{members[path].CRC:08x}"
        if any(_is_foreign(part) for part in (*folders, name)):
            continue
        if not _is_photograph(name):
            listing.others.append(path)
        elif name in listing.keys:
            # Without folders, its path would equal the name of the first one.
            distinct = path if folders else f"./{path}"
            first = listing.keys[name]
            reason = f"the archive holds a photograph of the same name, {first}; rename one of them"
            listing.refused.append(Refused(distinct, signature, reason))
        else:
            listing.add(name, path, signature)
    return listing


def _add_file(listing: Listing, name: str, entry: os.DirEntry[str]) -> None:
    if not _is_photograph(entry.name):
        listing.others.append(name)
        return
    try:
        listing.add(name, name, _signature(entry))
    except PhotographError as error:
        # The name may contain bytes that are not UTF-8.
        readable = name.encode(errors="backslashreplace").decode()
        listing.refused.append(Refused(readable, "", str(error)))


def _signature(entry: os.DirEntry[str]) -> str:
    try:
        info = entry.stat()
    except OSError as error:
        if not entry.is_symlink():
            raise _unlistable(Path(entry), error) from error
        raise PhotographError(
            f"the link cannot be followed ({error.strerror}); repair it or remove it"
        ) from error
    if not stat.S_ISREG(info.st_mode):
        raise PhotographError("not a regular file; replace it by one or remove it")
    try:
        entry.path.encode()
    except UnicodeEncodeError as error:
        raise PhotographError("the file's name is not UTF-8; rename the file") from error
    # The signature changes with the permission, so that a photograph is retried once readable.
    denied = "" if os.access(entry.path, os.R_OK) else "-denied"
    return f"{info.st_size}-{info.st_mtime_ns}{denied}"


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not _is_foreign(entry.name))
    except OSError as error:
        raise _unlistable(folder, error) from error


def _unlistable(path: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{path} cannot be listed ({error}). Expected a readable folder of photographs; "
        "grant access to it, or remove it."
    )


def _identity(folder: Path) -> tuple[int, int]:
    """Device and inode, the same for all links to a folder."""
    try:
        info = folder.stat()
    except OSError as error:
        raise _unlistable(folder, error) from error
    return info.st_dev, info.st_ino


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a broken link
        return False


def _is_foreign(name: str) -> bool:
    return name.startswith(".") or name in FOREIGN


def _is_photograph(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES
