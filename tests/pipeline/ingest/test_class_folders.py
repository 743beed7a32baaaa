"""Folders as classes: which trees have them, and which folders only divide the photographs."""

from pathlib import Path

import pytest

from tests.pipeline.ingest.photographs import opened, write_small
from zpoints.pipeline.ingest.sources.class_folders import class_folders


def inside(*folders: str, each: int = 3) -> list[str]:
    return [f"{folder}/{k}.jpg" for folder in folders for k in range(each)]


TREES: dict[str, tuple[list[str], dict[str, set[str]]]] = {
    "a folder for each class": (inside("cat", "dog"), {"class": {"cat", "dog"}}),
    "digits": (inside(*"0123456789"), {"class": set("0123456789")}),
    "inside one folder": (inside("all/cat", "all/dog"), {"class": {"cat", "dog"}}),
    "inside splits": (
        inside("train/cat", "train/dog", "Test/cat", "Test/dog"), {"class": {"cat", "dog"}},
    ),
    "splits in classes": (
        inside("cat/train", "cat/test", "dog/train", "dog/test"),
        {"class": {"cat", "dog"}, "class_2": {"train", "test"}},
    ),
    "several levels": (
        inside("animal/cat", "animal/dog", "plant"),
        {"class": {"animal", "plant"}, "class_2": {"cat", "dog", ""}},
    ),
    "no folders": (["1.jpg", "2.jpg"], {}),
    "one folder": (inside("faces"), {}),
    "splits alone": (inside("train", "val", "test"), {}),
    "some at the top": ([*inside("cat", "dog"), "top.jpg"], {}),
    "numbered parts": (inside("00000", "01000"), {}),
    "a folder for each photograph": (inside("Ann", "Bob", "Eve", each=1), {}),
}  # fmt: skip


@pytest.mark.parametrize("tree", TREES)
def test_class_folders__finds_folders_that_are_classes(tree: str) -> None:
    paths, expected = TREES[tree]

    found = class_folders(paths, "auto")

    assert {name: set(values) for name, values in found.items()} == expected
    assert all(len(values) == len(paths) for values in found.values())
    assert class_folders(paths, "ignore") == {}


def test_class_folders__takes_any_folders_with_the_mode_classes() -> None:
    found = class_folders(["001/1.jpg", "002/1.jpg", "top.jpg"], "classes")

    assert found["class"].tolist() == ["001", "002", ""]


def test_read_folder__classes_are_labels_unless_a_table_gives_them(tmp_path: Path) -> None:
    paths = inside("cat", "dog")
    write_small(tmp_path, paths)

    source = opened(tmp_path)

    assert source.labels["class"].tolist() == ["cat"] * 3 + ["dog"] * 3
    assert source.notes == (
        "Label class: 2 folders of photographs, e.g. cat. If they are not classes, set "
        "source.class_folders=ignore.",
    )
    assert "class" not in opened(tmp_path, class_folders="ignore").labels
    rows = [f"{path},{'wild' if k % 2 else 'tame'}" for k, path in enumerate(paths)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,class", *rows]))
    labelled = opened(tmp_path)
    assert set(labelled.labels["class"]) == {"wild", "tame"}
    assert "Label class: that of the table, not the names of folders." in labelled.notes
