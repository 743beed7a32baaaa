"""Decoding of photographs of any kind: correct pixels, or a reason."""

import io
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from tests.pipeline.ingest.photographs import encoded, gradient, jpeg
from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.photographs import FolderFiles
from zpoints.pipeline.ingest.images import checksum, decode_photograph, read_block

PHOTOGRAPH = gradient(96, 96)

# Importing the decoder sets this filter elsewhere; pytest sets its own.
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")


def png(image: Image.Image, **options: object) -> bytes:
    return encoded(image, "PNG", **options)


def bomb() -> bytes:
    """A PNG of a few bytes whose header announces 900 million pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk


def gif_bomb() -> bytes:
    data = bytearray(encoded(PHOTOGRAPH, "GIF"))
    data[6:10] = struct.pack("<HH", 60_000, 60_000)
    return bytes(data)


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


def damaged(data: bytes) -> bytes:
    """A file with some bytes in the middle overwritten."""
    return half(data) + bytes(20) + data[len(data) // 2 + 20 :]


UNREADABLE = "repair or remove the photograph"
BAD = {
    "empty": (b"", "the file is empty; fetch it again or remove it"),
    "a web page": (b"<!DOCTYPE html>", r"begins with b'<!DOCTYPE ht'\); fetch it again"),
    "blank": (bytes(4096), r"not an image of a known format .*fetch it again"),
    "a movie": (b"\0\0\0\x18ftypmp42" + bytes(99), "not an image of a known format"),
    "half a JPEG": (half(jpeg(PHOTOGRAPH)), UNREADABLE),
    "the first bytes of a JPEG": (jpeg(PHOTOGRAPH)[:20], UNREADABLE),
    "half a CMYK JPEG": (half(jpeg(PHOTOGRAPH.convert("CMYK"))), UNREADABLE),
    "half a PNG": (half(png(PHOTOGRAPH)), UNREADABLE),
    "a damaged PNG": (damaged(png(PHOTOGRAPH)), UNREADABLE),
    "half a WebP": (half(encoded(PHOTOGRAPH, "WEBP")), UNREADABLE),
    "half a BMP": (half(encoded(PHOTOGRAPH, "BMP")), UNREADABLE),
    "half a TIFF": (half(encoded(PHOTOGRAPH, "TIFF")), "remove the photograph|remove it"),
    "a bomb": (bomb(), r"30000 x 30000 pixels is more than the limit .*scale the photograph down"),
    "a GIF bomb": (gif_bomb(), "scale the photograph down or remove it"),
    "floating point": (encoded(Image.new("F", (96, 96), 0.5), "TIFF"), "expected 8 or 16 bits"),
    "32 bits": (encoded(Image.new("I", (96, 96), 70_000), "TIFF"), "expected 8 or 16 bits"),
    "too small": (jpeg(gradient(60, 90)), r"60 x 90 .* ingest\.crop to at most 60, or to null"),
}
"""Bad files by kind: content, and a part of the reason."""


def with_alpha(image: Image.Image) -> Image.Image:
    """The image with a corner of transparent black."""
    image = image.convert("RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 24, 24))
    return image


def on_white(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.paste("white", (0, 0, 24, 24))
    return image


def animated(form: str) -> bytes:
    later = [Image.new("RGB", PHOTOGRAPH.size, "red")]
    return encoded(PHOTOGRAPH, form, save_all=True, append_images=later, duration=100)


GREY = PHOTOGRAPH.convert("L")
ODD = {
    "PNG": (png(PHOTOGRAPH), PHOTOGRAPH, 0),
    "JPEG": (jpeg(PHOTOGRAPH), PHOTOGRAPH, 3),
    "progressive JPEG": (jpeg(PHOTOGRAPH, progressive=True), PHOTOGRAPH, 3),
    "CMYK JPEG": (jpeg(PHOTOGRAPH.convert("CMYK")), PHOTOGRAPH, 4),
    "grey JPEG": (jpeg(GREY), GREY, 3),
    "grey PNG": (png(GREY), GREY, 0),
    "grey PNG with alpha": (png(with_alpha(GREY).convert("LA")), on_white(GREY), 0),
    "black and white": (png(GREY.convert("1")), GREY.convert("1"), 0),
    "palette": (png(PHOTOGRAPH.quantize(255)), PHOTOGRAPH.quantize(255), 0),
    "palette with alpha": (
        png(with_alpha(PHOTOGRAPH).quantize(255)),
        on_white(PHOTOGRAPH.quantize(255).convert("RGB")),
        6,
    ),
    "alpha": (png(with_alpha(PHOTOGRAPH)), on_white(PHOTOGRAPH), 0),
    "16 bits": (png(Image.fromarray(np.asarray(GREY).astype(np.uint16) * 257)), GREY, 0),
    "WebP": (encoded(PHOTOGRAPH, "WEBP", lossless=True), PHOTOGRAPH, 0),
    "BMP": (encoded(PHOTOGRAPH, "BMP"), PHOTOGRAPH, 0),
    "TIFF": (encoded(PHOTOGRAPH, "TIFF"), PHOTOGRAPH, 0),
    "animated GIF": (animated("GIF"), PHOTOGRAPH, 12),
    "animated PNG": (animated("PNG"), PHOTOGRAPH, 0),
    "animated WebP": (animated("WEBP"), PHOTOGRAPH, 12),
}
"""Unusual files that can be read: content, the photograph, and the largest mean error."""


@pytest.mark.parametrize("kind", BAD)
def test_read_block__gives_the_reason_for_a_bad_file_and_reads_the_others(
    tmp_path: Path, kind: str
) -> None:
    content, reason = BAD[kind]
    good = jpeg(PHOTOGRAPH)
    for name, data in (("a.jpg", good), ("b.jpg", content), ("c.jpg", good)):
        (tmp_path / name).write_bytes(data)

    with warnings.catch_warnings(record=True) as warned:
        block = read_block(
            FolderFiles(tmp_path), ["a.jpg", "b.jpg", "c.jpg"], crop=80, side=32, channels=3
        )

    faults = block["fault"].tolist()
    assert faults[0] == faults[2] == ""
    with pytest.raises(PhotographError, match=reason):
        raise PhotographError(faults[1])
    assert " at 0x" not in faults[1]  # the same from run to run
    assert not block["pixels"][1].any()
    assert block["pixels"][0].any()
    np.testing.assert_array_equal(block["pixels"][0], block["pixels"][2])
    assert block["checksum"].tolist() == [checksum(good), checksum(content), checksum(good)]
    assert warned == []


@pytest.mark.parametrize("kind", ODD)
def test_decode_photograph__reads_unusual_files_by_content(kind: str) -> None:
    data, photograph, error = ODD[kind]

    pixels = decode_photograph(data, crop=None, side=96, channels=3)

    expected = np.asarray(photograph.convert("RGB"))
    assert np.abs(pixels.astype(int) - expected).mean() <= error
    grey = decode_photograph(data, crop=None, side=96, channels=1)[..., 0]
    luma = np.asarray(photograph.convert("RGB").convert("L"))
    assert np.abs(grey.astype(int) - luma).mean() <= error + 1


def test_read_block__returns_the_dtypes_of_the_store(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(PHOTOGRAPH))

    block = read_block(FolderFiles(tmp_path), ["a.jpg"], crop=None, side=32, channels=1)

    assert block["pixels"].shape == (1, 32, 32, 1)
    assert block["pixels"].dtype == np.uint8
    assert block["checksum"].dtype == np.uint64
    assert block["fault"].dtype == np.dtypes.StringDType()


def test_read_block__gives_an_unreadable_file_no_checksum() -> None:
    class Locked:
        at_once = 1

        def read(self, key: str) -> bytes:
            raise PhotographError("no permission")

    block = read_block(Locked(), ["a.jpg"], crop=None, side=32, channels=3)

    assert block["fault"].tolist() == ["no permission"]
    assert block["checksum"].tolist() == [0]
    assert not block["pixels"].any()


def test_read_block__raises_if_the_whole_source_fails(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.jpg cannot be read"):
        read_block(FolderFiles(tmp_path), ["gone.jpg"], crop=None, side=32, channels=3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_decode_photograph__reads_or_refuses_every_truncation(form: str) -> None:
    whole = encoded(gradient(48, 48), form)

    for length in range(0, len(whole), max(1, len(whole) // 60)):
        try:
            pixels = decode_photograph(whole[:length], crop=None, side=32, channels=3)
        except PhotographError as error:
            assert "remove" in str(error)  # noqa: PT017
        else:
            assert pixels.shape == (32, 32, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"])
def test_decode_photograph__reads_or_refuses_any_damage(form: str) -> None:
    rng = np.random.default_rng(0)
    whole = np.frombuffer(encoded(gradient(48, 48), form), np.uint8)

    for _ in range(100):
        data = whole.copy()
        data[rng.integers(0, min(len(data), 400), 6)] = rng.integers(0, 256, 6)
        try:
            decode_photograph(data.tobytes(), crop=None, side=32, channels=3)
        except PhotographError as error:
            assert " at 0x" not in str(error)  # noqa: PT017


def test_decode_photograph__takes_the_central_square() -> None:
    pixels = decode_photograph(jpeg(gradient()), crop=140, side=70, channels=3)

    assert pixels.shape == (70, 70, 3)
    left, right = pixels[:, 0, 0].mean(), pixels[:, -1, 0].mean()
    assert left == pytest.approx(255 * 20 / 178, abs=3)
    assert right == pytest.approx(255 * 158 / 178, abs=3)


def test_decode_photograph__agrees_with_a_float64_area_average() -> None:
    """Halving by the antialiased triangle filter: weights 1 3 3 1 over 8 in each direction."""
    rng = np.random.default_rng(0)
    photograph = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)

    data = encoded(Image.fromarray(photograph), "PNG")
    pixels = decode_photograph(data, crop=None, side=32, channels=3)

    weights = np.array([1, 3, 3, 1]) / 8
    inner = photograph.astype(float)
    for axis in (0, 1):
        windows = np.lib.stride_tricks.sliding_window_view(inner, 4, axis=axis)
        inner = np.take(windows, np.arange(1, 61, 2), axis=axis) @ weights
    np.testing.assert_allclose(pixels[1:-1, 1:-1], inner, atol=1.5)


def test_decode_photograph__computes_grey_as_the_luma_of_the_colours() -> None:
    colour = decode_photograph(jpeg(gradient()), crop=None, side=32, channels=3).astype(float)
    grey = decode_photograph(jpeg(gradient()), crop=None, side=32, channels=1)

    assert grey.shape == (32, 32, 1)
    np.testing.assert_allclose(grey[..., 0], colour @ [0.299, 0.587, 0.114], atol=2)


def test_decode_photograph__gives_the_same_bits_with_both_decoders() -> None:
    photograph = gradient()
    data = jpeg(photograph)

    pixels = decode_photograph(data, crop=None, side=178 // 16 * 16, channels=3)

    with Image.open(io.BytesIO(data)) as image:
        central = image.crop((0, 20, 178, 198)).resize((176, 176), Image.Resampling.BILINEAR)
    np.testing.assert_array_equal(pixels, np.asarray(central))


@pytest.mark.parametrize(("dtype", "form"), [("<u2", "PNG"), (">u2", "TIFF"), ("<i4", "TIFF")])
def test_decode_photograph__scales_16_bits_to_8(dtype: str, form: str) -> None:
    grey = np.asarray(gradient().convert("L"))
    wide = (grey.astype(np.int64) * 257).astype(dtype)

    pixels = decode_photograph(encoded(Image.fromarray(wide), form), crop=None, side=32, channels=1)

    narrow = encoded(Image.fromarray(grey), "PNG")
    expected = decode_photograph(narrow, crop=None, side=32, channels=1)
    np.testing.assert_array_equal(pixels, expected)
    assert 0 < pixels.mean() < 200


@pytest.mark.parametrize("mode", ["F", "I"])
def test_decode_photograph__refuses_pixels_of_unknown_range(mode: str) -> None:
    data = encoded(Image.new(mode, (40, 40), 70_000), "TIFF")

    with pytest.raises(PhotographError, match="expected 8 or 16 bits"):
        decode_photograph(data, crop=None, side=32, channels=1)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("limit", [9_999, 4_000])
def test_decode_photograph__refuses_more_pixels_than_pillow_allows(
    form: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow itself only warns up to twice its limit."""
    data = encoded(gradient(100, 100), form)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(PhotographError, match=rf"100 x 100 .* limit of {limit:,}.*remove it"):
            decode_photograph(data, crop=None, side=32, channels=3)

    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    assert decode_photograph(data, crop=None, side=32, channels=3).shape == (32, 32, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_decode_photograph__applies_the_orientation_of_exif(form: str) -> None:
    upright = gradient(96, 128)
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6

    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    turned = encoded(lying, form, exif=exif, **options)
    pixels = decode_photograph(turned, crop=None, side=32, channels=3).astype(int)

    expected = decode_photograph(encoded(upright, "PNG"), crop=None, side=32, channels=3)
    assert np.abs(pixels - expected).max() <= 4
    untouched = decode_photograph(encoded(lying, "PNG"), crop=None, side=32, channels=3)
    assert np.abs(untouched.astype(int) - expected).max() > 50
