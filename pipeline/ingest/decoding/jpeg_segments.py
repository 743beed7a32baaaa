"""The marker segments of a JPEG file (ITU-T T.81, annex B), without decoding any."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

MARKER = re.compile(rb"\xff+([\x01-\xfe])", re.DOTALL)
"""A marker and the fill bytes before it; a byte FF in coded data is followed by a zero."""
START, END, SCAN, APP1 = 0xD8, 0xD9, 0xDA, 0xE1
RESTARTS = range(0xD0, 0xD8)
BARE = (0x01, START, END, *RESTARTS)
"""Markers without a body."""
UNUSUAL = frozenset((*range(0xC0), *BARE, 0xFF))
"""What no marker before a scan has for its second byte, in an ordinary file."""
FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
COMMENTS = (*range(0xE0, 0xF0), 0xFE)
"""Segments of applications and comments."""
EXIF, XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"


@dataclass(frozen=True)
class Segment:
    """A marker, with the bytes between the segment before it and the marker.

    Attributes
    ----------
    before
        Coded data after the header of a scan or a restart marker; elsewhere bytes that no decoder
        needs.
    code
        The second byte of the marker.
    body
        Length and content, as far as the file holds them; empty if the marker has none.
    """

    before: bytes
    code: int
    body: bytes


def segments(data: bytes) -> Iterator[Segment]:
    """Segments after the first two bytes of a file, to its end mark.

    A file without an end mark is read as if it had one.
    """
    position = 2
    while found := MARKER.search(data, position):
        before, code = data[position : found.start()], found[1][0]
        position = found.end()
        if code not in BARE:
            position += int.from_bytes(data[position : position + 2], "big")
        yield Segment(before, code, data[found.end() : position])
        if code == END:
            return
    yield Segment(data[position:], END, b"")


def head(data: bytes) -> tuple[Collection[int], int]:
    """Codes of the segments before the first scan, and the position of its marker.

    A quick look at each file; where segments do not follow one another as they should, every code
    and -1.
    """
    codes: set[int] = set()
    position = 2
    while len(data) - position >= 4 and data[position] == 0xFF:
        code = data[position + 1]
        if code == SCAN:
            return codes, position
        if code in UNUSUAL:
            break
        codes.add(code)
        position += 2 + (data[position + 2] << 8 | data[position + 3])
    return range(256), -1


def metadata(data: bytes) -> tuple[bytes | None, bytes | None]:
    """The EXIF block and the XMP packet of a JPEG file; each None if there is none."""
    exif = xmp = None
    for segment in segments(data):
        content = segment.body[2:]
        if segment.code == SCAN:
            break
        if segment.code == APP1 and content.startswith(EXIF):
            exif = content if exif is None else exif + content.removeprefix(EXIF)
        elif segment.code == APP1 and content.startswith(XMP):
            xmp = content.removeprefix(XMP)
    return exif, xmp
