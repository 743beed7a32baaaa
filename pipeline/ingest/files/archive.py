"""Paths in an archive of photographs, which is read as the folder that it holds."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.files.listed_path import Entry, ListedPath
from zpoints.pipeline.ingest.files.members import LONGEST_PATH, Contents, Member, arranged
from zpoints.pipeline.ingest.files.path import SourcePath, ranges
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.files.photographs import ZipFiles, archive_stamp, opened_zip
from zpoints.pipeline.ingest.files.ranges import Held, Ranges, Window
from zpoints.pipeline.ingest.files.tar_files import TarFiles, opened_tar, parse_key, tar_members
from zpoints.pipeline.ingest.limits import MOST_BYTES
from zpoints.pipeline.progress import counted

ZIP = (".zip",)
TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
SUFFIXES = (*ZIP, *TAR)
IN_MEMORY = 1 << 26
"""Bytes of the largest compressed member that is read in parts, from memory."""
LOCAL_HEADER = struct.Struct("<26x2H")
"""The lengths of name and extra field in a zip archive's local header of a member."""
UTF8_NAMES = 0x800  # flag of a zip member
EXTRA_HEADER = struct.Struct("<2H")
"""The kind of an extra field in a zip archive, and its length."""
UNICODE_PATH = 0x7075  # kind of an extra field


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
        if entry.size > limit:
            raise OSError(f"its {entry.size:,} bytes are more than {limit:,}")
        try:
            return self.reader().read(entry.key)
        except PhotographError as error:
            raise OSError(str(error)) from error

    def ranges(self) -> Ranges:
        entry, stamp = self._entry(), self.contents.stamp
        if not is_zip(self.archive):
            start, size, _ = parse_key(entry.key)
            return Window(opened_tar(self.archive, stamp), start, size)
        member = opened_zip(self.archive, stamp).getinfo(entry.key)
        if member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & 1:
            whole = ranges(self.archive)
            header = whole.read(member.header_offset, member.header_offset + LOCAL_HEADER.size)
            start = member.header_offset + LOCAL_HEADER.size + sum(LOCAL_HEADER.unpack(header))
            return Window(whole, start, member.file_size)
        if member.file_size > IN_MEMORY:
            raise OSError(
                f"its {member.file_size:,} bytes are compressed in the archive and cannot be read "
                "in parts; unpack the archive, or pack it without compression"
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
    members = _zip_members(archive, stamp) if is_zip(archive) else tar_members(archive, stamp)
    return arranged(members, stamp)


def _zip_members(archive: SourcePath, stamp: str) -> Iterator[Member]:
    """The members of a zip archive in their order, without folders."""
    files = ZipFiles(archive, stamp)
    for member in opened_zip(archive, stamp).infolist():
        name, size = _zip_name(member), member.file_size
        if name.replace("\\", "/").endswith("/"):
            continue
        if stat.S_ISLNK(member.external_attr >> 16) and size <= LONGEST_PATH:
            with suppress(PhotographError):
                target = files.read(member.filename).decode(errors="surrogateescape")
                yield Member(name, None, target, symbolic=True)
                continue
        yield Member(name, Entry(member.filename, size, f"{size}-{member.CRC:08x}"))


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The name, as UTF-8 also where an extra field gives it or only the flag for it is missing."""
    if member.flag_bits & UTF8_NAMES:
        return member.filename
    try:
        name = member.filename.encode("cp437")
        return (_unicode_path(member.extra, name) or name).decode()
    except UnicodeError:
        return member.filename


def _unicode_path(extra: bytes, name: bytes) -> bytes:
    """The field Info-ZIP Unicode Path, as WinZip writes it; empty if it is of another name."""
    while len(extra) >= EXTRA_HEADER.size:
        kind, size = EXTRA_HEADER.unpack_from(extra)
        content, extra = extra[EXTRA_HEADER.size :][:size], extra[EXTRA_HEADER.size + size :]
        if kind == UNICODE_PATH and content[1:5] == zlib.crc32(name).to_bytes(4, "little"):
            return content[5:]
    return b""
