"""Files that are read in ranges, by several threads at once."""

import io
import os
from abc import ABC, abstractmethod
from typing import Any, BinaryIO


class Ranges(ABC):
    """Bytes that are read from anywhere; several threads may read at once.

    Attributes
    ----------
    size
        Number of bytes.
    """

    size: int

    @abstractmethod
    def read(self, start: int, stop: int) -> bytes:
        """The bytes from ``start`` to ``stop``, fewer where the file is shorter than it was."""

    def open(self) -> "RangeFile":
        """A seekable file of the bytes, with a position of its own."""
        return RangeFile(self)


class DiskRanges(Ranges):
    """A file on a disk, which stays open as long as this object lives.

    Parameters
    ----------
    file
        An open file, which the caller may close.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._descriptor = os.dup(file.fileno())
        self.size = os.fstat(self._descriptor).st_size

    def __del__(self) -> None:
        os.close(self._descriptor)

    def read(self, start: int, stop: int) -> bytes:
        parts = []
        while start < stop and (part := os.pread(self._descriptor, stop - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)


class Window(Ranges):
    """A part of other ranges, e.g. a member of an archive that is stored as it is."""

    def __init__(self, whole: Ranges, start: int, size: int) -> None:
        self._whole, self._start, self.size = whole, start, size

    def read(self, start: int, stop: int) -> bytes:
        return self._whole.read(self._start + start, self._start + min(stop, self.size))


class Held(Ranges):
    """Bytes in memory."""

    def __init__(self, content: bytes) -> None:
        self._content, self.size = content, len(content)

    def read(self, start: int, stop: int) -> bytes:
        return self._content[start:stop]


class RangeFile(io.RawIOBase):
    """Ranges as a file, for libraries that read files in parts."""

    def __init__(self, ranges: Ranges) -> None:
        self._ranges, self._position = ranges, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._ranges.size}
        self._position = origin[whence] + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        content = self._ranges.read(self._position, self._position + len(view))
        view[: len(content)] = content
        self._position += len(content)
        return len(content)
