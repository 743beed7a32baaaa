"""The choice among formats; torchvision's and Kaggle's packings of CelebA."""

from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.ingest.photographs import (
    NAMES,
    celeba_tree,
    contents,
    kaggle_tree,
    opened,
    write_small,
    zipped,
)
from zpoints.pipeline.errors import SourceError


def test_open_source__the_same_photographs_have_the_same_labels_in_every_format(
    tmp_path: Path,
) -> None:
    official = opened(celeba_tree(tmp_path / "CelebA"))
    celeba_tree(tmp_path / "data" / "celeba")
    torchvision = opened(tmp_path / "data")
    kaggle = opened(kaggle_tree(tmp_path / "kaggle"))

    formats = [source.format for source in (official, torchvision, kaggle)]
    assert formats == ["CelebA", "torchvision", "Kaggle"]
    assert torchvision.labels.equals(official.labels)
    assert kaggle.labels.equals(official.labels.drop(columns="identity"))
    for source in (torchvision, kaggle):
        assert source.names == official.names
        assert contents(source) == contents(official)
        np.testing.assert_array_equal(source.landmarks, official.landmarks)


def test_open_source__names_the_evidence_of_the_format(tmp_path: Path) -> None:
    celeba_tree(tmp_path / "celeba")

    assert opened(tmp_path / "celeba").why == f"found the folder {tmp_path}/celeba/img_align_celeba"
    assert opened(tmp_path).why == (
        f"found the folder {tmp_path}/celeba/img_align_celeba in torchvision's folder celeba/"
    )


def test_read_torchvision__accepts_the_inner_folder_by_its_bounding_boxes(tmp_path: Path) -> None:
    home = celeba_tree(tmp_path / "celeba")
    (home / "list_bbox_celeba.txt").write_text("0\nx_1 y_1 width height\n")

    assert opened(home).format == "torchvision"
    assert opened(home).labels.equals(opened(tmp_path).labels)


def test_read_torchvision__reads_the_archive_where_it_is_not_unpacked(tmp_path: Path) -> None:
    home = zipped(celeba_tree(tmp_path / "tree"))
    home.rename(tmp_path / "celeba")

    source = opened(tmp_path)

    assert source.format == "torchvision"
    assert source.why.startswith(f"found the archive {tmp_path}/celeba/img_align_celeba.zip")
    assert source.names == tuple(NAMES)


@pytest.mark.parametrize("inside", ["", "img_align_celeba", "img_align_celeba/img_align_celeba"])
def test_read_kaggle__accepts_its_folder_and_both_image_folders(
    tmp_path: Path, inside: str
) -> None:
    source = opened(kaggle_tree(tmp_path / "kaggle") / inside)

    assert source.format == "Kaggle"
    assert list(source.labels) == ["Smiling", "Male", "split"]
    assert source.notes == (
        f"identity_CelebA.csv not found in {tmp_path}/kaggle: no identities in the store.",
    )


def test_read_kaggle__accepts_photographs_nested_once(tmp_path: Path) -> None:
    home = kaggle_tree(tmp_path)
    (home / "img_align_celeba" / "img_align_celeba").rename(home / "inner")
    (home / "img_align_celeba").rmdir()
    (home / "inner").rename(home / "img_align_celeba")

    source = opened(home)

    assert source.format == "Kaggle"
    assert source.why.endswith("img_align_celeba and CSV annotations next to it")


def test_read_kaggle__reads_padded_csv_with_line_ends_of_windows(tmp_path: Path) -> None:
    home = kaggle_tree(tmp_path)
    expected = opened(home).labels
    for path in home.glob("*.csv"):
        text = path.read_text().rstrip("\n").replace(",", " , ").replace("\n", " \r\n ")
        path.write_bytes(text.encode("utf-8-sig"))

    assert opened(home).labels.equals(expected)


def test_open_source__a_format_in_the_configuration_overrides(tmp_path: Path) -> None:
    home = celeba_tree(tmp_path)
    assert opened(home).format == "CelebA"

    assert opened(home, format="torchvision").format == "torchvision"
    folder = opened(home, format="folder")
    assert folder.format == "folder"
    assert folder.names == tuple(f"img_align_celeba/{name}" for name in NAMES)


@pytest.mark.parametrize("format", ["torchvision", "kaggle", "celeba", "parquet", "folder"])
def test_open_source__a_configured_format_that_does_not_fit_is_an_error(
    tmp_path: Path, format: str
) -> None:
    with pytest.raises(
        SourceError, match=rf"source\.format = {format}\. Expected .*set source\.form"
    ):
        opened(tmp_path, format=format)


def test_open_source__refuses_what_has_no_known_format(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no photographs here")

    with pytest.raises(SourceError, match="has no known format") as caught:
        opened(tmp_path)
    for word in ("torchvision", "list_attr_celeba.csv", "img_align_celeba.zip", "parquet"):
        assert word in str(caught.value)
    with pytest.raises(SourceError, match="does not exist"):
        opened(tmp_path / "absent")
    with pytest.raises(SourceError, match="has no known format"):
        opened(tmp_path / "notes.txt")


def test_open_source__names_what_a_folder_holds_instead_of_photographs(tmp_path: Path) -> None:
    for name in ("IMG_1.HEIC", "IMG_2.heic", "a/train.zip", "Thumbs.db", "b.zip"):
        write_small(tmp_path, [name])

    held = r"5 other files left out, e\.g\. IMG_1\.HEIC, a/train\.zip, Thumbs\.db\. .* convert"
    with pytest.raises(SourceError, match=rf"no known format: it holds no photographs\. {held}"):
        opened(tmp_path)


def test_open_source__settings_of_a_folder_are_refused_elsewhere(tmp_path: Path) -> None:
    home = celeba_tree(tmp_path)

    with pytest.raises(SourceError, match=r"for a plain folder.* format CelebA .*Leave them out"):
        opened(home, labels="labels.csv")


def test_open_source__files_without_a_suffix_of_photographs_are_counted(tmp_path: Path) -> None:
    write_small(tmp_path, ["a.jpg", ".hidden.jpg", "__MACOSX/a.jpg", ".cache/b.jpg"])
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".DS_Store").write_text("")

    source = opened(tmp_path)

    assert source.names == ("a.jpg",)
    assert source.notes == ("1 other file left out, e.g. notes.txt.",)
