"""JPEG files without the faults that cost no pixel; each warning that is left means lost ones."""

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np

from zpoints.pipeline.ingest.decoding.jpeg_parts import MOST_HEIGHT, JpegParts, split_jpeg

SURPLUS, SHORT = "extraneous bytes before marker", "premature end of data segment"
"""Parts of libjpeg's warnings about data that no block needs, and about blocks without data."""
SURPLUS_BYTES = re.compile(f"(\\d+) {SURPLUS}")
WINDOW = 16
"""Bytes by which libjpeg may miscount surplus bytes, since a byte FF takes two."""
MOST_INTERVALS = 300
"""Intervals between restart markers in which surplus data are looked for. In a progressive file
each takes a decoding, and some ten more if it has any."""
LEAST_TEXT = 4
"""Surplus bytes, none of them above 127, that are taken for text in a progressive file."""


class Decode(Protocol):
    """Decodes a JPEG file; a strict decoding raises ValueError for the first warning."""

    def __call__(self, data: bytes, *, strict: bool) -> np.ndarray: ...


def mended(data: bytes, decode: Decode) -> bytes:
    """A JPEG file with the same pixels, without what libjpeg warns about though nothing is lost.

    That is: bytes between segments, parameters of a sequential scan, unknown versions of the
    segments of JFIF and Adobe, surplus bytes after coded data, a missing end mark.

    Parameters
    ----------
    data
        A file that a strict decoding refuses.
    decode
        The decoder.

    Returns
    -------
    bytes
        The mended file. A warning about it means lost pixels.

    Raises
    ------
    ValueError
        If scans are missing, or surplus data are the rest of blocks that were decoded wrongly.
    """
    parts = split_jpeg(data)
    warning = _warning(decode, parts.joined())
    if SURPLUS not in warning:
        return parts.joined()
    without_zeros = parts.without_zeros().joined()
    if not _warning(decode, without_zeros):
        return without_zeros
    if len(parts.coded) > MOST_INTERVALS:
        raise ValueError(warning)
    for place in range(len(parts.coded)):
        coded = parts.data(place)
        needed = _needed(parts, place, decode)
        if needed == len(coded):
            continue
        if _is_image(parts, place, needed, decode):
            raise ValueError(warning)
        parts.replace(place, coded[:needed])
        end = parts.ended(place, coded[:needed])
        if parts.may_end(place) and not _warning(decode, end):
            return end
    return parts.joined()


def _warning(decode: Decode, data: bytes) -> str:
    """The first warning about a file; empty if there is none."""
    try:
        decode(data, strict=True)
    except ValueError as warning:
        return str(warning)
    return ""


def _needed(parts: JpegParts, place: int, decode: Decode) -> int:
    """Number of bytes, of some coded data, that their blocks need."""
    data = parts.data(place)

    def suffices(length: int) -> bool:
        return SHORT not in _warning(decode, parts.interval(place, data[:length]))

    if not suffices(len(data) - 1):
        return len(data)
    found = SURPLUS_BYTES.search(_warning(decode, parts.interval(place, data)))
    near = len(data) - int(found[1]) if found else 0
    low, high = max(0, near - WINDOW), min(len(data), near + WINDOW)
    if suffices(low) or not suffices(high):
        low, high = 0, len(data)
    return bisect_left(range(high), True, low, key=suffices)


def _is_image(parts: JpegParts, place: int, needed: int, decode: Decode) -> bool:
    """Whether the surplus of some coded data may be blocks of the image.

    Damage leads a decoder astray for some blocks, whose number it then mistakes: it reaches the
    last block of the image before the end of the data, and the surplus are blocks it has missed.
    Such data end in fill bits behind the surplus and, but for chance, not before it. In the scans
    of a progressive file fill is hard to tell, since other bits may be without effect, too. If
    zeros have taken the place of lost data, blocks were decoded from the first of them, and those
    of the surplus follow zeros.

    Parameters
    ----------
    parts
        The file.
    place
        Number of the coded data.
    needed
        Bytes of them that the decoder uses.
    decode
        The decoder.
    """
    data = parts.data(place)
    surplus = data[needed:]
    if surplus.count(0) == len(surplus) > 1:
        return _ends_in_zeros(data[:needed])
    if not parts.has_one_scan:
        return not (surplus.isascii() and len(surplus) >= LEAST_TEXT)
    is_filled = _ends_in_fill(data[:needed], partial(parts.interval, place), decode)
    return not is_filled or _is_whole(parts, data, decode)


def _ends_in_zeros(data: bytes) -> bool:
    """Whether the last two bytes are 0, which few encoders write, before they are stuffed."""
    return data.replace(b"\xff\0", b"\xff").endswith(b"\0\0")


def _is_whole(parts: JpegParts, data: bytes, decode: Decode) -> bool:
    """Whether coded data of an only scan consist of units to the very end."""

    def lacks_data(units: int) -> bool:
        return SHORT in _warning(decode, parts.alone(data, units))

    most = MOST_HEIGHT // parts.unit_height
    units = bisect_left(range(1, most + 1), True, key=lacks_data)
    if units in (0, most):
        return False
    shorter = data[: -2 if data.endswith(b"\xff\0") else -1]
    is_used = SHORT in _warning(decode, parts.alone(shorter, units))
    return is_used and _ends_in_fill(data, partial(parts.alone, units=units), decode)


def _ends_in_fill(data: bytes, file: Callable[[bytes], bytes], decode: Decode) -> bool:
    """Whether the bits that no block needs, in the last byte of coded data, are all ones.

    Encoders fill the last byte so (T.81, F.1.2.3); a decoder that is astray ends at any bit.

    Parameters
    ----------
    data
        The coded data.
    file
        Makes a file from such data.
    decode
        The decoder.
    """
    if not data or data.endswith(b"\xff\0"):
        return True
    pixels = decode(file(data), strict=False)
    last, fill = data[-1], 0
    for bit in (1 << number for number in range(7)):
        changed = bytes([last ^ bit]).replace(b"\xff", b"\xff\0")
        if not np.array_equal(pixels, decode(file(data[:-1] + changed), strict=False)):
            break
        fill |= bit
    return last & fill == fill
