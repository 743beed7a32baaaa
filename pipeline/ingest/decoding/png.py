"""PNG files: the chunks that hold the pixels, and the metadata that hold the orientation."""

import zlib
from collections.abc import Iterator

from zpoints.pipeline.ingest.limits import refuse_pixels

SIGNATURE = b"\x89PNG\r\n\x1a\n"
DECISIVE = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS")
"""Chunks that decide pixels; tRNS, the transparency, is the one ancillary chunk among them."""
END = b"\0\0\0\0IEND\xaeB`\x82"
PALETTE_COLOURS = 3  # a colour type
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
XMP_KEYWORD = b"XML:com.adobe.xmp"
RAW_PROFILE = b"Raw profile type "
"""Texts that hold metadata in hexadecimal digits, as ImageMagick writes them."""
MOST_TEXT = 1 << 20
"""Bytes of a compressed text that are unpacked; a packet of metadata is far smaller."""


def split_png(data: bytes) -> tuple[bytes, bytes | None, bytes | None]:
    """Separate the pixels of a PNG file from its metadata.

    Decoders ignore the checksums of the pixels and refuse files for damage in chunks that do not
    matter: a comment with a wrong checksum, a text that unpacks to gigabytes. Here the checksums of
    what decides pixels have to be right, and nothing else reaches the decoder.

    Parameters
    ----------
    data
        Content of the file.

    Returns
    -------
    tuple
        A PNG file with nothing but the pixels; the EXIF block and the XMP packet, each None if the
        file holds none. Of an animation, the pixels are its default image.

    Raises
    ------
    ValueError
        If a chunk that decides pixels is damaged, cut short or missing.
    PhotographError
        If the image has too many pixels.
    """
    pixels: list[bytes | memoryview] = [SIGNATURE]
    metadata: dict[str, bytes] = {}
    seen: set[bytes] = set()
    needs_palette = False
    for kind, body, chunk in _chunks(data):
        intact = len(chunk) == len(body) + 12 and _is_intact(chunk)
        decisive = kind[:1].isupper() or any(_resembles(kind, other) for other in DECISIVE)
        if decisive and not intact:
            raise ValueError(f"the chunk {kind.decode()} is damaged or incomplete")
        if kind == b"IHDR":
            refuse_pixels(int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"))
            needs_palette = body[9:10] == bytes([PALETTE_COLOURS])
        if decisive:
            pixels.append(chunk)
            seen.add(kind)
        elif intact:
            _add_metadata(metadata, kind, bytes(body))
    if b"IHDR" not in seen or (needs_palette and b"PLTE" not in seen):
        raise ValueError(f"the chunk {'PLTE' if b'IHDR' in seen else 'IHDR'} is missing")
    return b"".join((*pixels, END)), metadata.get("exif"), metadata.get("xmp")


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Type, body and whole of each chunk before IEND; the last one may be cut short."""
    view, position = memoryview(data), len(SIGNATURE)
    while len(data) - position >= 12:
        length = int.from_bytes(view[position : position + 4], "big")
        kind = bytes(view[position + 4 : position + 8])
        if not (kind.isalpha() and kind.isascii()):
            raise ValueError(f"invalid type of a chunk {kind!r}; expected four letters")
        chunk = view[position : position + length + 12]
        if kind == b"IEND" and _is_intact(chunk):
            return
        yield kind, chunk[8 : 8 + length], chunk
        position += length + 12


def _is_intact(chunk: memoryview) -> bool:
    return zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _resembles(kind: bytes, other: bytes) -> bool:
    """Whether at most one letter differs: the damage may be in the type."""
    return sum(a != b for a, b in zip(kind, other, strict=True)) <= 1


def _add_metadata(metadata: dict[str, bytes], kind: bytes, body: bytes) -> None:
    """Add the EXIF block or the XMP packet that a chunk holds; chunks made for them come first."""
    if kind == b"eXIf":
        metadata["exif"] = body
    elif kind in TEXTS:
        keyword, _, rest = body.partition(b"\0")
        if keyword == XMP_KEYWORD:
            metadata["xmp"] = _text(kind, rest)
        elif keyword.startswith(RAW_PROFILE):
            profile = _raw_profile(_text(kind, rest))
            is_exif = keyword.endswith(b"exif") or profile.startswith(b"Exif\0\0")
            metadata.setdefault("exif" if is_exif else "xmp", profile)


def _text(kind: bytes, rest: bytes) -> bytes:
    """The text that follows the keyword and its terminator; empty if it cannot be unpacked."""
    if kind == b"tEXt":
        return rest
    packed = kind == b"zTXt" or rest[:1] == b"\1"
    text = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
    if not packed:
        return text
    try:
        return zlib.decompressobj().decompress(text, MOST_TEXT)
    except zlib.error:
        return b""


def _raw_profile(text: bytes) -> bytes:
    """Bytes that follow an empty line, the name and the length, in hexadecimal digits."""
    try:
        return bytes.fromhex(b"".join(text.split(b"\n")[3:]).decode("ascii"))
    except ValueError:
        return b""
