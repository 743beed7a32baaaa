"""Labels of numbers, dates and text from cells, and how tables that differ are merged."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.ingest.photographs import NAMES, annotations, opened, write_small
from zpoints.pipeline.ingest.tables.values import values_of

CELLS: dict[str, tuple[list[Any], str, list[Any]]] = {
    "whole numbers": (["3", "7", "3"], "f", [3, 7, 3]),
    "numbers of a float column": ([3.0, None, 7.0], "f", [3, np.nan, 7]),
    "decimals": (["1.5", "-.25", "+1e3"], "f", [1.5, -0.25, 1000]),
    "blanks": (["", "n/a", "NaN", "41"], "f", [np.nan, np.nan, np.nan, 41]),
    "leading zeros are codes": (["007", "12"], "O", ["007", "12"]),
    "numbers that float64 rounds are ids": (["9007199254740993", "1"], "O",
                                            ["9007199254740993", "1"]),
    "no infinite numbers": (["1e999", "1"], "O", ["1e999", "1"]),
    "a stray text": (["41", "about 40"], "O", ["41", "about 40"]),
    "decimal commas": (["1,5", "2"], "O", ["1,5", "2"]),
    "days": (["2026-11-30", "", "1503-06-01"], "M", ["2026-11-30", "NaT", "1503-06-01"]),
    "times": (["2026-11-30 10:00:30.5", "2026-11-30T10:00Z"], "M",
              ["2026-11-30T10:00:30.5", "2026-11-30T10:00"]),
    "zones": (["2026-11-30T01:00+02:00"], "M", ["2026-11-29T23:00"]),
    "no such day": (["2026-02-30"], "O", ["2026-02-30"]),
    "other dates are text": (["30.11.2026"], "O", ["30.11.2026"]),
    "text": ([" New\n  York", "none", "Jo\u0308rg"], "O", ["New York", "", "J\u00f6rg"]),
    "controls and halves": (["a\x1b[31m\x07b", "\ud800"], "O", ["ab", "?"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CELLS)
def test_values_of__reads_numbers_dates_and_text(case: str) -> None:
    cells, kind, expected = CELLS[case]

    found = values_of(pd.Series(cells, dtype=object))

    assert found is not None
    assert found.values.dtype.kind == kind
    wanted = np.array(expected, {"f": float, "M": "M8[us]", "O": object}[kind])
    np.testing.assert_array_equal(found.values, wanted)
    missing = pd.isna(found.values) | (found.values == "")
    np.testing.assert_array_equal(found.known, ~missing)


@pytest.mark.parametrize("cells", [["", "nan"], [], ["x" * 1001]])
def test_values_of__without_values_or_with_long_ones_there_is_none(cells: list[str]) -> None:
    assert values_of(pd.Series(cells, dtype=object)) is None


def table(home: Path, name: str, header: str, *rows: str) -> None:
    (home / name).write_text("\n".join([header, *rows]))


def test_open_source__reads_labels_of_every_kind(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES[:4])
    rows = ["3,41,cat,2026-11-30,1", "7,,dog,,0", "3,17.5,,1990-05-01,1", "5,NA,cat,1990-05-02,0"]
    cells = [f"{n}\t" + row.replace(",", "\t") for n, row in zip(NAMES, rows, strict=False)]
    table(tmp_path, "labels.tsv", "file\tdigit\tage\tspecies\tborn\tSmiling", *cells)

    source = opened(tmp_path)

    labels = source.labels
    assert list(labels) == ["Smiling", "digit", "age", "species", "born"]
    assert (labels["digit"].tolist(), labels["digit"].dtype) == ([3, 7, 3, 5], np.int64)
    np.testing.assert_array_equal(labels["age"], [41, np.nan, 17.5, np.nan])
    assert labels["species"].tolist() == ["cat", "dog", "", "cat"]
    assert labels["born"].dtype == "M8[us]"
    assert labels["born"].isna().tolist() == [False, True, False, False]
    assert labels["Smiling"].tolist() == [True, False, True, False]
    assert source.notes[1:] == (
        "labels.tsv: labels of numbers: digit, age; text: species; dates: born; true and false: "
        "Smiling.",
        "labels.tsv: 3 rows with a missing value.",
    )
    (tmp_path / "labels.tsv").write_text((tmp_path / "labels.tsv").read_text().replace("41", "42"))
    assert annotations(opened(tmp_path)) != annotations(source)


def test_open_source__json_lines_give_the_same_labels(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES[:3])
    rows = (
        '"digit": 3, "age": 41.5',
        '"digit": 7, "age": null',
        '"digit": 3, "born": "1990-05-01"',
    )
    lines = [f'{{"file_name": "{n}", {row}}}' for n, row in zip(NAMES, rows, strict=False)]
    table(tmp_path, "metadata.jsonl", *lines)

    labels = opened(tmp_path).labels

    assert labels["digit"].tolist() == [3, 7, 3]
    np.testing.assert_array_equal(labels["age"], [41.5, np.nan, np.nan])
    assert labels["born"].notna().tolist() == [False, False, True]


def test_open_source__a_parquet_table_that_is_named_gives_the_same_labels(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES[:3])
    rows = pd.DataFrame(
        {
            "file": NAMES[:3],
            "digit": pd.array([3, None, 7], "Int64"),
            "age": [41.5, np.nan, 17],
            "born": pd.to_datetime(["1990-05-01", None, "2026-11-30"]),
            "species": pd.Categorical(["cat", None, "dog"]),
            "Smiling": [True, False, True],
        }
    )
    rows.to_parquet(tmp_path / "labels.parquet")

    labels = opened(tmp_path, labels="labels.parquet").labels

    np.testing.assert_array_equal(labels["digit"], [3, np.nan, 7])
    np.testing.assert_array_equal(labels["age"], rows["age"])
    np.testing.assert_array_equal(labels["born"], rows["born"])
    assert labels["species"].tolist() == ["cat", "", "dog"]
    assert labels["Smiling"].tolist() == [True, False, True]


def test_open_source__tables_complete_each_other_and_do_not_mix_kinds(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES[:4])
    header = "file,age,room,species"
    table(tmp_path, "a.csv", header, f"{NAMES[0]},3,12,cat", f"{NAMES[1]},4,13,dog")
    table(tmp_path, "b.csv", header, f"{NAMES[1]},5,A,dog", f"{NAMES[2]},6,B,emu")

    source = opened(tmp_path)

    assert list(source.labels) == ["age", "species"]
    np.testing.assert_array_equal(source.labels["age"], [3, np.nan, 6, np.nan])
    assert source.labels["species"].tolist() == ["cat", "dog", "emu", ""]
    assert "room is left out, since its kind differs: numbers, text." in source.notes[-1]
    assert any("with different values of age; none is used" in note for note in source.notes)


def test_open_source__names_attributes_among_the_labels(tmp_path: Path) -> None:
    write_small(tmp_path, NAMES[:4])
    rows = [f"{name},{digit},{digit % 2}" for digit, name in enumerate(NAMES[:4], 3)]
    table(tmp_path, "labels.csv", "file,digit,odd", *rows)

    notes = opened(tmp_path).notes

    assert "labels.csv: labels of numbers: digit; true and false: odd." in notes
