"""What zpoints wrote into a source: stores, reports, exports, demo faces hold no photographs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SMALL, SilentConsole
from tests.pipeline.ingest.files.packed import packed
from tests.pipeline.ingest.photographs import encoded, gradient, opened, small, write_small
from tests.s3 import new_bucket, upload
from zpoints.cluster.run import run
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.pipeline.ingest.config import IngestConfig, SourceConfig
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.pipeline.ingest.prepare import open_photographs
from zpoints.pipeline.synthesize.tree import synthesize
from zpoints.storage import open_store
from zpoints.storage.export.pictures import export_images, export_sheets

PHOTOGRAPHS = ("a/1.jpg", "a/2.jpg", "b/1.jpg")
FIGURE = encoded(gradient(60, 40), "PNG")


def store(home: Path, root: str) -> None:
    """A store with its report, and a picture that somebody put there."""
    bulk = shutil.ignore_patterns("chunks", "manifests", "transactions")
    shutil.copytree(root, home / "runs" / "x", ignore=bulk)
    (home / "runs" / "x" / "mine.png").write_bytes(FIGURE)


def report(home: Path, root: str) -> None:
    shutil.copytree(f"{root}/report", home / "site")


def half_report(home: Path, root: str) -> None:
    """A first report that was interrupted after some figures."""
    (home / "site" / "figures").mkdir(parents=True)
    (home / "site" / "figures" / "f.png").write_bytes(FIGURE)
    mark = {"fingerprint": None, "version": "v", "report": {}, "title": "t", "files": []}
    (home / "site" / "report.json").write_text(json.dumps(mark))


def report_among(home: Path, root: str) -> None:
    """The folder of the photographs was named as that of the report."""
    shutil.copytree(f"{root}/report", home, dirs_exist_ok=True)


def pictures(home: Path, root: str) -> None:
    export_images(open_store(root), "images", home / "out")


def sheets(home: Path, root: str) -> None:
    export_sheets(open_store(root), "images", home / "out")


def demo_faces(home: Path, root: str) -> None:
    synthesize(home / "runs" / "demo-faces", count=2, seed=0)


def nothing(home: Path, root: str) -> None:
    """Other programs write these files too."""
    for name in ("_export.json", "report.json", "zarr.json", "synthesize.json"):
        (home / "a" / name).write_text(json.dumps({"store": "a shop", "report": 1, "items": []}))
    for name in ("refs", "snapshots"):
        (home / name).mkdir()


FIGURES = -1
"""As many as the report has."""
SITUATIONS: dict[str, tuple[Callable[[Path, str], None], int, str]] = {
    "a store": (store, FIGURES - 1, "the store runs/x"),
    "a report": (report, FIGURES, "the report site"),
    "an interrupted report": (half_report, 1, "the report site"),
    "a report among the photographs": (report_among, FIGURES, "the report ."),
    "an export of pictures": (pictures, 160, "the export out"),
    "an export of sheets": (sheets, 1, "the export out"),
    "the faces of a demo": (demo_faces, 2, "the synthetic tree runs/demo-faces"),
    "files of other programs": (nothing, 0, ""),
}
"""What lies in the source, how many pictures are left out, and what they are part of."""


@pytest.fixture(params=SITUATIONS)
def situation(request: Any, tmp_path: Path, small_root: str) -> tuple[Path, str]:
    """A source, and the note about what is left out of it."""
    fill, count, part = SITUATIONS[request.param]
    home = tmp_path / "source"
    write_small(home, list(PHOTOGRAPHS))
    fill(home, small_root)
    if count < 0:
        count = len(list(Path(small_root, "report", "figures").iterdir())) - count - 1
        assert count > 10
    pictures = f"{count} picture" + ("s" if count > 1 else "")
    return home, f"{pictures} left out that zpoints wrote, in {part}." if count else ""


def left_out(source: Any) -> str:
    return " ".join(note for note in source.notes if "picture" in note)


def test_open_source__what_zpoints_wrote_is_no_photograph(situation: tuple[Path, str]) -> None:
    home, note = situation

    source = opened(home)

    assert source.names == PHOTOGRAPHS
    assert left_out(source) == note


def test_open_source__what_zpoints_wrote_is_no_photograph_in_a_bucket(
    situation: tuple[Path, str], s3: Any
) -> None:
    home, note = situation
    bucket = new_bucket(s3)
    upload(s3, home, bucket, "faces")

    source = opened(source_path(f"s3://{bucket}/faces"))

    assert source.names == PHOTOGRAPHS
    assert left_out(source) == note


def test_open_source__what_zpoints_wrote_is_no_photograph_in_an_archive(
    situation: tuple[Path, str],
) -> None:
    home, note = situation

    source = opened(packed(home, ".tar"))

    assert source.names == PHOTOGRAPHS
    assert left_out(source) == note


def test_open_source__an_export_that_is_named_is_meant(tmp_path: Path, small_root: str) -> None:
    pictures(tmp_path, small_root)

    assert len(opened(tmp_path / "out").names) == 160


def test_open_source__a_folder_of_results_alone_holds_no_photographs(
    tmp_path: Path, small_root: str
) -> None:
    report(tmp_path, small_root)

    with pytest.raises(
        SourceError, match=r"holds no photographs: .* that zpoints wrote, in the rep"
    ):
        opened(tmp_path)
    with pytest.raises(
        SourceError, match=r"is a store of zpoints\. Expected the folder of the pho"
    ):
        opened(Path(small_root), format="folder")


@pytest.mark.parametrize("inside", ["", "photographs", "report/figures", "../root/photographs"])
def test_open_photographs__a_source_in_the_root_is_refused(inside: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    write_small(root / "photographs", ["a.jpg"])
    (root / "report" / "figures").mkdir(parents=True)
    (tmp_path / "link").symlink_to(root)

    for place in (root, tmp_path / "link"):
        config = IngestConfig(source=str(place / inside))
        with pytest.raises(ConfigError, match=r"lies in the root of the store.*another --root"):
            open_photographs(config, SourceConfig(), SilentConsole(), root=str(root))


def test_open_photographs__a_source_in_the_root_in_a_bucket_is_refused(s3: Any) -> None:
    bucket = new_bucket(s3)
    for key in ("run/photographs/a.jpg", "runs/a.jpg"):
        s3.put_object(Bucket=bucket, Key=key, Body=small(0))

    def photographs(url: str) -> tuple[str, ...]:
        config, root = IngestConfig(source=f"s3://{bucket}/{url}"), f"s3://{bucket}/run/"
        return open_photographs(config, SourceConfig(), SilentConsole(), root=root).names

    for inside in ("run", "run/photographs/"):
        with pytest.raises(ConfigError, match="lies in the root of the store"):
            photographs(inside)
    assert photographs("runs") == ("a.jpg",)


def test_run__repeated_runs_with_the_store_in_the_source_change_nothing(
    tmp_path: Path, small_root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run found its own report, the third one found that its figures had changed."""
    monkeypatch.chdir(tmp_path)
    write_small(tmp_path, [f"{number:02d}.jpg" for number in range(12)])
    config = override(RunConfig(), ["ingest.source=.", *SMALL, "ingest.crop=null"])
    versions = set()

    for _ in range(3):
        console = SilentConsole()
        result = run(config, "runs/my", console=console, title="t", until="ingest")
        versions.add(result.store.version)
        assert result.store.images.sizes["image"] == 12
        shutil.copytree(f"{small_root}/report", "runs/my/report", dirs_exist_ok=True)
        for figure in Path("runs/my/report").rglob("*.png"):
            figure.touch()

    assert len(versions) == 1
    note = "left out that zpoints wrote, in the store runs/my."
    assert sum(note in line for line in console.lines) == 1
