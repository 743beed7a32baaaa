"""CelebA's official format: annotations joined by name, photographs in a folder or a zip."""

import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.ingest.photographs import (
    NAMES,
    annotations,
    celeba_tree,
    contents,
    opened,
    small,
    zipped,
)
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.sources.celeba import read_celeba


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return celeba_tree(tmp_path / "CelebA")


def rewrite(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_bytes(text.encode())


def test_read_celeba__joins_annotations_by_file_name(tree: Path) -> None:
    source = opened(tree)

    assert source.format == "CelebA"
    assert source.names == source.keys == tuple(NAMES)
    assert source.labels.index.tolist() == NAMES
    assert source.labels["Smiling"].tolist() == [False, True] * 3
    assert not source.labels["Male"].any()
    assert source.labels["split"].tolist() == ["train"] * 2 + ["validation"] * 2 + ["test"] * 2
    assert source.labels["identity"].tolist() == [100, 101, 102, 103, 104, 105]
    assert source.labels["identity"].dtype == np.int32
    assert "has_attributes" not in source.labels
    assert source.landmarks is not None
    assert source.landmarks.shape == (6, 5, 2)
    assert source.landmarks.dtype == np.int16
    assert source.landmarks[:, 4, 1].tolist() == [0, 1, 2, 3, 4, 5]
    assert source.notes == ()
    assert source.refused == ()


def test_read_celeba__zip_gives_what_the_folder_gives(tree: Path) -> None:
    folder, archive = opened(tree), opened(zipped(tree))

    assert archive.names == folder.names
    assert archive.labels.equals(folder.labels)
    assert annotations(archive) == annotations(folder)
    assert contents(archive) == contents(folder)
    assert archive.notes == ()


def test_read_celeba__accepts_the_image_folder_itself(tree: Path) -> None:
    assert opened(tree / "img_align_celeba").labels.equals(opened(tree).labels)


def test_read_celeba__accepts_the_folders_of_the_official_download(tree: Path) -> None:
    home = tree.parent / "official"
    (home / "Anno").mkdir(parents=True)
    (home / "Img").mkdir()
    (tree / "img_align_celeba").rename(home / "Img" / "img_align_celeba")
    (tree / "list_attr_celeba.txt").rename(home / "Anno" / "list_attr_celeba.txt")

    assert list(opened(home).labels) == ["Smiling", "Male"]


def test_read_celeba__missing_annotations_are_reported_and_absent(tree: Path) -> None:
    (tree / "list_attr_celeba.txt").unlink()
    (tree / "list_landmarks_align_celeba.txt").unlink()

    source = opened(tree)

    assert list(source.labels) == ["split", "identity"]
    assert source.landmarks is None
    assert [note.split()[0] for note in source.notes] == [
        "list_attr_celeba.txt",
        "list_landmarks_align_celeba.txt",
    ]


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def byte_order_mark(text: str) -> bytes:
    return text.encode("utf-8-sig")


def no_final_newline(text: str) -> bytes:
    return text.rstrip("\n").encode()


def padded(text: str) -> bytes:
    """Blanks around every row and two between its columns, but for the header's column names."""
    return "\n".join(f"  {line.replace(' ', '   ')} \t" for line in text.split("\n")).encode()


def by_spreadsheet(separator: str, text: str) -> bytes:
    """All rows get as many cells as the longest, and a first line tells Excel the separator."""
    rows = [line.split() for line in text.strip().split("\n")]
    width = max(map(len, rows))
    lines = [separator.join([*row, *[""] * (width - len(row))]) for row in rows]
    return "\r\n".join([f"sep={separator}", *lines, ""]).encode()


def as_table(text: str) -> bytes:
    """Semicolons, a name for the first column, and no number of rows."""
    rows = [line.split() for line in text.strip().split("\n")]
    named = len(rows[0]) == 1
    header = ["file", *rows[1]] if named else ["file", *["value"] * (len(rows[0]) - 1)]
    return "\n".join(";".join(row) for row in [header, *rows[2 * named :]]).encode()


def utf16(text: str) -> bytes:
    return text.encode("utf-16")


CHANGES = [
    *(crlf, byte_order_mark, no_final_newline, padded, as_table, utf16),
    *(partial(by_spreadsheet, separator) for separator in ",;\t|"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_read_celeba__reads_text_as_editors_and_spreadsheets_save_it(tree: Path, change) -> None:
    expected = opened(tree)

    for path in tree.glob("*.txt"):
        path.write_bytes(change(path.read_text()))
    source = opened(tree)

    assert source.labels.equals(expected.labels)
    np.testing.assert_array_equal(source.landmarks, expected.landmarks)
    assert source.notes == ()


def test_read_celeba__rows_without_a_photograph_are_counted(tree: Path) -> None:
    for name in NAMES[1:3]:
        (tree / "img_align_celeba" / name).unlink()

    source = opened(tree)

    assert source.labels["identity"].tolist() == [100, 103, 104, 105]
    assert source.labels["Smiling"].tolist() == [False, True, False, True]
    assert "has_attributes" not in source.labels
    assert len(source.notes) == 4
    assert "identity_CelebA.txt: 2 rows without a photograph, e.g. 000003.jpg." in source.notes


def test_read_celeba__photographs_without_a_row_are_counted_and_marked(tree: Path) -> None:
    rewrite(tree / "list_attr_celeba.txt", ("000002.jpg", "900002.jpg"))
    rewrite(tree / "list_eval_partition.txt", ("000003.jpg", "900003.jpg"))
    rewrite(tree / "identity_CelebA.txt", ("000004.jpg", "900004.jpg"))
    rewrite(tree / "list_landmarks_align_celeba.txt", ("000005.jpg", "900005.jpg"))

    source = opened(tree)

    labels = source.labels
    assert labels["Smiling"].tolist() == [False, False, False, True, False, True]
    assert labels["has_attributes"].tolist() == [True, False, True, True, True, True]
    assert labels["Smiling"].dtype == labels["has_attributes"].dtype == np.bool_
    assert labels["split"].tolist() == ["train", "train", "", "validation", "test", "test"]
    assert labels["identity"].tolist() == [100, 101, 102, -1, 104, 105]
    assert labels["identity"].dtype == np.int32
    assert source.landmarks is not None
    assert (source.landmarks[4] == -1).all()
    assert (source.landmarks[[0, 1, 2, 3, 5]] >= 0).all()
    assert source.notes[:2] == (
        "list_attr_celeba.txt: 1 row without a photograph, e.g. 900002.jpg.",
        "list_attr_celeba.txt: 1 photograph without a row, e.g. 000002.jpg.",
    )
    assert len(source.notes) == 8


def test_read_celeba__repeated_rows_that_agree_count_once(tree: Path) -> None:
    with (tree / "identity_CelebA.txt").open("a") as file:
        file.write("\n000002.jpg 101\n000002.jpg 101\n")

    source = opened(tree)

    assert source.labels["identity"].tolist() == [100, 101, 102, 103, 104, 105]
    assert source.notes == (
        "identity_CelebA.txt: 1 name in several rows that agree; each counts once, "
        "e.g. 000002.jpg.",
    )


def test_read_celeba__rows_that_contradict_each_other_are_not_used(tree: Path) -> None:
    with (tree / "list_attr_celeba.txt").open("a") as file:
        file.write("000002.jpg -1 1\n000003.jpg -1 -1\n")

    source = opened(tree)

    assert source.labels["has_attributes"].tolist() == [True, False, True, True, True, True]
    assert not source.labels.loc["000002.jpg", ["Smiling", "Male"]].any()
    assert len(source.notes) == 2
    assert "1 name in rows that contradict each other; none is used, e.g. 000002.jpg" in " ".join(
        source.notes
    )


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("list_attr_celeba.txt", "6\nSmiling\n000001.jpg maybe\n", "CelebA's format"),
        ("list_attr_celeba.txt", "6\nSmiling\n000001.jpg 3\n", "attribute other than"),
        ("list_attr_celeba.txt", "6\nSmiling\n000001.jpg 1 1\n", "more than 1 values in a row"),
        ("list_attr_celeba.txt", "", "CelebA's format"),
        ("list_eval_partition.txt", "\n".join(f"{n} 7" for n in NAMES), "split other than"),
        ("identity_CelebA.txt", "000001.jpg 5\n000002.jpg", "CelebA's format"),
        ("list_landmarks_align_celeba.txt", "6\nx y\n" + "\n".join(NAMES), "CelebA's format"),
        ("list_landmarks_align_celeba.txt", "1\nx y\n000001.jpg 1 2\n", "2 columns"),
    ],
)
def test_read_celeba__refuses_wrong_annotations(
    tree: Path, file: str, text: str, message: str
) -> None:
    (tree / file).write_text(text)

    with pytest.raises(SourceError, match=message) as caught:
        opened(tree)
    assert file in str(caught.value)


def test_read_celeba__refuses_annotations_that_are_not_text(tree: Path) -> None:
    path = tree / "list_attr_celeba.txt"
    path.write_bytes("6\nSmiling\nJosé.jpg 1\n".encode("latin-1"))

    with pytest.raises(SourceError, match=r"Expected .* UTF-8; replace it, or remove it") as caught:
        opened(tree)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", None])
def test_read_celeba__refuses_a_truncated_or_foreign_archive(
    tree: Path, content: bytes | None
) -> None:
    """An empty file, an error page under the archive's name, the first half of a download."""
    path = zipped(tree) / "img_align_celeba.zip"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)

    with pytest.raises(
        SourceError, match=r"complete zip archive.*fetch or pack it again"
    ) as caught:
        opened(path)
    assert str(path) in str(caught.value)


def test_read_celeba__refuses_a_folder_without_photographs(tmp_path: Path) -> None:
    (tmp_path / "img_align_celeba").mkdir()
    (tmp_path / "img_align_celeba" / "readme.txt").write_text("unpack here")

    with pytest.raises(SourceError, match=r"holds no photographs.*unpack or fetch them again"):
        opened(tmp_path)


def test_read_celeba__leaves_other_formats_to_other_readers(tmp_path: Path) -> None:
    assert read_celeba(tmp_path, SourceConfig()) is None


def test_read_celeba__of_photographs_of_one_file_name_none_takes_the_row(tree: Path) -> None:
    """Such photographs are named by path; the others are still found in the annotations."""
    home = zipped(tree)
    with zipfile.ZipFile(home / "img_align_celeba.zip", "a") as archive:
        archive.writestr(f"backup/{NAMES[1]}", small(9))
        archive.writestr("notes.txt", "")

    source = opened(home)

    inside = [f"img_align_celeba/{name}" for name in NAMES]
    assert source.names == (f"backup/{NAMES[1]}", *inside)
    assert source.refused == ()
    assert source.labels.index.tolist() == list(source.names)
    assert source.labels["identity"].tolist() == [-1, 100, -1, 102, 103, 104, 105]
    assert source.labels["has_attributes"].tolist() == [False, True, False, *[True] * 4]
    assert source.notes[0] == "1 other file left out, e.g. notes.txt."
    assert contents(source)[0] == small(9)


def test_signatures__change_with_the_photograph(tree: Path) -> None:
    before = opened(tree)
    assert opened(tree).signatures == before.signatures

    (tree / "img_align_celeba" / NAMES[0]).write_bytes(small(9) + b" ")

    after = opened(tree)
    assert after.signatures[0] != before.signatures[0]
    assert after.signatures[1:] == before.signatures[1:]
    assert annotations(after) == annotations(before)


def test_annotations__change_with_a_label(tree: Path) -> None:
    before = opened(tree)
    assert annotations(opened(tree)) == annotations(before)

    rewrite(tree / "identity_CelebA.txt", ("000001.jpg 100", "000001.jpg 7"))

    after = opened(tree)
    assert annotations(after) != annotations(before)
    assert after.signatures == before.signatures
