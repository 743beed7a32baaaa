"""Damage and oddities of image files, made from sound ones."""

import re
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import ExifTags, Image

from zpoints.pipeline.ingest.decoding.jpeg_segments import RESTARTS, SCAN, segments

APP0, APP1, APP14, COMMENT, TABLES, END = 0xE0, 0xE1, 0xEE, 0xFE, 0xDB, 0xD9
TIFF_NAMESPACE = "http://ns.adobe.com/tiff/1.0/"


def app(code: int, content: bytes) -> bytes:
    """A segment of a JPEG file."""
    return bytes((0xFF, code)) + struct.pack(">H", len(content) + 2) + content


def at_top(data: bytes, segment: bytes) -> bytes:
    """A JPEG file with another segment before all others."""
    return data[:2] + segment + data[2:]


def exif(orientation: int | None = None) -> bytes:
    """An EXIF block, with or without an orientation."""
    block = Image.Exif()
    block[ExifTags.Base.Software] = "a camera"
    if orientation is not None:
        block[ExifTags.Base.Orientation] = orientation
    return block.tobytes()


def xmp(orientation: int | str, form: str = 'tiff:Orientation="{}"') -> bytes:
    """An XMP packet; `form` writes the property as an attribute or as an element."""
    written = form.format(orientation)
    attribute, element = ("", written) if written.startswith("<") else (written, "")
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:tiff="{TIFF_NAMESPACE}" {attribute}>{element}'
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def with_exif(data: bytes, orientation: int | None = None) -> bytes:
    return at_top(data, app(APP1, exif(orientation)))


def with_xmp(data: bytes, packet: bytes) -> bytes:
    return at_top(data, app(APP1, b"http://ns.adobe.com/xap/1.0/\0" + packet))


def at(data: bytes, code: int) -> int:
    """Position of the last marker of a kind."""
    return data.rindex(bytes((0xFF, code)))


def before(data: bytes, code: int, junk: bytes) -> bytes:
    """A JPEG file with some bytes before the last marker of a kind."""
    position = at(data, code)
    return data[:position] + junk + data[position:]


def before_restarts(data: bytes, junk: bytes) -> bytes:
    return re.sub(rb"\xff[\xd0-\xd7]", lambda marker: junk + marker[0], data)


def scan_header(data: bytes, parameters: bytes) -> bytes:
    """A JPEG file with other parameters at the end of the scan's header."""
    position = at(data, SCAN)
    end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return data[: end - 3] + parameters + data[end:]


def jfif(data: bytes, major: int) -> bytes:
    """A JPEG file of another version of JFIF."""
    position = data.index(b"JFIF\0") + 5
    return data[:position] + bytes([major]) + data[position + 1 :]


def adobe(data: bytes, transform: int) -> bytes:
    """A JPEG file with Adobe's segment instead of JFIF's."""
    assert data[3] == APP0
    rest = data[4 + int.from_bytes(data[4:6], "big") :]
    return data[:2] + app(APP14, b"Adobe\0\x64\0\0\0\0" + bytes([transform])) + rest


def overwritten(data: bytes, rng: np.random.Generator, *, run: bool, first: int = 2) -> bytes:
    """Eight bytes overwritten by random ones: a run, or bytes at random positions."""
    content = np.frombuffer(data, np.uint8).copy()
    if run:
        start = rng.integers(first, len(content) - 8)
        content[start : start + 8] = rng.integers(0, 256, 8)
    else:
        content[rng.integers(first, len(content), 8)] = rng.integers(0, 256, 8)
    return content.tobytes()


def scan_start(data: bytes) -> int:
    """Position of the first coded byte of the last scan."""
    position = at(data, SCAN)
    return position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")


def without_scan(data: bytes, number: int) -> bytes:
    """A JPEG file in which the marker of a scan, counted from 0, is overwritten."""
    positions = [found.start() for found in re.finditer(rb"\xff\xda", data)]
    position = positions[number]
    return data[:position] + b"\0\0" + data[position + 2 :]


def zeros_from(data: bytes, part: float) -> bytes:
    """A file from a part on nothing but zeros, as an interrupted download leaves it."""
    position = int(len(data) * part)
    return data[:position] + bytes(len(data) - position)


def restarts(data: bytes) -> int:
    """Number of restart markers."""
    return sum(segment.code in RESTARTS for segment in segments(data))


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of each chunk of a PNG file."""
    position = 8
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += length + 12


def chunk(kind: bytes, content: bytes, *, wrong: bool = False) -> bytes:
    """A chunk of a PNG file, with a right or a wrong checksum."""
    checksum = zlib.crc32(kind + content) ^ wrong
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def before_pixels(data: bytes, extra: bytes) -> bytes:
    """A PNG file with another chunk before its pixels."""
    position = data.index(b"IDAT") - 4
    return data[:position] + extra + data[position:]


def after_pixels(data: bytes, extra: bytes) -> bytes:
    """A PNG file with another chunk after its pixels."""
    return data[:-12] + extra + data[-12:]


def wrong_checksum(data: bytes, kind: bytes) -> bytes:
    """A PNG file in which the checksum of the first chunk of a type is wrong."""
    position = data.index(kind)
    length = int.from_bytes(data[position - 4 : position], "big")
    last = position + 4 + length + 3
    return data[:last] + bytes([data[last] ^ 1]) + data[last + 1 :]
