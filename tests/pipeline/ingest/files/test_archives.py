"""Zip and tar archives, read as the folder that they hold, in every form of a folder."""

import pickle
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import SMALL, SilentConsole
from tests.pipeline.ingest.files.packed import ARCHIVES, pack, packed
from tests.pipeline.ingest.photographs import (
    NAMES,
    annotations,
    celeba_tree,
    contents,
    kaggle_tree,
    opened,
    small,
    write_small,
    zipped,
)
from tests.pipeline.ingest.test_bucket import shards, torchvision_tree
from tests.s3 import new_bucket, upload
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.files import tar_files
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.pipeline.ingest.files.photograph_files import PhotographFiles
from zpoints.pipeline.ingest.files.zip_files import opened_zip
from zpoints.pipeline.ingest.prepare import prepare


def persons(home: Path) -> Path:
    """Photographs numbered per person, and a table that names them by path."""
    paths = [f"s{person}/{number}.pgm" for person in range(1, 5) for number in range(1, 4)]
    write_small(home, paths)
    rows = [f"{path},{path[1]},{int(path[3]) % 2}" for path in reversed(paths)]
    (home / "labels.csv").write_text("file,person,Smiling\n" + "\n".join(rows) + "\n")
    return home


def zipped_celeba(home: Path) -> Path:
    """The official download: the photographs in an archive of their own."""
    return zipped(celeba_tree(home / "tree"))


FORMS = {
    "celeba": celeba_tree,
    "torchvision": torchvision_tree,
    "kaggle": kaggle_tree,
    "parquet": shards,
    "folder": persons,
}


@pytest.mark.parametrize("suffix", ARCHIVES)
@pytest.mark.parametrize("form", FORMS)
def test_open_source__an_archive_gives_what_its_folder_gives(
    form: str, suffix: str, tmp_path: Path
) -> None:
    tree = FORMS[form](tmp_path / "faces")
    folder = opened(tree)

    for top in ("", "faces/"):
        path = packed(tree, suffix, top=top)
        archive, archive_home = opened(path), f"{path}/{top}".rstrip("/")

        assert archive.format == folder.format
        assert archive.names == folder.names
        assert contents(archive) == contents(folder)
        assert annotations(archive) == annotations(folder)
        assert archive.notes == tuple(
            note.replace(str(tree), str(archive_home)) for note in folder.notes
        )
        assert not archive.refused
        assert contents(pickle.loads(pickle.dumps(archive))) == contents(folder)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_open_source__photographs_of_an_archive_keep_their_paths_if_file_names_repeat(
    suffix: str, tmp_path: Path
) -> None:
    """The faces of forty persons: s1/1.pgm to s40/10.pgm."""
    names = [f"s{person}/{number}.pgm" for person in range(1, 41) for number in range(1, 11)]

    source = opened(pack(tmp_path / f"orl{suffix}", {n: n.encode() for n in names}))

    assert source.names == tuple(sorted(names))
    assert contents(source) == [name.encode() for name in sorted(names)]
    assert not source.refused


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_open_source__distinct_file_names_of_an_archive_stay_without_folders(
    suffix: str, tmp_path: Path
) -> None:
    table = b"file,Smiling\ntrain/2.jpg,1\nval/1.jpg,0\n"
    files = {"val/1.jpg": small(1), "train/2.jpg": small(2), "labels.csv": table}

    source = opened(pack(tmp_path / f"faces{suffix}", files))

    assert source.names == ("1.jpg", "2.jpg")
    assert contents(source) == [small(1), small(2)]
    assert source.labels["Smiling"].to_dict() == {"1.jpg": False, "2.jpg": True}


def test_open_source__the_folder_of_a_split_is_kept(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,Smiling\ntrain/1.jpg,1\ntrain/2.jpg,0\n")
    archive = pack(tmp_path / "faces.zip", {f"train/{n}.jpg": small(n) for n in (1, 2)})

    source = opened(archive, labels=str(table))

    assert source.labels["Smiling"].tolist() == [True, False]
    assert "labels.csv: the column file holds the paths." in source.notes


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_open_source__an_archive_in_a_folder_in_an_archive_is_read(
    suffix: str, tmp_path: Path
) -> None:
    home = zipped_celeba(tmp_path)
    expected = opened(home)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as outer:
        for path in home.iterdir():
            outer.write(path, path.name)
    archives = {".zip": tmp_path / "outer.zip", ".tar": packed(home, ".tar")}

    source = opened(archives[suffix])

    assert source.names == expected.names
    assert contents(source) == contents(expected)
    assert annotations(source) == annotations(expected)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_read_celeba__finds_the_archive_of_the_photographs(suffix: str, tmp_path: Path) -> None:
    tree = celeba_tree(tmp_path / "tree")
    expected = opened(tree)
    photographs = dict(zip(NAMES, contents(expected), strict=True))
    members = {f"img_align_celeba/{name}": content for name, content in photographs.items()}
    archive = pack(tree / f"img_align_celeba{suffix}", members)
    for path in (tree / "img_align_celeba").iterdir():
        path.unlink()
    (tree / "img_align_celeba").rmdir()

    for place in (tree, archive):
        source = opened(place)
        assert source.format == "CelebA"
        assert source.names == tuple(NAMES)
        assert contents(source) == list(photographs.values())
        assert annotations(source) == annotations(expected)


def windows(names: dict[str, bytes], archive: Path) -> Path:
    """A zip as .NET packed it: backslashes, folders as members, no flag for UTF-8."""
    return pack(archive, {"faces\\": b""} | {n.replace("/", "\\"): c for n, c in names.items()})


def test_open_source__backslashes_in_a_zip_separate_folders(tmp_path: Path) -> None:
    tree = persons(tmp_path / "faces")
    files = {p.relative_to(tree).as_posix(): p.read_bytes() for p in tree.rglob("*.*")}

    source = opened(windows(files, tmp_path / "windows.zip"))

    assert source.names == opened(tree).names
    assert annotations(source) == annotations(opened(tree))
    assert contents(source) == contents(opened(tree))


def test_open_source__utf_8_names_without_their_flag_are_read(tmp_path: Path) -> None:
    archive = pack(tmp_path / "faces.zip", {"Jos\u00e9.jpg": small(1), "Zo\u00eb.jpg": small(2)})
    content = bytearray(archive.read_bytes())
    for header, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(header, at + 1)) >= 0:
            content[at + flags + 1] &= ~0x08
    archive.write_bytes(content)

    assert opened(archive).names == ("Jos\u00e9.jpg", "Zo\u00eb.jpg")


def test_open_source__names_in_the_field_of_unicode_paths_are_read(tmp_path: Path) -> None:
    """As WinZip packs: the name in the code page of the machine, and in UTF-8 in a field."""
    archive = tmp_path / "faces.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for number, name in enumerate(("Zo\u00eb.jpg", "Jos\u00e9.jpg")):
            plain = name.encode("ascii", "replace").decode()
            field = struct.pack("<BL", 1, zlib.crc32(plain.encode())) + name.encode()
            member = zipfile.ZipInfo(plain)
            member.extra = struct.pack("<4H", 0xCAFE, 0, 0x7075, len(field)) + field
            zipped.writestr(member, small(number))

    assert opened(archive).names == ("Jos\u00e9.jpg", "Zo\u00eb.jpg")
    assert contents(opened(archive)) == [small(1), small(0)]


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_open_source__members_that_are_left_out_are_reported(suffix: str, tmp_path: Path) -> None:
    """Two leave the archive, and two have a successor: unpacking would overwrite them."""
    archive = tmp_path / f"odd{suffix}"
    members = ["a.jpg", "../up.jpg", "x/../../b.jpg", "c.jpg", "./a.jpg", "c.jpg"]
    if suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            for number, name in enumerate(members):
                zipped.writestr(name, small(number))
    else:
        with tarfile.open(archive, "w:gz" if suffix.endswith("gz") else "w") as tar:
            for number, name in enumerate(members):
                content = small(number)
                file = tmp_path / "one.jpg"
                file.write_bytes(content)
                tar.add(file, name)

    source = opened(archive)

    assert source.names == ("a.jpg", "c.jpg")
    assert contents(source) == [small(4), small(5)]
    assert source.notes == (
        f"odd{suffix}: 2 members left out, not a path inside the archive ('..'), "
        "e.g. '../up.jpg'; to have all photographs read, pack them under other names.",
        f"odd{suffix}: 2 members left out, replaced by a later one of the same name, "
        "e.g. 'a.jpg'; to have all photographs read, pack them under other names.",
    )


def test_open_source__an_archive_in_a_bucket_gives_what_the_disk_gives(
    s3: Any, tmp_path: Path
) -> None:
    tree, bucket = persons(tmp_path / "faces"), new_bucket(s3)
    archives = [packed(tree, suffix) for suffix in (".zip", ".tar", ".tar.gz")]
    upload(s3, archives[0].parent, bucket, "in")

    for archive in archives:
        url = f"s3://{bucket}/in/{archive.name}"
        source = opened(source_path(url))
        on_disk = opened(archive)
        assert source.names == on_disk.names
        assert contents(pickle.loads(pickle.dumps(source))) == contents(on_disk)
        assert annotations(source) == annotations(on_disk)


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_read__an_archive_that_changes_during_a_run_is_an_error(
    suffix: str, tmp_path: Path
) -> None:
    archive = pack(tmp_path / f"faces{suffix}", {"a.jpg": small(0)})
    source = opened(archive)
    pack(archive, {"a.jpg": small(1), "b.jpg": small(2)})

    with pytest.raises(SourceError, match="has changed since it was listed"):
        elsewhere(source.files).read(source.keys[0])


def elsewhere(files: PhotographFiles) -> PhotographFiles:
    """The reader as another process has it, which has opened nothing yet."""
    opened_zip.cache_clear()
    tar_files.opened_tar.cache_clear()
    return pickle.loads(pickle.dumps(files))


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz"])
def test_signatures__change_with_the_photograph_alone(suffix: str, tmp_path: Path) -> None:
    """Of two files as large as one another, in archives that give all members one time."""
    rng = np.random.default_rng(0)
    first, second = ({"a.pgm": b"P5" + rng.bytes(900), "b.pgm": b"P5 b"} for _ in range(2))
    archive = tmp_path / f"faces{suffix}"

    before = opened(pack(archive, first))
    after = opened(pack(archive, {"0.pgm": b"new"} | second))

    assert before.signatures[0] != after.signatures[1]
    assert before.signatures[1] == after.signatures[2]


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_prepare__an_archive_that_grows_is_recognised(suffix: str, tmp_path: Path) -> None:
    """Also where file names begin to repeat, so that photographs are named by path from then on."""
    archive, console = tmp_path / f"faces{suffix}", SilentConsole()
    config = override(RunConfig(), [f"ingest.source={archive}", *SMALL, "ingest.crop=null"])
    first = {f"s1/{number}.jpg": small(number) for number in range(4)}
    more = {f"s0/{number}.jpg": small(number + 9) for number in range(3)}
    pack(archive, first)
    store = run(config, str(tmp_path / "root"), console=console, title="t", until="ingest").store
    assert store.images["image"].values.tolist() == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    pack(archive, more | first)

    plan = prepare(opened(archive), config.ingest, config.source, store)

    assert plan.names.tolist() == [*first, *more]
    assert plan.carried.tolist() == [0, 1, 2, 3, -1, -1, -1]
    assert plan.grows
