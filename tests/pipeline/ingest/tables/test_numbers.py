"""Columns of numbers: row numbers are not names, and names may have lost their leading zeros."""

from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.ingest.photographs import NAMES, opened, write_small
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.sources.source import Source

PLAIN = [f"{number}.jpg" for number in range(1, 7)]


def labelled(home: Path, names: list[str], header: str, rows: list[str], **config: Any) -> Source:
    write_small(home, names)
    (home / "labels.csv").write_text("\n".join([header, *rows]))
    return opened(home, **config)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "id"])
@pytest.mark.parametrize("names", [PLAIN, NAMES])
def test_counts_rows__row_numbers_from_0_are_not_photographs_from_1(
    name: str, names: list[str], tmp_path: Path
) -> None:
    rows = [f"{row},{row % 2}" for row in range(6)]

    source = labelled(tmp_path, names, f"{name},Smiling", rows)

    assert source.labels.empty
    assert any("no column that names photographs" in note for note in source.notes)


def test_counts_rows__row_numbers_do_not_stand_in_for_file_names(tmp_path: Path) -> None:
    rows = [f"{row},other{row}.jpg,1" for row in range(1, 7)]

    source = labelled(tmp_path, PLAIN, ",file,Smiling", rows, unused_tables="ignore")

    assert source.labels.empty


@pytest.mark.parametrize("first", [0, 1])
def test_counts_rows__numbers_of_photographs_may_count(first: int, tmp_path: Path) -> None:
    numbers = range(first, first + 6)
    names, rows = [f"{n}.jpg" for n in numbers], [f"{n},{n % 2}" for n in numbers]

    source = labelled(tmp_path, names, "id,Smiling", rows)

    assert source.labels["Smiling"].tolist() == [n % 2 == 1 for n in numbers]


@pytest.mark.parametrize(("name", "config"), [
    ("id", {}), ("Image_ID", {}), ("image_number", {}), ("nr", {"name_column": "nr"}),
])  # fmt: skip
def test_with_zeros__numbers_that_a_spreadsheet_shortened(
    name: str, config: dict[str, Any], tmp_path: Path
) -> None:
    names = [f"{folder}/{name}" for folder, name in zip("aaabbb", NAMES, strict=True)]
    rows = [f"{number},{number % 2}" for number in range(6, 0, -1)]

    source = labelled(tmp_path, names, f"{name},Smiling", rows, **config)

    assert source.labels["Smiling"].tolist() == [True, False] * 3
    assert any("which lack leading zeros" in note for note in source.notes)


def test_with_zeros__numbers_of_something_else_are_no_names(tmp_path: Path) -> None:
    rows = [f"{number},1" for number in range(1, 7)]

    assert labelled(tmp_path, NAMES, "day,open", rows).labels.empty


def test_with_zeros__the_number_of_another_data_set_in_a_file_name_is_no_name(
    tmp_path: Path,
) -> None:
    rows = [f"{n},00000{n + 2}.jpg,{n % 2}" for n in range(6)]
    names = [f"{n}.jpg" for n in range(6)]

    source = labelled(tmp_path, names, "idx,orig_file,Smiling", rows)

    assert source.labels["Smiling"].tolist() == [False, True] * 3


@pytest.mark.parametrize("codes", [[1, 2, 3, 1, 2, 3], [0, 1, 2, 3, 4, 0]])
def test_splits__numbers_other_than_those_of_celeba_are_none(
    codes: list[int], tmp_path: Path
) -> None:
    rows = [f"{name},{code},1" for name, code in zip(NAMES, codes, strict=True)]

    source = labelled(tmp_path, NAMES, "file,split,Smiling", rows)

    assert set(source.labels["split"]) == {""}
    assert any("other than train, validation and test" in note for note in source.notes)


def test_open_source__ages_beside_the_names_of_other_pictures_name_no_photographs(
    tmp_path: Path,
) -> None:
    write_small(tmp_path, [f"{number}.jpg" for number in range(1, 31)])
    rows = [f"absent-{row}.png,{row % 40},1" for row in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["file,age,Male", *rows]))

    with pytest.raises(SourceError, match="none of its 60 rows belongs to one photograph"):
        opened(tmp_path)
