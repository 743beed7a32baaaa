"""What is too large, or of a format that is not read, goes to the quarantine unread."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.pipeline.ingest.decoding.damage import at, chunk
from tests.pipeline.ingest.photographs import encoded, gradient, jpeg, opened, small, write_small
from zpoints.pipeline.errors import PhotographError
from zpoints.pipeline.ingest import limits
from zpoints.pipeline.ingest.decoding.image import NAMES
from zpoints.pipeline.ingest.files.file_names import SUFFIXES
from zpoints.pipeline.ingest.files.photographs import FolderFiles
from zpoints.pipeline.ingest.images import decode_photograph, read_block
from zpoints.pipeline.ingest.sources import parquet_shards

NAME = "a.jpg"
TOO_LARGE = r"bytes is more than the limit of [\d,]+ for a photograph; scale it down or remove it"


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit between the sizes of a small photograph and of `large`."""
    monkeypatch.setattr(limits, "MOST_BYTES", 20_000)
    monkeypatch.setattr(parquet_shards, "MOST_BYTES", 20_000)
    return 20_000


def large() -> bytes:
    return small(1) + bytes(30_000)


def decoded(data: bytes) -> np.ndarray:
    return decode_photograph(data, crop=None, side=32, channels=3)


def test_read_block__a_huge_sparse_file_is_quarantined_by_its_size(tmp_path: Path) -> None:
    write_small(tmp_path, ["1.jpg"])
    with (tmp_path / "huge.jpg").open("wb") as file:
        os.truncate(file.fileno(), 60 * 10**9)

    block = read_block(FolderFiles(tmp_path), ["huge.jpg", "1.jpg"], crop=None, side=32, channels=3)

    assert block["fault"].tolist() == [
        "60,000,000,000 bytes is more than the limit of 536,870,912 for a photograph; scale it "
        "down or remove it",
        "",
    ]
    np.testing.assert_array_equal(block["pixels"][1], decoded(small(0)))


def test_read_parquet__a_cell_is_judged_by_its_size(tmp_path: Path, small_limit: int) -> None:
    contents = [small(1), large(), small(2), None]
    pq.write_table(pa.table({"image": pa.array(contents, pa.binary())}), tmp_path / "a.parquet")

    source = opened(tmp_path)
    block = read_block(source.files, source.keys, crop=None, side=32, channels=3)

    faults = block["fault"].tolist()
    assert faults[0] == faults[2] == ""
    with pytest.raises(PhotographError, match=TOO_LARGE):
        raise PhotographError(faults[1])
    assert faults[3].startswith("the row holds no bytes")
    np.testing.assert_array_equal(block["pixels"][2], decoded(small(2)))


def test_decode_photograph__refuses_content_beyond_the_limit(small_limit: int) -> None:
    with pytest.raises(PhotographError, match=TOO_LARGE):
        decoded(large())


def declared(form: str, width: int, height: int) -> bytes:
    """A small file whose header announces an image of another size."""
    data = bytearray(encoded(gradient(40, 40), form))
    if form == "JPEG":
        start = at(bytes(data), 0xC0) + 5
        data[start : start + 4] = struct.pack(">HH", height, width)
    elif form == "PNG":
        header = struct.pack(">II", width, height) + data[24:29]
        data[8:33] = chunk(b"IHDR", header)
    elif form == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif form == "BMP":
        data[18:26] = struct.pack("<ii", width, height)
    elif form == "TGA":
        data[12:16] = struct.pack("<HH", width, height)
    elif form == "PPM":
        data[:] = bytes(data).replace(b"40 40", f"{width} {height}".encode())
    elif form == "TIFF":
        for tag, value in ((256, width), (257, height)):
            entry = bytes(data).index(struct.pack("<HHII", tag, 4, 1, 40))
            data[entry : entry + 12] = struct.pack("<HHII", tag, 4, 1, value)
    elif form == "WEBP":  # the canvas of an extended file
        frame = bytes(data[12:])
        canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
        extended = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas + frame
        data[:] = b"RIFF" + struct.pack("<I", len(extended)) + extended
    return bytes(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "BMP", "TGA", "PPM", "TIFF", "WEBP"])
def test_decode_photograph__refuses_declared_bombs_of_every_format(form: str) -> None:
    """The header announces 225 million pixels; nothing is allocated for them."""
    with pytest.raises(PhotographError, match=r"(15000 x 15000|225000000) pixels.*or remove"):
        decoded(declared(form, 15_000, 15_000))


def test_decode_photograph__refuses_a_jpeg_of_a_thousand_scans() -> None:
    data = jpeg(gradient(), progressive=True)
    last = data.rindex(b"\xff\xda")
    bomb = data[:-2] + data[last:-2] * 1000 + data[-2:]

    with pytest.raises(PhotographError, match=r"\d+ scans are more than the limit of 100"):
        decoded(bomb)


def test_decode_photograph__scans_of_a_film_behind_the_photograph_do_not_count() -> None:
    data = jpeg(gradient())

    np.testing.assert_array_equal(decoded(data + b"\xff\xda\0" * 1000), decoded(data))


POSTSCRIPT = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 100 100
%%EndComments
(/tmp/owned) (w) file closefile
showpage
%%EOF
"""


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tga"])
def test_read_block__postscript_is_refused_and_starts_no_program(tmp_path: Path, name: str) -> None:
    """An interpreter that stands in the PATH leaves a trace if it is started."""
    (tmp_path / "bin").mkdir()
    interpreter = tmp_path / "bin" / "gs"
    interpreter.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    interpreter.chmod(0o755)
    (tmp_path / name).write_bytes(POSTSCRIPT)
    program = (
        "from pathlib import Path;"
        "from zpoints.pipeline.ingest.files.photographs import FolderFiles;"
        "from zpoints.pipeline.ingest.images import read_block;"
        f"print(*read_block(FolderFiles(Path({str(tmp_path)!r})), [{name!r}], crop=None, side=32, "
        "channels=3)['fault'])"
    )

    path = f"{interpreter.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "not an image of a known format (it begins with b'%!PS" in done.stdout
    assert not (tmp_path / "started").exists()


UNKNOWN = {
    **{
        form: encoded(gradient(48, 48), form)
        for form in ("EPS", "PDF", "ICO", "ICNS", "PCX", "SGI", "IM", "DDS", "DIB")
    },
    "XBM": encoded(gradient(48, 48).convert("1"), "XBM"),
    "MSP": encoded(gradient(48, 48).convert("1"), "MSP"),
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>",
    "XPM": b'/* XPM */\nstatic char *a[] = {\n"1 1 1 1",\n"a c #000000",\n"a"};',
    "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + bytes(80),
    "WMF": b"\xd7\xcd\xc6\x9a\0\0" + bytes(60),
    "FITS": b"SIMPLE  =                    T" + b" " * 2850,
}
"""Files of formats that Pillow knows and the documentation does not name."""


@pytest.mark.parametrize("form", UNKNOWN)
def test_decode_photograph__reads_documented_formats_alone(form: str) -> None:
    with pytest.raises(PhotographError, match=f"known format.*known are {NAMES}"):
        decoded(UNKNOWN[form])


def test_names__are_the_formats_whose_suffixes_make_a_photograph() -> None:
    """The message, the documentation and the listing agree."""
    by_suffix = {Image.registered_extensions().get(suffix, "") for suffix in SUFFIXES}
    pillow = {"PNM": "PPM", "JPEG 2000": "JPEG2000"}
    named = NAMES.replace(" and ", ", ").split(", ")

    assert {pillow.get(name, name.upper()) for name in named} == by_suffix - {""}
    page = Path(__file__).parents[3] / "docs/reference/formats.md"
    assert NAMES in " ".join(page.read_text().split())
