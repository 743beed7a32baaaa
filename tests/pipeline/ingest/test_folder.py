"""Any folder of photographs, and the CSV that may label them."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.ingest.photographs import (
    POINTS,
    annotations,
    contents,
    opened,
    small,
    write_small,
)
from zpoints.pipeline.errors import PhotographError, SourceError
from zpoints.pipeline.ingest.files.photographs import FolderFiles

PATHS = ["a/1.jpg", "a/2.jpeg", "b/c/3.PNG", "top.webp"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_small(tmp_path, PATHS)
    return tmp_path


def label(folder: Path, *lines: str, name: str = "labels.csv") -> None:
    (folder / name).write_text("\n".join(lines))


def test_read_folder__finds_photographs_at_any_depth(folder: Path) -> None:
    source = opened(folder)

    assert source.format == "folder"
    assert source.why == f"found photographs in {folder}"
    assert source.names == source.keys == tuple(PATHS)
    assert contents(source) == [small(number) for number in range(4)]
    assert source.labels.shape == (4, 0)
    assert source.notes == ()


def test_read_folder__links_are_followed_and_loops_terminate(folder: Path) -> None:
    (folder / "z").symlink_to(folder / "a")
    (folder / "b" / "up").symlink_to(folder)
    (folder / "link.jpg").symlink_to(folder / "top.webp")

    assert opened(folder).names == ("a/1.jpg", "a/2.jpeg", "b/c/3.PNG", "link.jpg", "top.webp")


def test_read_folder__unusable_files_are_refused_with_the_repair(
    folder: Path,
) -> None:
    (folder / "lost.jpg").symlink_to(folder / "nowhere.jpg")
    (folder / "self.jpg").symlink_to(folder / "self.jpg")
    os.mkfifo(folder / "pipe.jpg")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.jpg")).write_bytes(small(0))

    source = opened(folder)

    assert source.names == tuple(PATHS)
    reasons = {refused.name: refused.reason for refused in source.refused}
    assert reasons == {
        "lost.jpg": "the link cannot be followed (No such file or directory); repair it or "
        "remove it",
        "self.jpg": "the link cannot be followed (Too many levels of symbolic links); repair it "
        "or remove it",
        "pipe.jpg": "not a regular file; replace it by one or remove it",
        "\\udcff.jpg": "the file's name is not UTF-8; rename the file",
    }


def test_read_folder__refuses_a_folder_in_which_nothing_is_usable(tmp_path: Path) -> None:
    (tmp_path / "lost.jpg").symlink_to(tmp_path / "nowhere.jpg")

    with pytest.raises(SourceError, match=r"1 photograph and none can be used, e\.g\. lost\.jpg"):
        opened(tmp_path)


def test_folder_files__a_photograph_that_no_longer_exists_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.jpg cannot be read .*Expected the photograph"):
        FolderFiles(tmp_path).read("gone.jpg")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_files__a_forbidden_photograph_affects_no_other(folder: Path) -> None:
    (folder / "top.webp").chmod(0)

    with pytest.raises(PhotographError, match="no permission to read the file; grant it"):
        FolderFiles(folder).read("top.webp")


@pytest.mark.parametrize(
    ("names", "way"),
    [
        (PATHS, "paths"),
        ([f"./{path}" for path in PATHS], "paths"),
        ([path.replace("/", "\\") for path in PATHS], "paths"),
        (["1.jpg", "2.jpeg", "3.PNG", "top.webp"], "file names"),
        ([f"/data/elsewhere/{path}" for path in PATHS], "paths"),
        (["1", "2", "3", "top"], "file names without suffix"),
    ],
)
def test_read_folder__finds_the_column_of_names(folder: Path, names: list[str], way: str) -> None:
    rows = [f"{i}, {name}, {i % 2}" for i, name in enumerate(names, start=7)]
    label(folder, "number, file, Smiling", *rows[::-1])

    source = opened(folder)

    assert source.labels["Smiling"].tolist() == [True, False, True, False]
    assert source.why.endswith("and labels in labels.csv")
    assert source.notes == (
        f"labels.csv: the column file holds the {way}.",
        "labels.csv: labels of numbers: number; true and false: Smiling.",
    )


@pytest.mark.parametrize(
    ("yes", "no"),
    [("1", "0"), ("1", "-1"), ("1.0", "-1.0"), ("True", "False"), ("yes", "No"), ("t", "f")],
)
def test_read_folder__reads_attributes_of_two_values(folder: Path, yes: str, no: str) -> None:
    label(folder, "file,A,B", *(f"{p},{yes},{no if i else yes}" for i, p in enumerate(PATHS)))

    labels = opened(folder).labels

    assert labels["A"].tolist() == [True] * 4
    assert labels["B"].tolist() == [True, False, False, False]
    assert labels["A"].dtype == np.bool_


def test_read_folder__reads_splits_identities_and_landmarks(folder: Path) -> None:
    points = ",".join(map(str, range(10)))
    rows = zip(PATHS, ["train", "VAL", "test", "extra"], [3, 3, 9, ""], strict=True)
    label(
        folder,
        f"file;Split;person_id;{POINTS.replace(' ', ';')}",
        *(f"{path};{split};{person};{points.replace(',', ';')}" for path, split, person in rows),
    )

    source = opened(folder)

    assert list(source.labels) == ["split", "identity"]
    assert source.labels["split"].tolist() == ["train", "validation", "test", ""]
    assert source.labels["identity"].tolist() == [3, 3, 9, -1]
    assert source.labels["identity"].dtype == np.int32
    assert source.landmarks is not None
    assert source.landmarks[0].tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    assert source.notes[1:] == (
        "labels.csv: 1 split other than train, validation and test, e.g. extra.",
    )


def test_read_folder__columns_that_are_not_labels_are_left_out_and_reported(folder: Path) -> None:
    """Blanks, a row number, an attribute and an age of names with a meaning of their own."""
    rows = [f"{p},n/a,{i},1,{30 + i},1,{i % 2}" for i, p in enumerate(PATHS)]
    label(folder, "file,empty,Unnamed: 0,image,checksum,hat/cap,Male", *rows)

    source = opened(folder)

    assert list(source.labels) == ["hat/cap", "Male"]
    assert source.notes[1:] == (
        "labels.csv: labels of true and false: hat/cap, Male.",
        "labels.csv: columns left out, which count the rows: Unnamed: 0.",
        "labels.csv: columns left out, not of a known kind of label: empty.",
        "labels.csv: columns left out for their names: 'image' has another meaning in the store, "
        "'checksum' has another meaning in the store; rename them.",
    )


def test_read_folder__blank_cells_and_absent_rows_are_marked(folder: Path) -> None:
    label(folder, "file,Male,Young", "a/1.jpg,1,1", "a/2.jpeg,1,", "b/c/3.PNG,NA,0", "x.jpg,1,1")

    source = opened(folder)

    assert source.labels["Male"].tolist() == [True, True, False, False]
    assert source.labels["Young"].tolist() == [True, False, False, False]
    assert source.labels["has_attributes"].tolist() == [True, False, False, False]
    assert source.notes[1:] == (
        "labels.csv: 1 row without a photograph, e.g. x.jpg.",
        "labels.csv: 2 rows with blank attributes, e.g. a/2.jpeg.",
        "labels.csv: labels of true and false: Male, Young.",
        "labels.csv: 1 photograph without a row, e.g. top.webp.",
    )


def test_read_folder__photographs_that_share_a_file_name_need_paths(tmp_path: Path) -> None:
    write_small(tmp_path, ["a/1.jpg", "b/1.jpg", "b/2.jpg", "b/3.jpg"])
    label(tmp_path, "file,Male", "1.jpg,1", "2.jpg,1", "3.jpg,1")

    source = opened(tmp_path)

    assert source.labels["Male"].tolist() == [False, False, True, True]
    assert "labels.csv: 2 photographs without a row, e.g. a/1.jpg." in source.notes


def test_read_folder__repeated_rows_are_never_mixed_up(folder: Path) -> None:
    agree, contradict = ["a/1.jpg,1"] * 2, ["a/2.jpeg,1", "a/2.jpeg,0"]
    label(folder, "file,Male", *agree, *contradict, "b/c/3.PNG,1", "top.webp,0")

    source = opened(folder)

    assert source.labels["Male"].tolist() == [True, False, True, False]
    assert source.labels["has_attributes"].tolist() == [True, False, True, True]
    assert len(source.notes) == 4


def test_read_folder__reads_the_configured_table(folder: Path, tmp_path: Path) -> None:
    label(folder, "file,Male", *(f"{p},1" for p in PATHS), name="a.csv")
    label(folder, "old,new,Young", *(f"{p},{p},1" for p in PATHS), name="b.csv")

    assert list(opened(folder).labels) == ["Male", "Young", "new"]
    assert list(opened(folder, labels="b.csv").labels) == ["Young", "new"]
    named = opened(folder, labels=str(folder / "b.csv"), name_column="new")
    assert "b.csv: the column new holds the paths." in named.notes
    assert annotations(named) != annotations(opened(folder))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"labels": "absent.csv"}, r"absent\.csv cannot be read as a table .*source\.labels"),
        ({"labels": "other.csv"}, r"no column that names photographs .*source\.name_column"),
        ({"labels": "other.csv", "name_column": "file"}, "has no column file.* one of: id, Male"),
        ({"name_column": "file"}, r"holds no table that has this column.*source\.labels"),
        ({"labels": "broken.csv"}, "cannot be read as a table"),
    ],
)
def test_read_folder__a_configured_table_must_fit(
    folder: Path, config: dict[str, str], message: str
) -> None:
    label(folder, "id,Male", "900,1", "901,0", name="other.csv")
    label(folder, "file,Male", "a/1.jpg,1,1", "a/2.jpeg,0,1,1", name="broken.csv")

    with pytest.raises(SourceError, match=message):
        opened(folder, **config)


def test_read_folder__a_table_of_something_else_is_reported_and_not_used(folder: Path) -> None:
    label(folder, "id,Male", "900,1", "901,0", name="other.csv")

    source = opened(folder)

    assert source.labels.shape == (4, 0)
    assert source.notes[1].startswith("other.csv is not used: ")
