"""Orientation: the same photograph comes out the same, whatever file and metadata hold it."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import ExifTags, Image, TiffImagePlugin

from tests.pipeline.ingest.decoding.damage import (
    after_pixels,
    app,
    at_top,
    before_pixels,
    chunk,
    exif,
    with_exif,
    with_xmp,
    xmp,
)
from tests.pipeline.ingest.photographs import encoded, gradient, jpeg
from zpoints.pipeline.ingest.decoding.orientation import orientation
from zpoints.pipeline.ingest.images import decode_photograph

UPRIGHT = gradient(96, 128)
STORED = {
    1: UPRIGHT,
    2: UPRIGHT.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    3: UPRIGHT.transpose(Image.Transpose.ROTATE_180),
    4: UPRIGHT.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
    5: UPRIGHT.transpose(Image.Transpose.TRANSPOSE),
    6: UPRIGHT.transpose(Image.Transpose.ROTATE_90),
    7: UPRIGHT.transpose(Image.Transpose.TRANSVERSE),
    8: UPRIGHT.transpose(Image.Transpose.ROTATE_270),
}
"""The image as a file of an orientation stores it: the inverse of the turn."""

LOSSLESS = {"JPEG": {"quality": 95, "subsampling": 0}, "WEBP": {"lossless": True}}
FORMS = ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")


def file(form: str, image: Image.Image, **metadata: bytes) -> bytes:
    """A file of a format with metadata, given as ``exif`` and ``xmp``."""
    if form == "PNG" and "xmp" in metadata:
        packet = metadata.pop("xmp")
        text = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet)
        return before_pixels(encoded(image, form, **metadata), text)
    if form == "TIFF" and "xmp" in metadata:
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[700] = metadata.pop("xmp")
        tags.tagtype[700] = 1
        if "exif" in metadata:
            block = Image.Exif()
            block.load(metadata.pop("exif"))
            for tag, value in block.items():
                tags[tag] = value
        metadata["tiffinfo"] = tags
    return encoded(image, form, **LOSSLESS.get(form, {}), **metadata)


def decoded(data: bytes) -> np.ndarray:
    return decode_photograph(data, crop=None, side=32, channels=3).astype(int)


def is_upright(data: bytes) -> bool:
    return bool(np.abs(decoded(data) - decoded(encoded(UPRIGHT, "PNG"))).max() <= 6)


@pytest.mark.parametrize("number", STORED)
@pytest.mark.parametrize("form", FORMS)
def test_decode_photograph__turns_by_xmp_alone_in_every_container(form: str, number: int) -> None:
    data = file(form, STORED[number], xmp=xmp(number))

    assert is_upright(data)
    assert is_upright(file(form, STORED[number])) == (number == 1)


@pytest.mark.parametrize("number", STORED)
@pytest.mark.parametrize("form", FORMS)
def test_decode_photograph__turns_by_exif_in_every_container(form: str, number: int) -> None:
    assert is_upright(file(form, STORED[number], exif=exif(number)))


@pytest.mark.parametrize("form", FORMS)
def test_decode_photograph__exif_prevails_over_xmp(form: str) -> None:
    assert is_upright(file(form, STORED[6], exif=exif(6), xmp=xmp(3)))
    if form != "AVIF":  # Pillow stores no orientation for an upright image of this format
        assert is_upright(file(form, STORED[1], exif=exif(1), xmp=xmp(3)))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("value", [None, 0, 9])
def test_decode_photograph__xmp_counts_where_exif_gives_no_orientation(
    form: str, value: int | None
) -> None:
    assert is_upright(file(form, STORED[8], exif=exif(value), xmp=xmp(8)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "written",
    [
        'tiff:Orientation="{}"',
        "tiff:Orientation='{}'",
        'tiff:Orientation = "{}"',
        "<tiff:Orientation>{}</tiff:Orientation>",
        "<tiff:Orientation>\n {}\n</tiff:Orientation>",
    ],
)
def test_decode_photograph__understands_xmp_as_attribute_and_element(
    form: str, written: str
) -> None:
    assert is_upright(file(form, STORED[6], xmp=xmp(6, written)))


@pytest.mark.parametrize("value", ["0", "9", "10", "66", "-6", "six", "", "6.0"])
def test_orientation__other_values_are_none(value: str) -> None:
    assert orientation(None, xmp(value)) == 1


@pytest.mark.parametrize(
    "block",
    [b"", b"Exif\0\0", b"junk", exif(6)[:9], exif(6)[:20], b"Exif\0\0II*\0\xff\xff\xff\xff"],
)
def test_orientation__a_damaged_block_gives_none(block: bytes) -> None:
    assert orientation(block, None) == 1
    assert orientation(block, xmp(6)) == 6
    assert np.array_equal(
        decoded(at_top(jpeg(UPRIGHT), app(0xE1, b"Exif\0\0" + block))), decoded(jpeg(UPRIGHT))
    )


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_orientation__damaged_blocks_raise_nothing() -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(exif(6), np.uint8)

    for _ in range(1000):
        block = whole.copy()
        block[rng.integers(0, len(block), 4)] = rng.integers(0, 256, 4)
        assert orientation(block.tobytes(), None) in range(1, 9)


def photoshop(data: bytes) -> bytes:
    """A JPEG file with a preview, itself a JPEG file, before all other segments."""
    return at_top(data, app(0xED, b"Photoshop 3.0\x008BIM\4\x0c" + jpeg(gradient(40, 40))))


def profile(kind: bytes, name: bytes, content: bytes) -> bytes:
    """A chunk of text with metadata in hexadecimal digits, as ImageMagick writes it."""
    digits = content.hex().encode()
    lines = b"\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    text = b"\n%s\n%8d\n%s\n" % (name, len(content), lines)
    packed = b"\0" + zlib.compress(text) if kind == b"zTXt" else text
    return chunk(kind, b"Raw profile type " + name + b"\0" + packed)


PLACES: dict[str, Callable[[], bytes]] = {
    "XMP behind a preview": lambda: photoshop(with_xmp(jpeg(STORED[6]), xmp(6))),
    "EXIF behind a preview": lambda: photoshop(with_exif(jpeg(STORED[6]), 6)),
    "EXIF in two segments": lambda: at_top(with_exif(jpeg(STORED[6]), 6), app(0xE1, b"Exif\0\0")),
    "XMP after EXIF without orientation": lambda: with_exif(with_xmp(jpeg(STORED[6]), xmp(6))),
    "XMP of a PNG after the pixels": lambda: after_pixels(
        encoded(STORED[6], "PNG"), chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(6))
    ),
    "compressed XMP of a PNG": lambda: before_pixels(
        encoded(STORED[6], "PNG"),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0en\0XMP\0" + zlib.compress(xmp(6))),
    ),
    "EXIF of a PNG after the pixels": lambda: after_pixels(
        encoded(STORED[6], "PNG"), chunk(b"eXIf", exif(6).removeprefix(b"Exif\0\0"))
    ),
    **{
        f"{name.decode()} profile of a PNG in {kind.decode()}": lambda k=kind, n=name, c=content: (
            before_pixels(encoded(STORED[6], "PNG"), profile(k, n, c))
        )
        for kind in (b"tEXt", b"zTXt")
        for name, content in (
            (b"exif", exif(6)),
            (b"APP1", exif(6)),
            (b"xmp", xmp(6)),
            (b"APP1", b"http://ns.adobe.com/xap/1.0/\0" + xmp(6)),
        )
    },
}
"""Places of metadata that a reader may miss."""


@pytest.mark.parametrize("place", PLACES)
def test_decode_photograph__finds_the_orientation_wherever_it_stands(place: str) -> None:
    assert is_upright(PLACES[place]())


def test_decode_photograph__a_thumbnail_does_not_turn_the_photograph() -> None:
    """An orientation in EXIF's second directory is that of the thumbnail."""
    entries = struct.pack("<HHHII", 1, ExifTags.Base.Orientation, 3, 1, 6)
    block = b"Exif\0\0II*\0" + struct.pack("<I", 8) + struct.pack("<HI", 0, 14) + entries

    data = at_top(jpeg(UPRIGHT), app(0xE1, block + bytes(4)))

    assert is_upright(data)


def test_decode_photograph__turns_a_print_jpeg() -> None:
    data = with_xmp(jpeg(STORED[6].convert("CMYK")), xmp(6))
    plain = jpeg(UPRIGHT.convert("CMYK"))

    assert np.abs(decoded(data) - decoded(plain)).max() <= 6
