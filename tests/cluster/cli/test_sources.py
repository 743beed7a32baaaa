"""Sources as they come, at the command line: what is reported, and the exit code."""

import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.cli.commands import zpoints
from tests.pipeline.ingest.files.packed import pack, regular
from tests.pipeline.ingest.photographs import small, write_small
from tests.s3 import new_bucket

FACES = {
    f"s{person}/{number}.jpg": small(4 * person + number) for person in (1, 2) for number in (1, 2)
}


def escaping(home: Path) -> str:
    pack(home / "faces.zip", FACES | {"../x.jpg": small(0), "./s1/1.jpg": small(1)})
    return "faces.zip"


def huge(home: Path) -> str:
    with zipfile.ZipFile(home / "faces.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes(9999))
        archive.filelist[-1].file_size = 2 << 30
        archive.writestr("b.jpg", small(0))
    return "faces.zip"


def sparse(home: Path) -> str:
    write_small(home / "faces", ["b.jpg"])
    (home / "faces" / "a.jpg").touch()
    os.truncate(home / "faces" / "a.jpg", 60 << 30)
    return "faces"


def huge_member(home: Path) -> str:
    with tarfile.open(home / "faces.tar", "w") as archive:
        archive.addfile(regular("b.jpg", len(small(0))), io.BytesIO(small(0)))
        archive.fileobj.write(regular("a.jpg", 60 << 30).tobuf())  # the header alone
    os.truncate(home / "faces.tar", 61 << 30)
    return "faces.tar"


def cut(home: Path) -> str:
    pack(home / "faces.tar", FACES)
    os.truncate(home / "faces.tar", 2000)
    return "faces.tar"


SITUATIONS: dict[str, tuple[Callable[[Path], str], str, str, int]] = {
    "members that are left out": (
        escaping,
        "1 member left out, replaced by a later one of the same name, e.g. 's1/1.jpg'",
        "",
        0,
    ),
    "a member of 2 GiB packed small": (huge, "2 photographs.", "", 0),
    "a sparse file": (sparse, "2 photographs.", "", 0),
    "a tar with a member of 60 GiB": (huge_member, "2 photographs.", "", 0),
    "half a tar": (cut, "", "Expected a complete tar archive; fetch or pack it again, or", 2),
}
"""What makes the source; parts of the output and of the error; the exit code."""


@pytest.mark.parametrize("situation", SITUATIONS)
def test_run__sources_as_they_come(situation: str, tmp_path: Path) -> None:
    make, report, error, code = SITUATIONS[situation]
    source = make(tmp_path)

    done = dry_run(source, tmp_path)

    assert done.returncode == code, done.stderr
    assert report in done.stdout
    assert error in done.stderr
    assert len(done.stderr.splitlines()) == bool(code)


@pytest.mark.parametrize("make", [huge, sparse, huge_member])
def test_run__a_huge_photograph_is_named_where_none_is_allowed(
    make: Callable[[Path], str], tmp_path: Path
) -> None:
    done = dry_run(make(tmp_path), tmp_path, "--strict")

    assert done.returncode == 1
    assert "1 photograph cannot be read: a.jpg: " in done.stderr
    assert "bytes is more than the limit of 536,870,912 for a photograph; scale" in done.stderr


def test_run__keys_that_are_no_paths(s3: Any, tmp_path: Path) -> None:
    bucket = new_bucket(s3)
    for name, content in {**FACES, "/x.jpg": b"", "s1/../y.jpg": b"", "s2/./z.jpg": b""}.items():
        s3.put_object(Bucket=bucket, Key=f"faces/{name}", Body=content or small(0))

    done = dry_run(f"s3://{bucket}/faces", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "4 photographs." in done.stdout
    assert "3 keys left out, which an empty part (//), '.', '..' or a control" in done.stdout
    assert dry_run(f"s3://{bucket}/faces//", tmp_path).returncode == 0
    refused = dry_run(f"s3://{bucket}/faces/../faces", tmp_path)
    assert refused.returncode == 2
    assert "has an empty part (//), '.' or '..'. Expected a name between slashes" in refused.stderr


def dry_run(source: str, folder: Path, *options: str) -> Any:
    command = ["run", "demo", "--root", "store", "--set", f"ingest.source={source}"]
    return zpoints(*command, "--set", "ingest.crop=null", "--dry-run", *options, folder=folder)
