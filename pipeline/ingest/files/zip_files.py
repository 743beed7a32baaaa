"""Photographs in a zip archive, read in place."""

import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar

from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.files.archive_file import check_unchanged, incomplete, unreadable
from zpoints.pipeline.ingest.files.listed_path import Entry
from zpoints.pipeline.ingest.files.members import LONGEST_PATH, Member
from zpoints.pipeline.ingest.files.path import SourcePath, random_access, ranges
from zpoints.pipeline.ingest.files.ranges import Window

# RuntimeError: a member needs a password. NotImplementedError: unknown compression. ValueError and
# OverflowError: names and offsets in damaged headers.
MEMBER_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError),
    *(RuntimeError, NotImplementedError, ValueError, OverflowError),
)
PIECE = 1 << 20  # bytes
SMALL_PIECE = 1 << 12
"""Bytes read at a time where the library expands what it reads without a limit."""
LOCAL_HEADER = struct.Struct("<26x2H")
"""The lengths of name and extra field in a zip archive's local header of a member."""
UTF8_NAMES = 0x800  # flag of a zip member
EXTRA_HEADER = struct.Struct("<2H")
"""The kind of an extra field in a zip archive, and its length."""
UNICODE_PATH = 0x7075  # kind of an extra field


@dataclass(frozen=True)
class ZipFiles:
    """Photographs in a zip archive, read without unpacking; a key is the path of a member.

    ``stamp`` is the value of `archive_stamp` at the time of listing.
    """

    archive: SourcePath
    stamp: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        archive = opened_zip(self.archive, self.stamp)
        try:
            return _content(archive, archive.getinfo(key))
        except (*MEMBER_ERRORS, OSError) as error:
            # An error of the system has a number; one of the bz2 decompressor has none.
            if not isinstance(error, OSError) or error.errno is None:
                raise PhotographError(
                    f"{key} is damaged or locked in the archive, or compressed in a way that is "
                    f"not read ({error}); fetch or pack {self.archive.name} again, with the "
                    "usual compression (deflate) and without a password"
                ) from error
            raise unreadable(self.archive, error) from error


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Content of a member, never more than it declares, however much the packed data expand to.

    In pieces, since ``ZipExtFile`` cuts what it has expanded to the declared size afterwards.
    """
    bounded = member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    with archive.open(member) as file:
        read = partial(file.read, PIECE if bounded else SMALL_PIECE)
        return b"".join(iter(read, b""))


@lru_cache(maxsize=4)
def opened_zip(archive: SourcePath, expected: str) -> zipfile.ZipFile:
    """One open archive per process; ``ZipFile`` serialises the reads of concurrent threads.

    Raises
    ------
    SourceError
        If the archive is incomplete, or has changed since it had the stamp.
    """
    check_unchanged(archive, expected)
    try:
        return zipfile.ZipFile(random_access(archive))
    except (*MEMBER_ERRORS, OSError) as error:
        raise incomplete(archive, "zip", error) from error


def zip_window(archive: SourcePath, stamp: str, key: str) -> Window | None:
    """A member, to be read in parts; None if it is compressed or locked.

    Parameters
    ----------
    archive
        The archive.
    stamp
        Its stamp when it was listed.
    key
        Name of the member.
    """
    member = opened_zip(archive, stamp).getinfo(key)
    if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
        return None
    whole = ranges(archive)
    header = whole.read(member.header_offset, member.header_offset + LOCAL_HEADER.size)
    start = member.header_offset + LOCAL_HEADER.size + sum(LOCAL_HEADER.unpack(header))
    return Window(whole, start, member.file_size)


def zip_members(archive: SourcePath, stamp: str) -> Iterator[Member]:
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
