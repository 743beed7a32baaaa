"""CelebA stored again in another format or folder: recognised, labels joined by number."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.ingest.files.packed import pack
from tests.pipeline.ingest.photographs import (
    NAMES,
    celeba_tree,
    encoded,
    gradient,
    kaggle_tree,
    opened,
    small,
    write_small,
)
from tests.s3 import new_bucket, upload
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.pipeline.ingest.sources.formats import open_source

OFFICIAL = {"list_attr_celeba.txt": "Anno", "list_eval_partition.txt": "Eval"}


def stored_again(home: Path, folder: str, *, suffix: str = ".png") -> Path:
    """Move the photographs of a tree to another folder of it, with another suffix."""
    target = home / folder
    target.mkdir(parents=True, exist_ok=True)
    data = encoded(gradient(40, 48), "PNG" if suffix == ".png" else "WEBP")
    for path in sorted((home / "img_align_celeba").rglob("*.jpg")):
        (target / path.with_suffix(suffix).name).write_bytes(data)
        path.unlink()
    folders = [home / "img_align_celeba", *(home / "img_align_celeba").glob("*/")]
    for empty in reversed(folders):
        if not list(empty.iterdir()):
            empty.rmdir()
    return home


def official(home: Path, folder: str = "Img/img_align_celeba_png") -> Path:
    """The layout of the official download."""
    stored_again(celeba_tree(home), folder)
    for name, inner in OFFICIAL.items():
        (home / inner).mkdir()
        (home / name).rename(home / inner / name)
    return home


def packed(home: Path, archive: str = "img_align_celeba_png.zip", top: str = "") -> Path:
    """The photographs in an archive, in a folder inside it unless `top` names another place."""
    folder = stored_again(celeba_tree(home), "img_align_celeba_png") / "img_align_celeba_png"
    top = top or f"{folder.name}/"
    files = {f"{top}{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    (home / archive).parent.mkdir(exist_ok=True)
    pack(home / archive, files)
    shutil.rmtree(folder)
    return home


def in_parts(home: Path) -> Path:
    stored_again(celeba_tree(home), "faces/000")
    (home / "faces" / "001").mkdir()
    for path in sorted((home / "faces" / "000").iterdir())[3:]:
        path.rename(home / "faces" / "001" / path.name)
    return home


def kaggle(home: Path, folder: str, suffix: str = ".png") -> Path:
    return stored_again(kaggle_tree(home), folder, suffix=suffix)


PACKINGS: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "the official PNGs": (official, "", "CelebA"),
    "their folder": (official, "Img/img_align_celeba_png", "CelebA"),
    "the folder above them": (official, "Img", "CelebA"),
    "a renamed folder": (lambda home: official(home, "Img/photos"), "", "CelebA"),
    "the renamed folder itself": (
        lambda home: official(home, "Img/photos"), "Img/photos", "CelebA",
    ),
    "renamed, annotations next to it": (
        lambda home: stored_again(celeba_tree(home), "photos"), "photos", "CelebA",
    ),
    "among the annotations": (lambda home: stored_again(celeba_tree(home), "."), "", "CelebA"),
    "in several folders": (in_parts, "", "CelebA"),
    "in an archive": (packed, "", "CelebA"),
    "in a tar archive": (lambda home: packed(home, "img_align_celeba_png.tar"), "", "CelebA"),
    "the archive itself": (packed, "img_align_celeba_png.zip", "CelebA"),
    "a renamed archive": (
        lambda home: packed(home, "faces.tar.gz", "./"), "faces.tar.gz", "CelebA",
    ),
    "an archive in Img": (
        lambda home: packed(home, "Img/faces.zip", "photos/"), "Img/faces.zip", "CelebA",
    ),
    "WebP under the official name": (
        lambda home: stored_again(celeba_tree(home), "img_align_celeba", suffix=".webp"),
        "", "CelebA",
    ),
    "torchvision": (
        lambda home: (stored_again(celeba_tree(home / "celeba"), "img_align_celeba_png"), home)[1],
        "", "torchvision",
    ),
    "Kaggle": (
        lambda home: kaggle(home, "img_align_celeba/img_align_celeba"), "", "Kaggle",
    ),
    "Kaggle, renamed": (lambda home: kaggle(home, "faces/faces", ".webp"), "", "Kaggle"),
    "Kaggle, PNGs named twice": (
        lambda home: kaggle(home, "img_align_celeba_png/img_align_celeba_png"), "", "Kaggle",
    ),
}  # fmt: skip


@pytest.mark.parametrize("packing", PACKINGS)
def test_open_source__recognises_celeba_stored_again(packing: str, tmp_path: Path) -> None:
    build, inside, format = PACKINGS[packing]
    home = build(tmp_path / "CelebA")

    source = opened(home / inside)

    assert source.format == format
    assert [Path(name).stem for name in source.names] == [Path(name).stem for name in NAMES]
    assert {Path(name).suffix for name in source.names} <= {".png", ".webp"}
    assert source.labels["Smiling"].tolist() == [False, True] * 3
    splits = ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    assert source.labels["split"].tolist() == splits
    assert "has_attributes" not in source.labels
    assert not [note for note in source.notes if "without" in note]


def test_open_source__the_official_folder_finds_annotations_in_anno(tmp_path: Path) -> None:
    home = celeba_tree(tmp_path)
    (home / "Img").mkdir()
    (home / "Anno").mkdir()
    (home / "img_align_celeba").rename(home / "Img" / "img_align_celeba")
    (home / "list_attr_celeba.txt").rename(home / "Anno" / "list_attr_celeba.txt")

    for inside in ("Img/img_align_celeba", "Img"):
        assert "Smiling" in opened(home / inside).labels


def test_open_source__a_mixture_is_joined_by_whole_names_first(tmp_path: Path) -> None:
    home = celeba_tree(tmp_path)
    photographs = home / "img_align_celeba"
    (photographs / NAMES[1]).rename(photographs / "000002.png")
    (photographs / "000001.png").write_bytes(encoded(gradient(40, 48), "PNG"))

    labels = opened(home).labels

    assert labels["identity"].to_dict() == {
        "000001.jpg": 100,
        "000001.png": -1,
        "000002.png": 101,
        **{name: 100 + int(name[:6]) - 1 for name in NAMES[2:]},
    }


def test_open_source__other_photographs_next_to_celeba_are_not_celeba(tmp_path: Path) -> None:
    celeba_tree(tmp_path)
    write_small(tmp_path / "own", NAMES)
    write_small(tmp_path / "alone" / "own", ["a.jpg"])
    celeba_tree(tmp_path / "alone").joinpath("img_align_celeba").rename(tmp_path / "gone")

    archive = pack(tmp_path / "own.zip", {"dogs/a.jpg": small(1), "b.jpg": small(2)})

    assert opened(tmp_path / "own").format == "folder"
    assert opened(archive).format == "folder"
    assert opened(tmp_path / "alone" / "own").format == "folder"
    with pytest.raises(SourceError, match=r"photographs are called a\.jpg.*unused_tables=ignore"):
        opened(tmp_path / "alone")
    assert opened(tmp_path / "alone", unused_tables="ignore").labels.empty


@pytest.mark.parametrize("anno", ["", "Anno/"])
def test_open_source__celeba_further_inside_does_not_lose_its_labels(
    anno: str, tmp_path: Path
) -> None:
    home = celeba_tree(tmp_path / "data" / "faces")
    for path in home.glob("*.txt"):
        (home / anno).mkdir(exist_ok=True)
        path.rename(home / anno / path.name)

    with pytest.raises(SourceError, match="annotations of CelebA") as caught:
        opened(tmp_path)

    assert f"{home}, as ingest.source" in str(caught.value)
    assert "Smiling" in opened(home).labels
    assert opened(tmp_path, unused_tables="ignore").labels.empty
    assert opened(tmp_path, format="folder").labels.empty


def test_open_source__celeba_may_be_sorted_into_folders(tmp_path: Path) -> None:
    expected = opened(celeba_tree(tmp_path / "a")).labels
    photographs = celeba_tree(tmp_path / "b") / "img_align_celeba"
    for number, path in enumerate(sorted(photographs.iterdir())):
        (photographs / "ab"[number % 2]).mkdir(exist_ok=True)
        path.rename(photographs / "ab"[number % 2] / path.name)

    labels = opened(tmp_path / "b").labels

    assert labels.index[0] == "a/000001.jpg"
    assert labels.set_axis(labels.index.str[2:]).sort_index().equals(expected)


def test_open_source__labels_of_ones_own_are_those_of_a_folder(tmp_path: Path) -> None:
    stored_again(celeba_tree(tmp_path), "photos")
    rows = "".join(f"{name},1\n" for name in NAMES)
    (tmp_path / "own.csv").write_text(f"file,Young\n{rows}")

    source = opened(tmp_path, labels="own.csv")

    assert source.format == "folder"
    assert list(source.labels) == ["Young"]


@pytest.mark.parametrize("packing", ["the official PNGs", "a renamed folder", "in an archive"])
def test_open_source__recognises_them_in_a_bucket(packing: str, s3: Any, tmp_path: Path) -> None:
    build, inside, _ = PACKINGS[packing]
    bucket = new_bucket(s3)
    upload(s3, build(tmp_path / "CelebA"), bucket, "faces")

    source = open_source(source_path(f"s3://{bucket}/faces/{inside}".rstrip("/")), SourceConfig())

    assert source.labels["Smiling"].tolist() == [False, True] * 3
