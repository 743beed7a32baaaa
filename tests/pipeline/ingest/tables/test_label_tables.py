"""Tables of labels as people have them: which labels photographs get, and what is reported."""

import codecs
import os
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pipeline.ingest.photographs import (
    NAMES,
    celeba_tree,
    kaggle_tree,
    opened,
    small,
    write_small,
)
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.sources.source import Source

Smiling = dict[str, bool | None]
"""By photograph, the label Smiling; None where it is not known."""

VAL = [f"val/{number}.jpg" for number in range(1, 11)]
JOERG = [unicodedata.normalize(form, "Jörg.jpg") for form in ("NFC", "NFD")]
HALF = dict(zip(NAMES, [False, True] * 3, strict=True))
UNKNOWN: Smiling = dict.fromkeys(NAMES)


def csv(path: Path, rows: dict[str, object], *, header: str = "file,Smiling") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(f"{name},{value}" for name, value in rows.items())]))


def labelled(home: Path, text: str, *, name: str = "labels.csv") -> None:
    """Six photographs, and a table with that text."""
    write_small(home, NAMES)
    (home / name).write_text(text)


def rows(separator: str) -> str:
    lines = [f"{name}{separator}{int(HALF[name])}" for name in NAMES]
    return "\n".join([f"file{separator}Smiling", *lines, ""])


def numbered_per_folder(home: Path) -> None:
    write_small(home, VAL)
    csv(home / "fairface_label_train.csv", {f"train/{n}.jpg": False for n in range(1, 41)})
    csv(home / "fairface_label_val.csv", dict.fromkeys(VAL, True))


def both_folders(home: Path) -> None:
    numbered_per_folder(home)
    write_small(home, ["train/1.jpg", "train/99.jpg"])


def bare_names(home: Path) -> None:
    write_small(home, VAL[:2])
    csv(home / "train.csv", {"1.jpg": False, "2.jpg": True})
    csv(home / "val.csv", {"1.jpg": True, "2.jpg": True})


def three_tables(home: Path) -> None:
    write_small(home, NAMES[:2])
    for name, value in {"a": True, "b": False, "c": True}.items():
        csv(home / f"{name}.csv", {NAMES[0]: value, NAMES[1]: True})


def table_per_folder(home: Path) -> None:
    write_small(home, ["train/1.jpg", "train/2.jpg", "val/1.jpg", "val/2.jpg"])
    csv(home / "train" / "labels.csv", {"1.jpg": True, "2.jpg": False})
    csv(home / "val" / "labels.csv", {"1.jpg": False})


def deleted_namesake(home: Path) -> None:
    write_small(home, ["1.jpg", "2.jpg", "b/1.jpg", "b/2.jpg", "b/3.jpg"])
    csv(home / "labels.csv", {"1.jpg": True, "2.jpg": True, "3.jpg": True, "b/1.jpg": False})


def disjoint_columns(home: Path) -> None:
    write_small(home, NAMES[:3])
    csv(home / "a.csv", {NAMES[0]: 1, NAMES[1]: 0, NAMES[2]: 1})
    csv(home / "b.csv", {NAMES[0]: 1, NAMES[1]: 0}, header="file,Male")


def decomposed(home: Path) -> None:
    write_small(home, [JOERG[1]])
    csv(home / "labels.csv", {JOERG[0]: 1})


def packed_by_windows(home: Path) -> None:
    tree = celeba_tree(home.parent / "tree")
    home.mkdir()
    with zipfile.ZipFile(home / "img_align_celeba.zip", "w") as archive:
        for number, name in enumerate(NAMES):
            archive.writestr(f"img_align_celeba\\{name}", small(number))
    for path in tree.glob("*.txt"):
        (home / path.name).write_bytes(path.read_bytes())


def utf16(home: Path) -> None:
    labelled(home, "")
    text = rows("\t").replace("\n", "\r\n")
    (home / "labels.csv").write_bytes(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))


def semicolons_in_kaggle(home: Path) -> None:
    for path in kaggle_tree(home).glob("*.csv"):
        path.write_text("sep=;\n" * (path.stem == "list_attr_celeba") + path.read_text())
        path.write_text(path.read_text().replace(",", ";"))


def huge(home: Path) -> None:
    labelled(home, "")
    os.truncate(home / "labels.csv", 60 * 10**9)


def foreign_annotations(home: Path) -> None:
    celeba_tree(home)
    for path in (home / "img_align_celeba").iterdir():
        path.rename(path.with_name(f"own{path.name}"))


SITUATIONS: dict[str, tuple[Callable[[Path], object], Smiling, str]] = {
    # Rows of another folder are of other photographs.
    "numbered per folder": (
        numbered_per_folder, dict.fromkeys(VAL, True),
        "fairface_label_train.csv is not used",
    ),
    "both folders": (
        both_folders,
        dict.fromkeys(VAL, True) | {"train/1.jpg": False, "train/99.jpg": None},
        "labels in fairface_label_train.csv, fairface_label_val.csv",
    ),
    "two tables without folders": (
        bare_names, {"val/1.jpg": None, "val/2.jpg": True},
        "1 photograph with different values of Smiling; none is used, e.g. val/1.jpg",
    ),
    "three tables, two of which agree": (
        three_tables, {NAMES[0]: None, NAMES[1]: True},
        "1 photograph with different values of Smiling; none is used, e.g. 000001.jpg",
    ),
    "a table in each folder": (
        table_per_folder,
        {"train/1.jpg": True, "train/2.jpg": False, "val/1.jpg": False, "val/2.jpg": None},
        "train/labels.csv, val/labels.csv",
    ),
    "a photograph was deleted": (
        deleted_namesake,
        {"1.jpg": True, "2.jpg": True, "b/1.jpg": False, "b/2.jpg": None, "b/3.jpg": None},
        "labels.csv: 1 row without a photograph, e.g. 3.jpg",
    ),
    "two tables with other columns": (
        disjoint_columns, {NAMES[0]: True, NAMES[1]: False, NAMES[2]: None},
        "a.csv, b.csv: 1 photograph with a part of the attributes",
    ),
    # Separators, encodings, spellings.
    "semicolons": (lambda home: labelled(home, rows(";")), HALF, "labels in labels.csv"),
    "tabs": (lambda home: labelled(home, rows("\t")), HALF, "labels in labels.csv"),
    "tabs in a .tsv": (
        lambda home: labelled(home, rows("\t"), name="faces.tsv"), HALF, "labels in faces.tsv",
    ),
    "blanks": (lambda home: labelled(home, rows("  ")), HALF, "labels in labels.csv"),
    "Excel's line": (lambda home: labelled(home, "sep=;\n" + rows(";")), HALF, "labels in"),
    "Excel's line for tabs": (
        lambda home: labelled(home, '"sep=\t"\n' + rows("\t")), HALF, "labels in",
    ),
    "a comma in a name": (
        lambda home: labelled(
            home, "file;Smiling;Hat, cap\n" + "".join(f"{name};1;0\n" for name in NAMES)),
        dict.fromkeys(NAMES, True), "labels in",
    ),
    "UTF-16": (utf16, HALF, "labels in labels.csv"),
    "composed and decomposed": (decomposed, {JOERG[1]: True}, "labels in labels.csv"),
    "backslashes in a table": (
        lambda home: (write_small(home, ["a/1.jpg", "b/1.jpg"]),
                      csv(home / "labels.csv", {"a\\1.jpg": 1, ".\\b\\1.jpg": 0})),
        {"a/1.jpg": True, "b/1.jpg": False}, "holds the paths",
    ),
    "semicolons in Kaggle's tables": (semicolons_in_kaggle, HALF, "Kaggle format"),
}  # fmt: skip

REFUSED: dict[str, tuple[Callable[[Path], object], dict[str, str], str]] = {
    "no row names a photograph": (
        lambda home: (write_small(home, NAMES), csv(home / "labels.csv", {"900.jpg": 1})), {},
        "it names 900.jpg, the photographs are called 000001.jpg",
    ),
    "no line of column names": (
        lambda home: labelled(home, "".join(f"{name},1\n" for name in NAMES)), {},
        "the first one is about the photograph 000001.jpg",
    ),
    "an empty table": (lambda home: labelled(home, ""), {}, "cannot be read as a table"),
    "a table of 60 GB": (huge, {}, "its 60,000,000,000 bytes are more than 536,870,912"),
    "Latin-1": (
        lambda home: (labelled(home, ""), (home / "labels.csv").write_bytes(
            "file,Bärtig\n000001.jpg,1\n".encode("latin-1"))), {}, "Expected a CSV file in UTF-8",
    ),
    "each row could be of two photographs": (
        lambda home: (write_small(home, ["a/1.jpg", "b/1.jpg"]),
                      csv(home / "labels.csv", {"1.jpg": 1})), {},
        "1 row could be of several photographs",
    ),
    "names that look alike": (
        lambda home: (write_small(home, ["a\u200b.jpg"]), csv(home / "labels.csv", {"a.jpg": 1})),
        {}, "'a\\u200b.jpg'",
    ),
    "no column is a label": (
        lambda home: (write_small(home, NAMES),
                      csv(home / "labels.csv", dict.fromkeys(NAMES, "x" * 1001),
                          header="file,caption")),
        {}, "not of a known kind of label: caption",
    ),
    "no column but the names": (
        lambda home: labelled(home, "file\n" + "\n".join(NAMES)), {}, "no column but file",
    ),
    "a table that is named": (
        lambda home: (write_small(home, NAMES), csv(home / "x.txt", {"900": 1})),
        {"labels": "x.txt"}, "no column that names photographs",
    ),
    "a table without rows": (
        lambda home: labelled(home, "file,Smiling\n", name="x.csv"),
        {"labels": "x.csv", "name_column": "file"}, "it has no rows",
    ),
    "an official file of other photographs": (
        foreign_annotations, {},
        "it names 000006.jpg, the photographs are called own000001.jpg",
    ),
    "an official file with one name": (
        lambda home: (celeba_tree(home), (home / "list_attr_celeba.txt").write_text(
            "6\nhas_attributes\n" + "".join(f"{name} 1\n" for name in NAMES))), {},
        "'has_attributes' has another meaning in the store",
    ),
}  # fmt: skip


def smiling(source: Source) -> Smiling:
    """The label Smiling of each photograph."""
    labels = source.labels
    if "Smiling" not in labels:
        return dict.fromkeys(source.names)
    known = labels["has_attributes"] if "has_attributes" in labels else [True] * len(labels)
    values = zip(source.names, labels["Smiling"], known, strict=True)
    return {name: bool(value) if is_known else None for name, value, is_known in values}


def reported(source: Source) -> str:
    return " ".join((f"{source.format} format: {source.why}", *source.notes))


@pytest.mark.parametrize("situation", SITUATIONS)
def test_open_source__joins_the_labels_that_a_table_gives(situation: str, tmp_path: Path) -> None:
    build, expected, message = SITUATIONS[situation]
    build(tmp_path / "faces")

    source = opened(tmp_path / "faces")

    assert smiling(source) == expected
    assert message in reported(source)


@pytest.mark.parametrize("situation", REFUSED)
def test_open_source__a_table_that_gives_no_label_is_an_error_unless_allowed(
    situation: str, tmp_path: Path
) -> None:
    build, config, message = REFUSED[situation]
    build(tmp_path / "faces")

    with pytest.raises(SourceError) as caught:
        opened(tmp_path / "faces", **config)
    assert message in str(caught.value)

    source = opened(tmp_path / "faces", unused_tables="ignore", **config)
    assert message in reported(source)
    assert "Smiling" not in source.labels


def test_open_source__labels_of_a_zip_packed_by_windows(tmp_path: Path) -> None:
    packed_by_windows(tmp_path / "faces")

    source = opened(tmp_path / "faces")

    assert {name[-10:]: value for name, value in smiling(source).items()} == HALF
    assert set(source.labels["split"]) == {"train", "validation", "test"}


def test_open_source__an_unrelated_table_is_reported_and_no_error(tmp_path: Path) -> None:
    home = tmp_path / "faces"
    labelled(home, "day,euros\n1,7\n2,8\n", name="prices.csv")
    csv(home / "notes" / "labels.csv", {"900.jpg": 1})

    source = opened(home)

    assert smiling(source) == UNKNOWN
    assert "prices.csv is not used" in reported(source)
    assert "notes/labels.csv is not used" in reported(source)
