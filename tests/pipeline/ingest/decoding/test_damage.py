"""Faults of files: what costs no pixel is read, what loses pixels is refused, by one rule."""

import io
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from tests.pipeline.ingest.decoding.damage import (
    COMMENT,
    END,
    SCAN,
    TABLES,
    adobe,
    app,
    at_top,
    before,
    before_restarts,
    jfif,
    overwritten,
    restarts,
    scan_header,
    scan_start,
    with_exif,
    without_scan,
    zeros_from,
)
from tests.pipeline.ingest.photographs import encoded, gradient, jpeg
from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest.decoding.jpeg_mending import mended
from zpoints.pipeline.ingest.images import decode_photograph


@cache
def face() -> Image.Image:
    """A synthetic face with noise, so that its scan has bytes of every kind."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:218, :178]
    oval = ((x - 89) / 55) ** 2 + ((y - 110) / 75) ** 2 < 1
    shade = np.where(oval[..., None], [205, 160, 130], [70, 90, 120])
    return Image.fromarray(np.clip(shade + rng.normal(0, 12, (218, 178, 3)), 0, 255).astype("u1"))


SOUND = jpeg(face())
PROGRESSIVE = jpeg(face(), progressive=True)
RESTARTS = jpeg(face(), restart_marker_rows=1)
CMYK = jpeg(face().convert("CMYK"))


def decoded(data: bytes) -> np.ndarray:
    return decode_photograph(data, crop=None, side=64, channels=3)


def refused(data: bytes) -> str:
    """The reason; empty if the photograph is read."""
    try:
        decoded(data)
    except PhotographError as error:
        return str(error)
    return ""


HARMLESS: dict[str, tuple[bytes, bytes]] = {
    "two zero bytes before the tables": (before(SOUND, TABLES, b"\0\0"), SOUND),
    "two zero bytes before the scan": (before(SOUND, SCAN, b"\0\0"), SOUND),
    "two zero bytes before the end mark": (before(SOUND, END, b"\0\0"), SOUND),
    "a kilobyte of zeros before the end mark": (before(SOUND, END, bytes(1024)), SOUND),
    "junk before the end mark": (before(SOUND, END, b"made by a camera"), SOUND),
    "junk with markers before the end mark": (before(SOUND, END, b"\xff\x37\xff\xd8junk"), SOUND),
    "much junk before the end mark": (before(SOUND, END, b"SEFH\1\2\3" * 5000), SOUND),
    "junk before a comment": (
        at_top(at_top(SOUND, app(COMMENT, b"hello")), app(COMMENT, b"there") + b"junk"),
        SOUND,
    ),
    "junk after the end mark": (SOUND + b"a film of two seconds" * 99, SOUND),
    "another photograph after the end mark": (SOUND + jpeg(gradient()), SOUND),
    "no end mark": (SOUND[:-2], SOUND),
    "half an end mark": (SOUND[:-1], SOUND),
    "a phone's scan header": (scan_header(SOUND, b"\0\0\0"), SOUND),
    "another scan header": (scan_header(SOUND, b"\1\2\3"), SOUND),
    "JFIF 2": (jfif(SOUND, 2), SOUND),
    "JFIF 0": (jfif(SOUND, 0), SOUND),
    "an unknown transform of Adobe": (adobe(SOUND, 7), SOUND),
    "fill bytes before a marker": (before(SOUND, TABLES, b"\xff\xff\xff"), SOUND),
    "several faults": (
        jfif(before(scan_header(SOUND, b"\0\0\0"), END, b"junk")[:-2], 2),
        SOUND,
    ),
    "progressive, zeros before every scan": (
        PROGRESSIVE.replace(b"\xff\xda", b"\0\0\xff\xda"),
        PROGRESSIVE,
    ),
    "progressive, junk before the last tables": (before(PROGRESSIVE, 0xC4, b"junk"), PROGRESSIVE),
    "progressive, junk before the end mark": (before(PROGRESSIVE, END, b"a camera"), PROGRESSIVE),
    "progressive, no end mark": (PROGRESSIVE[:-2], PROGRESSIVE),
    "restarts, zeros before each": (before_restarts(RESTARTS, b"\0\0"), RESTARTS),
    "restarts, junk before one": (before(RESTARTS, 0xD3, b"junk"), RESTARTS),
    "restarts, more of them than needed": (
        before(RESTARTS, END, b"\xff\xd5junk\xff\xd6junk\xff\xd7"),
        RESTARTS,
    ),
    "CMYK, junk before the end mark": (before(CMYK, END, b"junk"), CMYK),
}
"""Files that every viewer opens, by fault, and the sound file of the same pixels."""


@pytest.mark.parametrize("carries_exif", [False, True], ids=["plain", "exif"])
@pytest.mark.parametrize("fault", HARMLESS)
def test_decode_photograph__reads_what_costs_no_pixel(fault: str, carries_exif: bool) -> None:
    data, sound = HARMLESS[fault]

    pixels = decoded(with_exif(data) if carries_exif else data)

    np.testing.assert_array_equal(pixels, decoded(sound))


@pytest.mark.parametrize("fault", HARMLESS)
def test_decode_photograph__the_faults_are_such_that_viewers_open_the_file(fault: str) -> None:
    """The corpus itself: Pillow, which ignores warnings, reads the same pixels."""
    data, sound = HARMLESS[fault]
    if b"\xff\xd9" not in data or "markers" in fault:
        pytest.skip("Pillow stops with an error after the last pixel")

    with Image.open(io.BytesIO(data)) as image, Image.open(io.BytesIO(sound)) as expected:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(expected))


LOST: dict[str, tuple[bytes, str]] = {
    "a quarter": (SOUND[: len(SOUND) // 4], "premature end"),
    "three quarters": (SOUND[: len(SOUND) * 3 // 4], "premature end"),
    "the last coded bytes missing": (SOUND[:-6], "premature end"),
    "the last coded bytes missing before the end mark": (SOUND[:-6] + SOUND[-2:], "premature end"),
    "a spurious marker in the scan": (
        SOUND[:-2000] + b"\xff\xc4" + SOUND[-1998:],
        "premature end",
    ),
    "a kilobyte cut out of the scan": (SOUND[:-3000] + SOUND[-2000:], "readable"),
    "a kilobyte doubled in the scan": (SOUND[:-2000] + SOUND[-3000:], "readable"),
    "the header of the scan alone": (SOUND[: scan_start(SOUND)], "premature end"),
    "zeros in place of nine tenths": (zeros_from(SOUND, 0.1), "extraneous bytes"),
    "zeros in place of a tenth": (zeros_from(SOUND, 0.9), "extraneous bytes"),
    "the same with an end mark": (zeros_from(SOUND, 0.9) + SOUND[-2:], "extraneous bytes"),
    "no scan": (SOUND[: scan_start(SOUND) - 12], "scans are missing|Start of Scan|readable"),
    "progressive, half": (PROGRESSIVE[: len(PROGRESSIVE) // 2], "readable"),
    "progressive, zeros in place of a tenth": (zeros_from(PROGRESSIVE, 0.9), "readable"),
    "progressive, and more zeros": (zeros_from(PROGRESSIVE, 0.9) + bytes(4096), "readable"),
    "progressive, cut between scans": (
        PROGRESSIVE[: PROGRESSIVE.rindex(b"\xff\xc4")],
        "scans are missing",
    ),
    "progressive, a scan lost": (without_scan(PROGRESSIVE, 4), "readable"),
    "progressive, the last scan lost": (without_scan(PROGRESSIVE, -1), "scans are missing"),
    "restarts, one overwritten": (RESTARTS.replace(b"\xff\xd3", b"\1\2", 1), "readable"),
    "restarts, an interval missing": (
        RESTARTS[: RESTARTS.index(b"\xff\xd1")] + RESTARTS[RESTARTS.index(b"\xff\xd2") :],
        "instead of RST",
    ),
    "CMYK, half": (CMYK[: len(CMYK) // 2], "premature end"),
}
"""Files without some of their pixels: content, and a part of the reason."""


@pytest.mark.parametrize("carries_exif", [False, True], ids=["plain", "exif"])
@pytest.mark.parametrize("fault", LOST)
def test_decode_photograph__refuses_lost_pixels(fault: str, carries_exif: bool) -> None:
    data, reason = LOST[fault]

    with pytest.raises(PhotographError, match=f"({reason}).*repair or remove the photograph"):
        decoded(with_exif(data) if carries_exif else data)


@pytest.mark.parametrize("whole", [SOUND, PROGRESSIVE, RESTARTS], ids=["SOUND", "PROG", "RST"])
def test_decode_photograph__a_truncated_jpeg_is_refused_unless_it_is_whole(whole: bytes) -> None:
    expected = decoded(whole)
    lengths = {*range(scan_start(whole) - 40, len(whole), len(whole) // 25), *range(-8, 0)}

    for length in lengths:
        try:
            pixels = decoded(whole[:length])
        except PhotographError:
            continue
        np.testing.assert_array_equal(pixels, expected)


def test_mended__decodes_each_interval_between_restart_markers_by_itself() -> None:
    """Decoding the file up to each interval takes minutes for a photograph of a camera."""
    data = before_restarts(jpeg(face().resize((256, 800)), restart_marker_rows=1), b"junk")
    assert restarts(data) == 49
    decoded = 0

    def decode(file: bytes, *, strict: bool) -> np.ndarray:
        nonlocal decoded
        decoded += len(file)
        return simplejpeg.decode_jpeg(file, strict=strict)

    mended(data, decode)

    headers = 49 * scan_start(data)
    assert decoded < 60 * (len(data) + headers)


FORMS: dict[str, dict[str, Any]] = {
    "sequential": {},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
}
"""Ways to encode a JPEG file."""


def photographs(faces: Path, form: str, first: int, last: int) -> list[bytes]:
    """Some synthetic faces, encoded in a way."""
    paths = sorted((faces / "img_align_celeba").iterdir())[first:last]
    return [encoded(Image.open(path), "JPEG", quality=90, **FORMS[form]) for path in paths]


@pytest.mark.parametrize("first", [0, 50])
@pytest.mark.parametrize(
    ("form", "refused_at_least"), [("sequential", 0.4), ("progressive", 0.6), ("restarts", 0.6)]
)
def test_decode_photograph__judges_damage_alike_with_and_without_exif(
    faces: Path, form: str, refused_at_least: float, first: int
) -> None:
    """Eight bytes overwritten in 300 pairs in all: the same verdict, the same pixels."""
    rng = np.random.default_rng([17, first])
    plain = []
    for number, whole in enumerate(photographs(faces, form, first, first + 50)):
        data = overwritten(whole, rng, run=number % 2 == 0)
        plain.append(refused(data))
        assert refused(with_exif(data)) == plain[-1]
        if not plain[-1]:
            np.testing.assert_array_equal(decoded(with_exif(data)), decoded(data))

    assert np.mean([reason != "" for reason in plain]) >= refused_at_least


@pytest.mark.parametrize("form", FORMS)
def test_decode_photograph__hardly_ever_takes_lost_blocks_for_surplus_bytes(
    faces: Path, form: str
) -> None:
    """libjpeg warns of surplus bytes, too, where damage has led it astray."""
    rng = np.random.default_rng(18)
    mistaken = 0
    for number, whole in enumerate(photographs(faces, form, 0, 60)):
        data = overwritten(whole, rng, run=number % 2 == 0, first=scan_start(whole))
        try:
            simplejpeg.decode_jpeg(data)
        except ValueError:
            mistaken += not refused(data)

    assert mistaken <= 3


@pytest.mark.parametrize("form", ["sequential", "restarts"])
def test_decode_photograph__surplus_bytes_of_any_content_are_cut_off(
    faces: Path, form: str
) -> None:
    rng = np.random.default_rng(19)
    for number, whole in enumerate(photographs(faces, form, 0, 30)):
        junk = rng.integers(0, 255, 1 + 10 * number, dtype=np.uint8).tobytes()
        np.testing.assert_array_equal(decoded(before(whole, END, junk)), decoded(whole))


def test_decode_photograph__judges_jpeg_data_in_a_tiff_by_the_same_rule() -> None:
    """Strips of a TIFF are JPEG files without tables, which libtiff decodes without warnings."""
    whole = encoded(face(), "TIFF", compression="jpeg", quality=90)
    assert not refused(whole)
    rng = np.random.default_rng(20)

    reasons = []
    for position in rng.integers(1000, len(whole) - 2000, 40):
        junk = rng.integers(0, 256, 8, dtype=np.uint8).tobytes()
        reasons.append(refused(whole[:position] + junk + whole[position + 8 :]))

    assert np.mean([reason != "" for reason in reasons]) > 0.6


def test_decode_photograph__refuses_a_photograph_whose_components_share_their_tables() -> None:
    """Where the decoder slips by a component, its surplus is not a whole number of units."""
    whole = jpeg(face(), keep_rgb=True)
    rng = np.random.default_rng(21)
    mistaken = 0
    for number in range(25):
        data = overwritten(whole, rng, run=number % 2 == 0, first=scan_start(whole))
        try:
            simplejpeg.decode_jpeg(data)
        except ValueError:
            mistaken += not refused(data)

    assert mistaken <= 2
