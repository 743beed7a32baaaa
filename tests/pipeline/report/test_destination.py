"""The folder of a report: only files that an earlier report made are overwritten or removed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.s3 import new_bucket, upload
from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.report.destination import (
    MARK,
    Destination,
    mark_of,
    refuse_other_files,
    report_destination,
    writing_to,
)
from zpoints.storage.backend.blobs import Blobs
from zpoints.storage.backend.buckets.bucket import IrregularKeyError
from zpoints.storage.errors import DamagedRecordError

FACTS = {"fingerprint": "f", "version": "v", "report": {}, "title": "t"}
FIRST = ["figures/a.png", "figures/b.png", "index.html"]

Files = dict[str, str]


def write(destination: Destination, names: list[str]) -> None:
    """Write a report of these files, each of which holds its name."""
    with writing_to(destination, FACTS) as folder:
        (folder / "figures").mkdir()
        for name in names:
            (folder / name).write_text(name)


class Folder:
    """A folder, or a prefix in a bucket, of which a test reads and writes all files."""

    def __init__(self, path: Path, s3: Any) -> None:
        self._path, self._s3, self._bucket = path, s3, s3 and new_bucket(s3)
        self.destination: Destination = f"s3://{self._bucket}/site" if s3 else path / "site"

    def add(self, files: Files) -> None:
        for name, content in files.items():
            path = self._path / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        if self._s3:
            upload(self._s3, self._path, self._bucket)

    def files(self) -> Files:
        """All files but the mark."""
        if not self._s3:
            site = self._path / "site"
            found = (path for path in site.rglob("*") if path.is_file())
            read = {path.relative_to(site).as_posix(): path.read_text() for path in found}
        else:
            listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix="site/")
            keys = [entry["Key"] for entry in listed.get("Contents", [])]
            read = {key.removeprefix("site/"): self._read(key) for key in keys}
        return {name: content for name, content in read.items() if name != MARK}

    def _read(self, key: str) -> str:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read().decode()


@pytest.fixture(params=["disk", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    s3 = request.getfixturevalue("s3") if request.param == "bucket" else None
    return Folder(tmp_path, s3)


def test_writing_to__replaces_what_the_earlier_report_made(place: Folder) -> None:
    write(place.destination, FIRST)
    place.add({"figures/mine.png": "a person's", "figures/deep/er.png": "too", "notes.txt": "x"})

    write(place.destination, ["figures/b.png", "figures/c.png", "index.html"])

    assert place.files() == {
        "figures/b.png": "figures/b.png",
        "figures/c.png": "figures/c.png",
        "index.html": "index.html",
        "figures/mine.png": "a person's",
        "figures/deep/er.png": "too",
        "notes.txt": "x",
    }
    mark = json.loads(mark_of(place.destination) or b"")
    assert mark == {**FACTS, "files": ["figures/b.png", "figures/c.png", "index.html"]}


@pytest.mark.parametrize("key", ["a//b", "/a", "a/../b"])
def test_refuse_other_files__an_irregular_key_is_named(s3: Any, key: str) -> None:
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key=f"site/{key}", Body=b"a person's")

    with pytest.raises(IrregularKeyError, match="Rename or delete that object"):
        refuse_other_files(f"s3://{bucket}/site")


def test_writing_to__the_mark_is_there_before_the_figures(
    place: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingest or an interruption may come at any file."""
    written: list[tuple[str, bytes]] = []
    put = Blobs.put

    def recorded(blobs: Blobs, name: str, content: bytes, **options: Any) -> None:
        written.append((name, content))
        put(blobs, name, content, **options)

    monkeypatch.setattr(Blobs, "put", recorded)
    write(place.destination, ["figures/a.png", "index.html"])

    assert [name for name, _ in written] == [MARK, "figures/a.png", "index.html", MARK]
    assert json.loads(written[0][1])["fingerprint"] is None


SOMEBODYS: dict[str, Files] = {
    "a page and figures": {"index.html": "<h1>", "figures/a.png": "mine", "figures/x/b.png": "m"},
    "photographs": {"1.jpg": "x"},
    "a report of another program": {"report.json": '{"version": 1}', "index.html": "<h1>"},
    "its mark alone": {"report.json": '{"version": 1}'},
    "a copy of a mark": {"report.json.bak": "{}"},
    "a damaged mark": {"report.json": "{", "index.html": "<h1>"},
    "a hidden file": {".gitignore": "*"},
}


@pytest.mark.parametrize("kind", SOMEBODYS)
def test_writing_to__a_folder_of_other_files_is_refused(kind: str, place: Folder) -> None:
    place.add(SOMEBODYS[kind])

    with pytest.raises(ConfigError, match=r"holds other files, e.g\. .*Expected an empty"):
        write(place.destination, FIRST)

    mark = Blobs(str(place.destination)).get(MARK)
    assert {**place.files(), **({MARK: mark.decode()} if mark else {})} == SOMEBODYS[kind]


def test_writing_to__the_message_has_no_control_characters(tmp_path: Path) -> None:
    (tmp_path / "a\n\x1b[31mname").touch()

    with pytest.raises(ConfigError) as refused:
        write(tmp_path, FIRST)

    assert "a name" in str(refused.value)
    assert str(refused.value).isprintable()


def test_writing_to__a_part_of_a_first_mark_is_no_obstacle(place: Folder) -> None:
    place.add({f"{MARK}#1": '{"finger'})

    write(place.destination, FIRST)

    assert mark_of(place.destination) is not None


def test_writing_to__a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")

    with pytest.raises(ConfigError, match="which is not a folder"):
        write(tmp_path / "site", FIRST)


def test_refuse_other_files__a_folder_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("mine")

    with pytest.raises(ConfigError, match=r"which lies in .*site, a file"):
        refuse_other_files(tmp_path / "site" / "deep" / "er")


def test_writing_to__a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(ConfigError, match=r"cannot be written to /proc/site \(No such file"):
        write(Path("/proc/site"), FIRST)


def test_writing_to__a_report_whose_mark_lists_no_files_is_replaced(place: Folder) -> None:
    place.add(
        {
            MARK: json.dumps(FACTS),
            "index.html": '<img src="figures/a.png"><img src="figures/old.png">',
            "figures/a.png": "a report's",
            "figures/old.png": "too",
            "figures/mine.png": "a person's",
        }
    )

    write(place.destination, FIRST)

    assert sorted(place.files()) == [*FIRST[:2], "figures/mine.png", "index.html"]
    assert place.files()["figures/mine.png"] == "a person's"


def test_writing_to__empty_and_absent_folders_are_used(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for destination in (tmp_path / "empty", tmp_path / "deep" / "er"):
        write(destination, FIRST)

        assert mark_of(destination) is not None


def test_writing_to__an_object_that_marks_an_empty_folder_is_no_other_file(s3: Any) -> None:
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="site/", Body=b"")

    write(f"s3://{bucket}/site", FIRST)

    assert mark_of(f"s3://{bucket}/site") is not None


def test_writing_to__a_report_that_fails_leaves_the_earlier_one(place: Folder) -> None:
    write(place.destination, FIRST)
    before = place.files(), mark_of(place.destination)

    with pytest.raises(FileNotFoundError):
        write(place.destination, ["figures/a.png", "absent/b.png"])

    assert (place.files(), mark_of(place.destination)) == before


LISTED: dict[str, Callable[[Path], object]] = {
    "a file outside": lambda mine: f"../{mine.name}",
    "its absolute path": str,
    "another file inside": lambda mine: "notes.txt",
    "a deeper one": lambda mine: "figures/../notes.txt",
    "no text": lambda mine: {"name": "notes.txt"},
}


@pytest.mark.parametrize("kind", LISTED)
def test_writing_to__removes_no_other_file_that_a_mark_lists(kind: str, tmp_path: Path) -> None:
    mine, site = tmp_path / "mine.png", tmp_path / "site"
    write(site, FIRST)
    mine.write_text("mine")
    (site / "notes.txt").write_text("mine")
    (site / MARK).write_text(json.dumps({**FACTS, "files": [*FIRST, LISTED[kind](mine)]}))

    write(site, FIRST)

    assert mine.read_text() == (site / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("content", [b"3", b"[]", b'{"files": 3}', b"\xff", b"[" * 10**5])
def test_refuse_other_files__a_mark_of_another_form_is_no_report(
    content: bytes, tmp_path: Path
) -> None:
    (tmp_path / MARK).write_bytes(content)
    (tmp_path / "index.html").touch()

    with pytest.raises(ConfigError, match="holds other files"):
        refuse_other_files(tmp_path)


@pytest.mark.parametrize("link", ["figures", "figures/a.png", "figures/new.png", "index.html"])
def test_writing_to__a_link_out_of_the_folder_is_refused_before_anything_changes(
    link: str, tmp_path: Path
) -> None:
    site, mine = tmp_path / "site", tmp_path / "mine"
    write(site, FIRST)
    moved = site / link
    if moved.exists():
        moved.rename(mine)
    else:
        mine.write_text("mine")
    moved.symlink_to(mine)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    with pytest.raises(DamagedRecordError, match="leads out"):
        write(site, ["figures/new.png", "index.html"])

    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_refuse_other_files__a_link_out_of_the_folder_is_refused_before_the_first_stage(
    tmp_path: Path,
) -> None:
    site = tmp_path / "site"
    write(site, FIRST)
    (site / "figures").rename(tmp_path / "elsewhere")
    (site / "figures").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DamagedRecordError, match=r"figures is a link.*leads out"):
        refuse_other_files(site)


def test_writing_to__a_figure_that_no_report_made_is_not_overwritten(place: Folder) -> None:
    write(place.destination, FIRST)
    place.add({"figures/c.png": "mine"})
    before = place.files(), mark_of(place.destination)

    with pytest.raises(ConfigError, match=r"would overwrite .*site/figures/c\.png, which no"):
        write(place.destination, ["figures/c.png", "index.html"])

    assert (place.files(), mark_of(place.destination)) == before


@pytest.mark.parametrize(
    ("chosen", "root", "relation"),
    [
        ("runs/a", "runs/a", "holds"),
        ("runs/a/", "./runs/../runs/a", "holds"),
        ("runs", "runs/a", "holds"),
        ("/", "runs/a", "holds"),
        (".", "runs/a", "holds"),
        ("link/a", "runs/a", "holds"),
        ("runs/a/chunks", "runs/a", "belongs to"),
        ("runs/a/refs/mine", "runs/a", "belongs to"),
        ("s3://b/runs/", "s3://b/runs/a", "holds"),
        ("s3://b/runs/a/refs/x", "s3://b/runs/a", "belongs to"),
    ],
)
def test_report_destination__of_the_store_is_refused_before_there_is_one(
    chosen: str, root: str, relation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("runs")

    with pytest.raises(ConfigError, match=rf"which {relation} the store .*report\.folder"):
        report_destination(chosen, root)


@pytest.mark.parametrize(
    ("chosen", "root"),
    [
        (None, "runs/a"),
        ("runs/ab", "runs/a"),
        ("runs/a/pages/may", "runs/a"),
        ("chunks", "runs/a"),
        ("s3://b/site", "s3://b/runs/a"),
        ("s3://b/runs/a-site", "s3://b/runs/a"),
        ("s3://b/runs", "runs/a"),
    ],
)
def test_report_destination__next_to_the_store_or_in_another_folder_of_its_root(
    chosen: str | None, root: str
) -> None:
    assert str(report_destination(chosen, root)) == (chosen or f"{root}/report")
