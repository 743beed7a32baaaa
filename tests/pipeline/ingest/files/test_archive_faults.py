"""Archives and files that are damaged, huge, or lie about their content."""

import gzip
import io
import os
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.ingest.files.packed import link, pack, regular
from tests.pipeline.ingest.photographs import contents, opened, small, write_small
from tests.s3 import new_bucket
from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest import limits
from zpoints.pipeline.ingest.files import tar_files
from zpoints.pipeline.ingest.files.path import source_path

GIB = 1 << 30


def huge_zip(folder: Path) -> Path:
    """Two members that declare 2 GiB each, packed in a few kilobytes."""
    archive = folder / "huge.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in ("a.jpg", "z.jpg"):
            zipped.writestr(name, bytes(4096))
            zipped.filelist[-1].file_size = 2 * GIB
        zipped.writestr("m.jpg", small(0))
    return archive


def huge_tar(folder: Path) -> Path:
    """The same, as holes: the archive takes a few blocks of the disk."""
    archive = folder / "huge.tar"
    with archive.open("wb") as file:
        for name, size in (("a.jpg", 2 * GIB), ("z.jpg", 60 * GIB)):
            file.write(regular(name, size).tobuf())
            file.seek(size, io.SEEK_CUR)
        file.write(regular("m.jpg", len(small(0))).tobuf())
        file.write(small(0).ljust(-(-len(small(0)) // 512) * 512 + 1024, b"\0"))
    return archive


def huge_folder(folder: Path) -> Path:
    for name, size in (("a.jpg", 2 * GIB), ("z.jpg", 60 * GIB)):
        with (folder / name).open("wb") as file:
            os.truncate(file.fileno(), size)
    (folder / "m.jpg").write_bytes(small(0))
    return folder


@pytest.mark.parametrize("make", [huge_zip, huge_tar, huge_folder])
def test_open_source__files_that_declare_too_much_are_refused_unread(
    make: Any, tmp_path: Path
) -> None:
    source = opened(make(tmp_path))

    assert source.names == ("m.jpg",)
    assert contents(source) == [small(0)]
    assert [refused.name for refused in source.refused] == ["a.jpg", "z.jpg"]
    assert source.refused[0].reason == (
        "2,147,483,648 bytes is more than the limit of 536,870,912 for a photograph; scale it down "
        "or remove it"
    )


def test_open_source__a_huge_object_in_a_bucket_is_refused_unread(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="a.jpg", Body=bytes(2000))
    s3.put_object(Bucket=bucket, Key="m.jpg", Body=small(0))
    monkeypatch.setattr(limits, "MOST_BYTES", 1999)

    source = opened(source_path(f"s3://{bucket}"))

    assert source.names == ("m.jpg",)
    assert source.refused[0].reason.startswith("2,000 bytes is more than the limit")


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_zip_files__a_member_larger_than_it_declares_is_quarantined(
    method: int, tmp_path: Path
) -> None:
    archive = tmp_path / "liar.zip"
    with zipfile.ZipFile(archive, "w", method) as zipped:
        zipped.writestr("a.jpg", bytes(20_000_000))
        zipped.filelist[-1].file_size = 1000
        zipped.writestr("b.jpg", small(0))

    source = opened(archive)

    with pytest.raises(PhotographError, match=r"a\.jpg is damaged or locked .*Bad CRC"):
        source.files.read("a.jpg")
    assert source.files.read("b.jpg") == small(0)


def test_tar_files__links_lead_to_the_photographs_of_others(tmp_path: Path) -> None:
    archive = tmp_path / "links.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(regular("a/1.jpg", len(small(1))), io.BytesIO(small(1)))
        tar.addfile(link("hard.jpg", "a/1.jpg", tarfile.LNKTYPE))
        tar.addfile(link("absolute.jpg", "/a/1.jpg", tarfile.LNKTYPE))  # packed with tar -P
        tar.addfile(link("a/soft.jpg", "../hard.jpg"))
        tar.addfile(link("lost.jpg", "nowhere.jpg"))
        tar.addfile(link("self.jpg", "self.jpg"))
        tar.addfile(link("out.jpg", "/etc/passwd"))
        tar.addfile(link("pipe.jpg", "", tarfile.FIFOTYPE))

    source = opened(archive)

    assert source.names == ("1.jpg", "absolute.jpg", "hard.jpg", "soft.jpg")
    assert contents(source) == [small(1)] * 4
    reasons = {refused.name: refused.reason.split(";")[0] for refused in source.refused}
    assert reasons == {
        "lost.jpg": "the link leads to no file in the archive",
        "self.jpg": "the link leads to no file in the archive",
        "out.jpg": "the link leads to no file in the archive",
        "pipe.jpg": "not a regular file",
    }


def test_zip_files__links_lead_to_the_photographs_of_others(tmp_path: Path) -> None:
    archive = tmp_path / "links.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("a/1.jpg", small(1))
        for name, target in (("b/soft.jpg", "../a/1.jpg"), ("lost.jpg", "nowhere.jpg")):
            member = zipfile.ZipInfo(name)
            member.create_system, member.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            zipped.writestr(member, target)

    source = opened(archive)

    assert source.names == ("1.jpg", "soft.jpg")
    assert contents(source) == [small(1)] * 2
    assert [refused.name for refused in source.refused] == ["lost.jpg"]


def test_tar_files__a_sparse_member_is_refused_with_the_remedy(tmp_path: Path) -> None:
    write_small(tmp_path, ["b.jpg"])
    with (tmp_path / "a.jpg").open("wb") as file:
        file.seek(1 << 20)
        file.write(b"end")
    command = ["tar", "--sparse", "-cf", "sparse.tar", "a.jpg", "b.jpg"]
    subprocess.run(command, cwd=tmp_path, check=True)

    source = opened(tmp_path / "sparse.tar")

    assert source.names == ("b.jpg",)
    assert source.refused[0].reason == "stored with holes; pack the archive again without --sparse"


def test_tar_files__names_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "latin.tar"
    with tarfile.open(archive, "w", encoding="latin-1", format=tarfile.GNU_FORMAT) as tar:
        for name in ("Jos\u00e9.jpg", "Ann.jpg"):
            tar.addfile(regular(name, len(small(1))), io.BytesIO(small(1)))

    source = opened(archive)

    assert source.names == ("Ann.jpg",)
    assert source.refused[0].name == "Jos\\udce9.jpg"
    assert source.refused[0].reason.startswith("the file's name is not UTF-8")


MEMBER = 512 + -(-len(small(0)) // 512) * 512


def damaged_tar(folder: Path, kind: str) -> Path:
    """An archive of three photographs, of which part of the second is missing or overwritten."""
    archive = pack(folder / "faces.tar", {f"{n}.jpg": small(0) for n in range(3)})
    content = archive.read_bytes()
    archive.write_bytes(
        {
            "empty": b"",
            "a web page": b"<html>not found</html>" * 99,
            "cut in a photograph": content[: MEMBER + 700],
            "cut in a header": content[: MEMBER + 300],
            "an overwritten header": content[:MEMBER] + b"\7" * 512 + content[MEMBER + 512 :],
            "a negative size": content[:MEMBER]
            + negative(content[MEMBER : MEMBER + 512])
            + content[MEMBER + 512 :],
        }[kind]
    )
    return archive


def negative(header: bytes) -> bytes:
    """A header with the size -1024, as a loop for readers that trust it."""
    changed = header[:124] + b"\xff" * 10 + b"\xfc\x00" + header[136:]
    checksum = sum(changed[:148]) + 8 * 32 + sum(changed[156:])
    return changed[:148] + b"%06o\0 " % checksum + changed[156:]


@pytest.mark.parametrize(
    "kind",
    [
        *("empty", "a web page", "cut in a photograph", "cut in a header"),
        *("an overwritten header", "a negative size"),
    ],
)
def test_open_source__a_damaged_tar_is_an_error_and_loses_no_photographs(
    kind: str, tmp_path: Path
) -> None:
    archive = damaged_tar(tmp_path, kind)

    with pytest.raises(SourceError, match=r"Expected a complete tar archive; fetch or pack"):
        opened(archive)


def test_open_source__a_tar_without_an_end_mark_is_complete(tmp_path: Path) -> None:
    archive = pack(tmp_path / "faces.tar", {f"{n}.jpg": small(0) for n in range(3)})
    os.truncate(archive, 3 * MEMBER)

    assert opened(archive).names == ("0.jpg", "1.jpg", "2.jpg")


def test_open_source__a_tar_with_a_huge_header_is_an_error(tmp_path: Path) -> None:
    archive, member = tmp_path / "faces.tar", regular("x", 7 * GIB)
    member.type = tarfile.XHDTYPE
    archive.write_bytes(member.tobuf())
    os.truncate(archive, 8 * GIB)

    with pytest.raises(SourceError, match="a header of 7516192768 bytes"):
        opened(archive)


@pytest.mark.parametrize("suffix", [".tar.gz", ".tar.xz", ".tar.bz2"])
def test_open_source__half_a_compressed_tar_is_an_error(suffix: str, tmp_path: Path) -> None:
    archive = pack(tmp_path / f"faces{suffix}", {f"{n}.jpg": small(n) for n in range(9)})
    os.truncate(archive, archive.stat().st_size // 2)

    with pytest.raises(SourceError, match=r"cannot be unpacked into .* fetch it again"):
        opened(archive)


def test_open_source__a_compressed_tar_beyond_the_limit_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would take is known only by unpacking, which ends at the limit."""
    monkeypatch.setattr(tar_files, "UNPACKED_LIMIT", 5 << 20)
    archive = tmp_path / "bomb.tgz"
    with gzip.open(archive, "wb", compresslevel=1) as file:
        file.write(bytes(8 << 20))

    with pytest.raises(SourceError, match=r"5,242,880 bytes unpacked.*gunzip\) to a \.tar"):
        opened(archive)


def test_open_source__unpacking_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    source = opened(pack(tmp_path / "faces.tgz", {"a.jpg": small(0)}))

    assert contents(source) == [small(0)]
    assert list(scratch.iterdir()) == []


def test_read__a_tar_is_read_at_random_without_its_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"{number:03d}.jpg" for number in range(50)]
    source = opened(pack(tmp_path / "faces.tar", {n: small(i % 9) for i, n in enumerate(names)}))
    tar_files.opened_tar.cache_clear()
    monkeypatch.setattr(tarfile, "open", lambda *_, **__: pytest.fail("headers are read"))

    for number in (40, 3, 49, 0):
        assert source.files.read(source.keys[number]) == small(number % 9)


def test_open_source__a_huge_table_in_an_archive_is_not_used(tmp_path: Path) -> None:
    archive = tmp_path / "faces.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("a.jpg", small(0))
        zipped.writestr("labels.csv", b"file,Male\na.jpg,1\n")
        zipped.filelist[-1].file_size = 2 * GIB

    with pytest.raises(SourceError, match=r"2,147,483,648 bytes are more than.*unused_tables=ign"):
        opened(archive)
    source = opened(archive, unused_tables="ignore")

    assert source.names == ("a.jpg",)
    assert any("2,147,483,648 bytes are more than" in note for note in source.notes)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_open_source__mutated_archives_are_read_or_refused(suffix: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    files = {"s1/1.jpg": small(1), "s2/1.jpg": small(2), "labels.csv": b"file,Male\ns1/1.jpg,1\n"}
    archive = pack(tmp_path / f"faces{suffix}", files)
    whole, ends = archive.read_bytes(), []

    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(len(content), size=rng.integers(1, 4)):
            content[at : at + 8] = rng.bytes(rng.integers(0, 9))
        archive.write_bytes(content)
        ends.append(end_of(archive))

    assert "source refused" in ends


def end_of(archive: Path) -> str:
    """What becomes of an archive; any other error fails the test."""
    try:
        contents(opened(archive))
    except PhotographError:
        return "photograph refused"
    except SourceError:
        return "source refused"
    return "read"
