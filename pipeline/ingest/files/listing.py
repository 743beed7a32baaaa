"""Photographs in a folder, a bucket or an archive, listed without reading any."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.archive import ArchivePath
from zpoints.pipeline.ingest.files.file_names import is_foreign, is_photograph
from zpoints.pipeline.ingest.files.listed_path import Entry, ListedPath
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.files.photographs import FolderFiles
from zpoints.pipeline.ingest.limits import refuse_bytes
from zpoints.pipeline.progress import counted
from zpoints.storage.marks import (
    MARK_BYTES,
    REPORT_FIGURES,
    REPORT_TABLES,
    STORE_FOLDERS,
    Result,
    read_mark,
    result_kind,
)

EXAMPLES = 3
"""Other files that a note names."""


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
    results
        Pictures that zpoints wrote, by what they are part of, e.g. ``the store runs/faces``.
    remarks
        Lines about files that a bucket or an archive does not list.
    paths
        By name: the path in the listed folder, where it is not the name.
    """

    files: PhotographFiles
    keys: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    results: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)
    paths: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self.keys))

    @property
    def inner_paths(self) -> tuple[str, ...]:
        """Path in the listed folder of each of `names`."""
        return tuple(self.paths.get(name, name) for name in self.names)

    def add(self, name: str, entry: Entry) -> None:
        """Add a photograph, or refuse it: by its declared size, before anything is read."""
        try:
            refuse_bytes(entry.size)
        except PhotographError as error:
            entry = replace(entry, reason=str(error))
        if entry.reason:
            self.refused.append(Refused(name, entry.signature, entry.reason))
        else:
            self.keys[name], self.signatures[name] = entry.key, entry.signature

    def notes(self) -> list[str]:
        """Lines about files that were left out, one for each reason."""
        lines = list(self.remarks)
        if self.others:
            lines.append(
                f"{counted(len(self.others), 'other file')} left out, e.g. "
                f"{', '.join(_examples(self.others))}."
            )
        if self.results:
            lines.append(
                f"{counted(self.results.total(), 'picture')} left out that zpoints wrote, "
                f"in {', '.join(sorted(self.results))}."
            )
        return lines


def _examples(names: Sequence[str]) -> list[str]:
    """One name for each suffix, the most frequent suffixes first."""
    suffixes = [os.path.splitext(name)[1].lower() for name in sorted(names)]
    first = dict(zip(reversed(suffixes), sorted(names, reverse=True), strict=True))
    return [first[suffix] for suffix, _ in Counter(suffixes).most_common(EXAMPLES)]


def list_folder(folder: SourcePath, *, nested: bool) -> Listing:
    """List the photographs in a folder, and in its subfolders if `nested`, by relative path.

    Stores, reports, exports and synthetic trees of zpoints in subfolders are left out. Links are
    followed. A folder that several paths lead to is listed once, so that a link to a parent
    terminates. Photographs in an archive are named without folders if these names are distinct.

    Raises
    ------
    SourceError
        If the folder or a subfolder cannot be listed, or the folder is a store.
    """
    if not isinstance(folder, ListedPath):
        return _list_disk(folder, nested=nested)
    listing = _list_listed(folder, nested=nested)
    return _shortened(listing) if isinstance(folder, ArchivePath) else listing


def _list_disk(folder: Path, *, nested: bool) -> Listing:
    listing = Listing(FolderFiles(folder))
    seen = set()
    pending = [("", "")]
    while pending:
        inner, part = pending.pop()
        identity = _identity(folder / inner)
        if identity in seen:
            continue
        seen.add(identity)
        entries = {entry.name: entry for entry in _entries(folder / inner)}
        folders = sorted(name for name, entry in entries.items() if _is_folder(entry))
        files = entries.keys() - set(folders)
        kind = result_kind(files, folders, _disk_marks(folder / inner))
        part = part or _results(folder, inner, kind)
        for name in sorted(files):
            if not is_photograph(name):
                listing.others += [] if part else [inner + name]
            elif part:
                listing.results[part] += 1
            else:
                _add_file(listing, inner + name, entries[name])
        if nested:
            pending += reversed(list(_subfolders(inner, folders, kind, part)))
    return listing


def _list_listed(folder: ListedPath, *, nested: bool) -> Listing:
    """List a folder of a bucket or an archive, the subfolders of one depth together."""
    listing = Listing(folder.reader())
    level = [("", "")]
    while level:
        folder.fill([(folder / inner).key for inner, _ in level])
        inside: list[tuple[str, str]] = []
        for inner, part in level:
            home = folder / inner
            folders = [at.name for at in home.folders() if not is_foreign(at.name)]
            kind = result_kind(home.files().keys(), folders, _listed_marks(home))
            part = part or _results(folder, inner, kind)
            for name, entry in home.entries():
                if is_foreign(name):
                    continue
                if not is_photograph(name):
                    listing.others += [] if part else [inner + name]
                elif part:
                    listing.results[part] += 1
                else:
                    listing.add(inner + name, entry)
            inside += _subfolders(inner, folders, kind, part)
        level = inside if nested else []
    listing.remarks = folder.notes()
    return listing


def _results(folder: SourcePath, inner: str, kind: Result) -> str:
    """What zpoints wrote into a subfolder, e.g. ``the store runs/faces``; empty if nothing.

    A report or an export that is the source itself was named by the user, who means its pictures.
    """
    if kind == "store" and not inner:
        raise SourceError(
            f"{folder} is a store of zpoints. Expected the folder of the photographs; name that "
            "as ingest.source."
        )
    return f"the {kind} {inner.rstrip('/')}" if kind and inner else ""


def _subfolders(
    inner: str, folders: Iterable[str], kind: Result, part: str
) -> Iterator[tuple[str, str]]:
    """Paths of the subfolders to list, and the results of zpoints that they are part of."""
    for name in folders:
        if kind == "store" and name in STORE_FOLDERS:
            continue  # they hold no pictures, but a great many files
        written = kind == "report" and name in (REPORT_FIGURES, REPORT_TABLES)
        yield f"{inner}{name}/", part or (f"the report {inner or '.'}" if written else "")


def _disk_marks(home: Path) -> Callable[[str], bytes | None]:
    return lambda name: read_mark(home / name)


def _listed_marks(home: ListedPath) -> Callable[[str], bytes | None]:
    def read(name: str) -> bytes | None:
        try:
            return (home / name).read_bytes(MARK_BYTES)
        except OSError:
            return None

    return read


def _shortened(listing: Listing) -> Listing:
    """The listing of an archive with names without folders, if these are distinct."""
    names = {path: path.rpartition("/")[2] for path in listing.keys}
    names |= {it.name: it.name.rpartition("/")[2] for it in listing.refused}
    if len(set(names.values())) < len(names):
        return listing
    return replace(
        listing,
        keys={names[path]: key for path, key in listing.keys.items()},
        signatures={names[path]: text for path, text in listing.signatures.items()},
        refused=[replace(it, name=names[it.name]) for it in listing.refused],
        paths={names[path]: path for path in listing.keys},
    )


def _add_file(listing: Listing, name: str, entry: os.DirEntry[str]) -> None:
    try:
        size, signature = _signature(entry)
        listing.add(name, Entry(name, size, signature))
    except PhotographError as error:
        # The name may contain bytes that are not UTF-8.
        readable = name.encode(errors="backslashreplace").decode()
        listing.refused.append(Refused(readable, "", str(error)))


def _signature(entry: os.DirEntry[str]) -> tuple[int, str]:
    """Size of a file, and a text that changes when the file does."""
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
    return info.st_size, f"{info.st_size}-{info.st_mtime_ns}{denied}"


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if not is_foreign(entry.name))
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
