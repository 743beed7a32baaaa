"""Photographs in a zip archive, read in place: damage, and an archive that is replaced."""

import zipfile
from pathlib import Path

import pytest

from tests.pipeline.ingest.files.packed import pack
from tests.pipeline.ingest.photographs import NAMES, contents, opened, small
from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.zip_files import opened_zip


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_zip_files__a_damaged_photograph_affects_no_other(tmp_path: Path, method: int) -> None:
    path = tmp_path / "img_align_celeba.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("img_align_celeba/a.jpg", small(0))
        archive.writestr("img_align_celeba/b.jpg", small(1))
    content = bytearray(path.read_bytes())
    content[100:400] = bytes(300)
    path.write_bytes(content)

    source = opened(path)

    with pytest.raises(PhotographError, match=r"img_align_celeba/a\.jpg is damaged.*fetch or pack"):
        source.files.read(source.keys[0])
    assert source.files.read(source.keys[1]) == small(1)


def test_zip_files__a_compression_that_is_not_read_is_named_with_the_remedy(
    tmp_path: Path,
) -> None:
    """Windows packs large files with Deflate64, other programs with Zstandard."""
    archive = pack(tmp_path / "faces.zip", {"a.jpg": small(0), "b.jpg": small(1)})
    content = bytearray(archive.read_bytes())
    for header, method in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.find(header) + method] = 93
    archive.write_bytes(content)

    source = opened(archive)

    with pytest.raises(PhotographError, match=r"in a way that is not read .*pack .*\(deflate\)"):
        source.files.read("a.jpg")
    assert source.files.read("b.jpg") == small(1)


def test_zip_files__an_archive_that_was_replaced_is_not_read_as_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "img_align_celeba.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(NAMES[0], small(0))
    before = opened(path)
    assert contents(before) == [small(0)]

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(NAMES[0], small(1))
        archive.writestr(NAMES[1], small(2))

    assert contents(opened(path)) == [small(1), small(2)]
    opened_zip.cache_clear()  # as in a process that starts now
    with pytest.raises(SourceError, match="has changed since it was listed"):
        before.files.read(before.keys[0])
