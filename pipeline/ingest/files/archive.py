"""Paths in an archive of photographs, which is read as the folder that it holds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.files.archive_file import archive_stamp
from zpoints.pipeline.ingest.files.listed_path import Entry, ListedPath
from zpoints.pipeline.ingest.files.members import Contents, arranged
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.files.ranges import Held, Ranges
from zpoints.pipeline.ingest.files.tar_files import TarFiles, tar_members, tar_window
from zpoints.pipeline.ingest.files.zip_files import ZipFiles, zip_members, zip_window
from zpoints.pipeline.ingest.limits import MOST_BYTES, check_size
from zpoints.pipeline.progress import counted

ZIP = (".zip",)
TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
SUFFIXES = (*ZIP, *TAR)
IN_MEMORY = 1 << 26
"""Bytes of the largest compressed member that is read in parts, from memory."""


@dataclass(frozen=True)
class ArchivePath(ListedPath):
    """A path in a zip or tar archive.

    Attributes
    ----------
    archive
        The archive.
    key
        Path in it; empty for its top.
    """

    archive: SourcePath
    key: str = ""
    known: Contents | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return ArchivePath, (self.archive, self.key)

    @cached_property
    def contents(self) -> Contents:
        return self.known or archive_contents(self.archive, archive_stamp(self.archive))

    def at(self, key: str) -> "ArchivePath":
        return ArchivePath(self.archive, key, self.contents)

    def listing(self, folder: str) -> tuple[Mapping[str, Entry], Sequence[str]]:
        return self.contents.folders.get(folder, ({}, ()))

    def fill(self, folders: Sequence[str]) -> None:
        pass  # the archive was listed as a whole

    def __str__(self) -> str:
        return f"{self.archive}/{self.key}".rstrip("/")

    @property
    def name(self) -> str:
        return super().name if self.key else self.archive.name

    @property
    def parent(self) -> SourcePath:
        """The folder around a path; for the top of the archive, the folder that holds it."""
        return super().parent if self.key else self.archive.parent

    def is_dir(self) -> bool:
        return not self.key or super().is_dir()

    def entries(self) -> Iterator[tuple[str, Entry]]:
        yield from self.files().items()

    def reader(self) -> PhotographFiles:
        kind = ZipFiles if is_zip(self.archive) else TarFiles
        return kind(self.archive, self.contents.stamp)

    def notes(self) -> list[str]:
        """Lines about members that are left out."""
        reasons = {
            "not a path inside the archive ('..')": self.contents.outside,
            "replaced by a later one of the same name": self.contents.repeated,
        }
        return [
            f"{self.archive.name}: {counted(len(names), 'member')} left out, {reason}, "
            f"e.g. {names[0]!r}; to have all photographs read, pack them under other names."
            for reason, names in reasons.items()
            if names
        ]

    def read_bytes(self, limit: int = MOST_BYTES) -> bytes:
        entry = self._entry()
        check_size(entry.size, limit)
        try:
            return self.reader().read(entry.key)
        except PhotographError as error:
            raise OSError(str(error)) from error

    def ranges(self) -> Ranges:
        entry, stamp = self._entry(), self.contents.stamp
        if not is_zip(self.archive):
            return tar_window(self.archive, stamp, entry.key)
        if (window := zip_window(self.archive, stamp, entry.key)) is not None:
            return window
        if entry.size > IN_MEMORY:
            raise OSError(
                f"its {entry.size:,} bytes are compressed in the archive and cannot be read in "
                "parts; unpack the archive, or pack it without compression"
            )
        return Held(self.read_bytes())

    def stamp(self) -> str:
        return self._entry().signature

    def _entry(self) -> Entry:
        home, _, name = self.key.rpartition("/")
        entry: Entry | None = self.listing(home)[0].get(name)
        if entry is None:
            raise FileNotFoundError(f"{self} does not exist")
        if entry.reason:
            raise OSError(entry.reason)
        return entry


def is_archive(path: SourcePath) -> bool:
    """Whether a path names an archive of a known kind, by its suffix."""
    return path.name.lower().endswith(SUFFIXES) and path.is_file()


def is_zip(path: SourcePath) -> bool:
    return path.name.lower().endswith(ZIP)


def as_folder(path: SourcePath) -> SourcePath:
    """The path itself, or the top of the archive that it names."""
    return ArchivePath(path) if is_archive(path) else path


@lru_cache(maxsize=4)
def archive_contents(archive: SourcePath, stamp: str) -> Contents:
    """List an archive once per process.

    Raises
    ------
    SourceError
        If the archive is damaged or incomplete, or has changed since it had the stamp.
    """
    members = zip_members if is_zip(archive) else tar_members
    return arranged(members(archive, stamp), stamp)
