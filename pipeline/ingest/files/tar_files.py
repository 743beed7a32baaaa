"""Photographs in a tar archive, read at random by their offsets in it."""

import bz2
import gzip
import io
import lzma
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO, ClassVar, cast

from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.archive_file import check_unchanged, incomplete, unreadable
from zpoints.pipeline.ingest.files.listed_path import Entry
from zpoints.pipeline.ingest.files.members import Member
from zpoints.pipeline.ingest.files.path import SourcePath, ranges
from zpoints.pipeline.ingest.files.ranges import DiskRanges, RangeFile, Ranges, Window

UNPACKED_LIMIT = 1 << 30
"""Bytes of a compressed tar archive, unpacked; each process keeps a temporary copy of it."""
HEADER_LIMIT = 1 << 20
"""Bytes of the largest header of a member; they hold names and times."""
PIECE = 1 << 20  # bytes
BLOCK = tarfile.BLOCKSIZE
OPENERS: dict[bytes, Callable[[BinaryIO], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ": lzma.LZMAFile,
}
"""Openers of compressed files, by the bytes with which these begin."""
# RecursionError: thousands of headers for one member.
HEADER_ERRORS = (tarfile.TarError, ValueError, OverflowError, RecursionError, OSError)
UNPACK_ERRORS = (EOFError, zlib.error, lzma.LZMAError, ValueError, OSError)


@dataclass(frozen=True)
class TarFiles:
    """Photographs in a tar archive; a key is ``<offset>+<bytes> <path>``.

    ``stamp`` is the value of `archive_stamp` at the time of listing. No process but the one that
    lists the archive needs its headers.
    """

    archive: SourcePath
    stamp: str
    at_once: ClassVar[int] = 1

    def read(self, key: str) -> bytes:
        start, size, name = parse_key(key)
        try:
            content = opened_tar(self.archive, self.stamp).read(start, start + size)
        except OSError as error:
            raise unreadable(self.archive, error) from error
        if len(content) < size:
            raise PhotographError(
                f"{name} is cut short in the archive; fetch or pack {self.archive.name} again"
            )
        return content


def parse_key(key: str) -> tuple[int, int, str]:
    """Offset, number of bytes, and path of a member.

    Examples
    --------
    >>> parse_key("1536+7340 faces/one face.jpg")
    (1536, 7340, 'faces/one face.jpg')
    """
    place, _, name = key.partition(" ")
    start, _, size = place.partition("+")
    return int(start), int(size), name


@lru_cache(maxsize=4)
def opened_tar(archive: SourcePath, expected: str) -> Ranges:
    """One open archive per process, unpacked into a temporary file if it is compressed.

    Raises
    ------
    SourceError
        If the archive has changed since it had the stamp, or cannot be opened or unpacked.
    """
    check_unchanged(archive, expected)
    try:
        packed = ranges(archive)
    except OSError as error:
        raise incomplete(archive, "tar", error) from error
    beginning = packed.read(0, 8)
    for magic, opener in OPENERS.items():
        if beginning.startswith(magic):
            return _unpacked(archive, opener(cast(BinaryIO, io.BufferedReader(packed.open()))))
    return packed


def _unpacked(archive: SourcePath, packed: BinaryIO) -> Ranges:
    """The archive without compression, in a file that vanishes with the process."""
    try:
        with tempfile.TemporaryFile(prefix="zpoints-") as plain:
            while piece := packed.read(PIECE):
                if plain.tell() + len(piece) > UNPACKED_LIMIT:
                    raise _too_large(archive)
                plain.write(piece)
            plain.flush()
            return DiskRanges(cast(BinaryIO, plain))
    except UNPACK_ERRORS as error:
        raise SourceError(
            f"{archive} cannot be unpacked into {tempfile.gettempdir()} ({error}). Expected a "
            "complete archive and room for its content; fetch it again, decompress it (e.g. "
            "gunzip) to a .tar, or set TMPDIR to a folder with more room."
        ) from error


def _too_large(archive: SourcePath) -> SourceError:
    return SourceError(
        f"{archive} holds more than {UNPACKED_LIMIT:,} bytes unpacked, the limit for a compressed "
        "tar archive. Decompress it (e.g. gunzip) to a .tar, which is read in place, or unpack it "
        "into a folder."
    )


def tar_window(archive: SourcePath, stamp: str, key: str) -> Window:
    """A member, to be read in parts.

    Parameters
    ----------
    archive
        The archive.
    stamp
        Its stamp when it was listed.
    key
        Name of the member.
    """
    start, size, _ = parse_key(key)
    return Window(opened_tar(archive, stamp), start, size)


def tar_members(archive: SourcePath, stamp: str) -> Iterator[Member]:
    """The members of a tar archive in their order, without folders.

    Raises
    ------
    SourceError
        If the archive is damaged or incomplete.
    """
    content = opened_tar(archive, stamp)
    try:
        with tarfile.open(fileobj=HeaderFile(content), mode="r:", encoding="utf-8") as tar:
            before = -1
            for member in tar:
                if member.size < 0 or member.offset <= before:
                    raise tarfile.ReadError(f"a member of {member.size} bytes")
                before = member.offset
                if not member.isdir():
                    yield _member(member, content)
            _check_end(content, tar.offset)
    except HEADER_ERRORS as error:
        raise incomplete(archive, "tar", error) from error


def _member(member: tarfile.TarInfo, content: Ranges) -> Member:
    name, reason = member.name, ""
    if member.issym() or member.islnk():
        return Member(name, None, member.linkname, member.issym())
    if not member.isreg():
        reason = "not a regular file; pack the archive without it"
    elif member.issparse():
        reason = "stored with holes; pack the archive again without --sparse"
    start, size = member.offset_data, member.size
    # A tar archive has no checksums of contents, and packers may give all members one time.
    first = zlib.crc32(content.read(start, start + min(size, BLOCK)))
    signature = f"{size}-{member.mtime}-{first:08x}"
    return Member(name, Entry(f"{start}+{size} {name}", size, signature, reason))


def _check_end(content: Ranges, end: int) -> None:
    """Refuse an archive that ends elsewhere than at its end mark, where `tarfile` just stops."""
    mark = content.read(end, end + BLOCK)
    if mark.strip(b"\0") or 0 < len(mark) < BLOCK:
        raise tarfile.ReadError(f"no header of a member at byte {end:,}")


class HeaderFile(RangeFile):
    """A tar archive of which only headers are read; one that is too large is an error."""

    def read(self, size: int = -1, /) -> bytes:
        if not 0 <= size <= HEADER_LIMIT:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return super().read(size) or b""
