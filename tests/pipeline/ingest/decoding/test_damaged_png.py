"""PNG files: chunks that decide pixels have to be intact, all others are never in the way."""

import zlib

import numpy as np
import pytest
from PIL import Image

from tests.pipeline.ingest.decoding.damage import (
    after_pixels,
    before_pixels,
    chunk,
    chunks,
    exif,
    overwritten,
    wrong_checksum,
)
from tests.pipeline.ingest.photographs import encoded, gradient
from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.images import decode_photograph

BOMB = zlib.compress(bytes(100_000_000))
"""A hundred megabytes, packed in a hundred kilobytes."""
SOUND = encoded(gradient(), "PNG")
PALETTE = encoded(gradient().quantize(64), "PNG", transparency=3)
SEVERAL = SOUND[:33] + b"".join(
    chunk(b"IDAT", part)
    for content in (b"".join(body for kind, body in chunks(SOUND) if kind == b"IDAT"),)
    for part in (content[:100], b"", content[100:300], content[300:])
)
SEVERAL += chunk(b"IEND", b"")


def decoded(data: bytes) -> np.ndarray:
    return decode_photograph(data, crop=None, side=64, channels=3)


ANCILLARY = {
    b"tEXt": b"Comment\0made by a camera",
    b"zTXt": b"Comment\0\0" + zlib.compress(b"made by a camera"),
    b"iTXt": b"Comment\0\0\0\0\0made by a camera",
    b"gAMA": (45455).to_bytes(4, "big"),
    b"pHYs": bytes(9),
    b"tIME": bytes(7),
    b"iCCP": b"profile\0\0" + zlib.compress(bytes(200)),
    b"eXIf": exif(6),
    b"acTL": bytes(8),
    b"teSt": b"of a program",
}
"""Chunks that decide no pixel, by type."""

HARMLESS = {
    **{
        f"wrong checksum of {kind.decode()}": chunk(kind, ANCILLARY[kind], wrong=True)
        for kind in ANCILLARY
    },
    "a text of a megabyte": chunk(b"tEXt", b"Comment\0" + b"text" * 300_000),
    "seventy texts of a megabyte": chunk(b"tEXt", b"Comment\0" + bytes([65]) * 1_000_000) * 70,
    "a text that unpacks to 100 MB": chunk(b"zTXt", b"Comment\0\0" + BOMB),
    "such an international text": chunk(b"iTXt", b"Comment\0\1\0\0\0" + BOMB),
    "such an XMP packet": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BOMB),
    "a profile that unpacks to 100 MB": chunk(b"iCCP", b"profile\0\0" + BOMB),
    "a text that is not compressed as its header states": chunk(b"zTXt", b"Comment\0\0hello"),
    "a text without its parts": chunk(b"iTXt", b"Comment"),
    "a profile of metadata that is none": chunk(b"tEXt", b"Raw profile type exif\0\nexif\n9\nxy"),
    "an empty EXIF block": chunk(b"eXIf", b""),
}
"""Chunks of a PNG file, of which the decoder refuses some."""


@pytest.mark.parametrize("place", [before_pixels, after_pixels])
@pytest.mark.parametrize("fault", HARMLESS)
def test_decode_photograph__reads_a_png_whose_ancillary_chunks_are_faulty(
    fault: str, place
) -> None:
    pixels = decoded(place(SOUND, HARMLESS[fault]))

    np.testing.assert_array_equal(pixels, decoded(SOUND))


@pytest.mark.parametrize(
    "data",
    [SOUND[:-12], SOUND[:-5], after_pixels(SOUND, chunk(b"tEXt", b"C\0text"))[:-15], SEVERAL],
    ids=["no end", "half an end", "cut in a comment after the pixels", "several IDAT"],
)
def test_decode_photograph__reads_a_png_that_holds_all_pixels(data: bytes) -> None:
    np.testing.assert_array_equal(decoded(data), decoded(SOUND))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (wrong_checksum(SOUND, b"IHDR"), "chunk IHDR is damaged"),
        (wrong_checksum(SOUND, b"IDAT"), "chunk IDAT is damaged"),
        (wrong_checksum(SOUND, b"IEND"), "chunk IEND is damaged"),
        (wrong_checksum(SEVERAL, b"IDAT"), "chunk IDAT is damaged"),
        (wrong_checksum(PALETTE, b"PLTE"), "chunk PLTE is damaged"),
        (wrong_checksum(PALETTE, b"tRNS"), "chunk tRNS is damaged"),
        (PALETTE.replace(b"PLTE", b"pLTE"), "chunk pLTE is damaged"),
        (SEVERAL.replace(b"IDAT", b"iDAT", 1), "chunk iDAT is damaged"),
        (PALETTE.replace(b"PLTE", b"\0\0\0\0"), "invalid type of a chunk"),
        (SOUND[:33] + SOUND[-12:], "not a readable image|known format"),
        (SOUND[:8] + SOUND[33:], "chunk IHDR is missing"),
        (SOUND[: len(SOUND) // 2], "chunk IDAT is damaged or incomplete"),
        (SEVERAL[: SEVERAL.rindex(b"IDAT") - 4], "truncated"),
    ],
    ids=lambda value: "" if isinstance(value, str) else None,
)
def test_decode_photograph__refuses_a_png_with_lost_pixels(data: bytes, reason: str) -> None:
    with pytest.raises(PhotographError, match=f"({reason}).*(repair or remove|remove it)"):
        decoded(data)


def test_decode_photograph__overwritten_bytes_of_a_png_never_change_its_pixels() -> None:
    rng = np.random.default_rng(0)
    expected = decoded(SOUND)

    verdicts = []
    for number in range(300):
        data = overwritten(SOUND, rng, run=number % 2 == 0)
        try:
            np.testing.assert_array_equal(decoded(data), expected)
        except PhotographError:
            verdicts.append(False)
        else:
            verdicts.append(True)

    assert np.mean(verdicts) < 0.1


def test_decode_photograph__reads_the_default_image_of_a_damaged_animation() -> None:
    later = [Image.new("RGB", (178, 218), "red")]
    animation = encoded(gradient(), "PNG", save_all=True, append_images=later, duration=100)

    for kind in (b"acTL", b"fcTL", b"fdAT"):
        pixels = decoded(wrong_checksum(animation, kind))
        np.testing.assert_array_equal(pixels, decoded(SOUND))
