"""Tables of labels with many columns, in every form."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import source_path
from zpoints.pipeline.ingest.sources.label_tables import find_labels
from zpoints.pipeline.ingest.sources.parquet import read_parquet
from zpoints.pipeline.ingest.tables.celeba import read_annotation_files

PHOTOGRAPHS = tuple(f"{k}.jpg" for k in range(10))
TOO_MANY = 100_000
REFUSED = f"{TOO_MANY:,} columns are more than the limit of 10,000; leave out those that"


def names(count: int) -> list[str]:
    return [f"label_{k}" for k in range(count)]


def write_csv(path: Path, count: int, *, cell: str = "") -> None:
    rows = [f"{n},{','.join([cell or str(k % 2)] * count)}" for k, n in enumerate(PHOTOGRAPHS)]
    path.write_text("\n".join([",".join(["file", *names(count - 1), "end"]), *rows]) + "\n")


def labels_of(folder: Path, file: str) -> tuple[list[str], tuple[str, ...]]:
    """Columns and notes of the labels that a table in a folder gives."""
    config = SourceConfig(unused_tables="ignore")
    found, _ = find_labels(source_path(str(folder)), PHOTOGRAPHS, (file,), config)
    return list(map(str, found.rows)), found.notes


def test_find_labels__refuses_a_hundred_thousand_columns(tmp_path: Path) -> None:
    write_csv(tmp_path / "labels.csv", TOO_MANY)

    labels, notes = labels_of(tmp_path, "labels.csv")

    assert labels == []
    assert any("100,001 columns are more than the limit of 10,000" in note for note in notes)


def test_find_labels__refuses_as_many_keys_of_json(tmp_path: Path) -> None:
    row = {"file_name": PHOTOGRAPHS[0], **dict.fromkeys(names(TOO_MANY - 1), True)}
    (tmp_path / "metadata.jsonl").write_text(json.dumps(row) + "\n")

    _, notes = labels_of(tmp_path, "metadata.jsonl")

    assert any(REFUSED in note for note in notes)


def test_find_labels__reads_thousands_of_labels(tmp_path: Path) -> None:
    write_csv(tmp_path / "labels.csv", 2000)

    labels, _ = labels_of(tmp_path, "labels.csv")

    assert labels == [*names(1999), "end"]


def test_find_labels__names_some_of_many_columns_that_are_left_out(tmp_path: Path) -> None:
    write_csv(tmp_path / "labels.csv", 1000, cell="nan")

    _, notes = labels_of(tmp_path, "labels.csv")

    assert any("not of a known kind of label: label_0, " in note for note in notes)
    assert any("label_49 and 950 others." in note and len(note) < 1000 for note in notes)


@pytest.mark.parametrize("name", ["labels.csv", "metadata.jsonl"])
def test_find_labels__refuses_a_table_that_is_too_large(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        file.truncate(1 << 43)  # sparse

    labels, notes = labels_of(tmp_path, name)

    assert labels == []
    assert any("8,796,093,022,208 bytes" in note for note in notes)


def test_read_annotation_files__refuses_as_many_columns(tmp_path: Path) -> None:
    rows = [f"{name} {' '.join(['1'] * TOO_MANY)}" for name in PHOTOGRAPHS]
    table = "\n".join([str(len(rows)), " ".join(names(TOO_MANY)), *rows]) + "\n"
    (tmp_path / "list_attr_celeba.txt").write_text(table)

    with pytest.raises(SourceError, match=REFUSED):
        read_annotation_files(source_path(str(tmp_path)), PHOTOGRAPHS, (".txt",), required=True)


def test_read_parquet__refuses_as_many_columns(tmp_path: Path) -> None:
    image = pa.array([{"bytes": b"", "path": PHOTOGRAPHS[0]}])
    flags = dict.fromkeys(names(12_000), pa.array([True]))
    pq.write_table(pa.table({"image": image, **flags}), tmp_path / "train.parquet")

    with pytest.raises(SourceError, match="12,000 columns are more than the limit of 10,000"):
        read_parquet(source_path(str(tmp_path)), SourceConfig())
