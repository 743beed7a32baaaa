"""Which photograph a row of a table names: whole paths first, no namesake of another folder."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpoints.pipeline.ingest.tables.matching import match_names

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Jörg.jpg") for form in ("NFC", "NFD"))
NUMBERED = ["train/1.jpg", "train/2.jpg", "val/1.jpg", "val/2.jpg"]


def matched(
    names: list[str], rows: list[str], *, source: str = "/x/faces", base: str = "/x/faces"
) -> dict[str, str]:
    """The photograph that each row names, without rows that name none."""
    found = match_names(pd.Series(rows, dtype=object), names, source=source, base=base)
    return {row: names[k] for row, k in zip(rows, found.position, strict=True) if k >= 0}


@pytest.mark.parametrize(
    ("names", "rows", "expected"),
    [
        # Whole paths; each folder has its own numbers.
        (NUMBERED, NUMBERED, NUMBERED),
        (NUMBERED[2:], NUMBERED, [None, None, "val/1.jpg", "val/2.jpg"]),
        (NUMBERED, ["1.jpg", "2.jpg"], [None, None]),
        (["val/1.jpg", "val/2.jpg"], ["1.jpg", "2.jpg"], ["val/1.jpg", "val/2.jpg"]),
        # The end of a longer path, where it is the only one.
        (["ff/val/1.jpg", "ff/train/1.jpg"], ["val/1.jpg"], ["ff/val/1.jpg"]),
        (["a/val/1.jpg", "b/val/1.jpg"], ["val/1.jpg"], [None]),
        (["ff/val/1.jpg"], ["train/1.jpg"], [None]),
        # A photograph that was deleted leaves its row to no namesake.
        (["1.jpg", "b/1.jpg", "b/2.jpg"], ["1.jpg", "2.jpg"], ["1.jpg", None]),
        (["b/1.jpg"], ["1.jpg", "b/1.jpg"], [None, "b/1.jpg"]),
        (["train/1.jpg", "old/train/1.jpg", "old/train/2.jpg"], ["train/1.jpg", "train/2.jpg"],
         ["train/1.jpg", None]),
        # Where base names are unique, a folder may be missing from some rows.
        (["a/1.jpg", "b/1.jpg", "b/solo.jpg"], ["a/1.jpg", "solo.jpg"], ["a/1.jpg", "b/solo.jpg"]),
        (["top.jpg", "a/1.jpg"], ["top.jpg", "1.jpg"], ["top.jpg", "a/1.jpg"]),
        # Folders that hold that of the photographs; other machines; other spellings.
        (["val/1.jpg"], ["/x/faces/val/1.jpg"], ["val/1.jpg"]),
        (["val/1.jpg"], ["faces/val/1.jpg"], ["val/1.jpg"]),
        (["val/1.jpg"], ["C:\\data\\val\\1.jpg"], ["val/1.jpg"]),
        (["1.jpg"], ["/data/train/1.jpg"], [None]),
        (["1.jpg"], ["train/1.jpg"], [None]),
        (["1.jpg"], ["/data/faces/1.jpg"], ["1.jpg"]),
        (["1.jpg", "a/2.jpg"], ["/data/1.jpg", "/data/a/2.jpg"], ["1.jpg", "a/2.jpg"]),
        (["a/1.jpg"], [".\\a\\1.jpg"], ["a/1.jpg"]),
        (["a\\1.jpg"], ["a/1.jpg"], ["a\\1.jpg"]),
        (["a\\1.jpg"], ["1.jpg"], ["a\\1.jpg"]),
        (["a/1.jpg"], ["b/../a//1.jpg"], ["a/1.jpg"]),
        ([COMPOSED], [DECOMPOSED], [COMPOSED]),
        ([DECOMPOSED], [COMPOSED], [DECOMPOSED]),
        ([COMPOSED, DECOMPOSED], [DECOMPOSED, COMPOSED], [DECOMPOSED, COMPOSED]),
        # Without suffix, where no whole name is the same.
        (["000001.png"], ["000001.jpg"], ["000001.png"]),
        (["a/1.webp"], ["1"], ["a/1.webp"]),
        (["1.jpg", "1.png"], ["1.png"], ["1.png"]),
        (["1.jpg", "1.png"], ["1"], [None]),
        (["1.jpg", "2.png"], ["1.jpg", "1.png", "2.jpg"], ["1.jpg", None, "2.png"]),
        (["v1.2.jpg", "v1.jpg"], ["v1.2", "v1.3"], ["v1.2.jpg", None]),
        (["a/1.png", "b/1.png"], ["1.jpg"], [None]),
        (["a/1.png", "b/1.png"], ["b/1.jpg"], ["b/1.png"]),
        (["a.jpg"], ["", "  "], [None, None]),
    ],
)  # fmt: skip
def test_match_names__finds_the_photograph_that_is_meant(
    names: list[str], rows: list[str], expected: list[str | None]
) -> None:
    meant = {row: name for row, name in zip(rows, expected, strict=True) if name is not None}
    assert matched(names, rows) == meant


FOLDERS = st.sampled_from(["", "a/", "b/", "a/b/", "c/a/"])
FILES = st.builds("{}{}{}".format, FOLDERS, st.integers(1, 3), st.sampled_from([".jpg", ".png"]))


@given(st.lists(FILES, unique=True, max_size=8), st.lists(FILES, unique=True, max_size=8))
def test_match_names__a_row_finds_its_own_photograph_or_none_of_another_folder(
    names: list[str], rows: list[str]
) -> None:
    found = matched(names, rows, source="/x", base="/x")

    assert {row for row in rows if row in names} <= {row for row in found if found[row] == row}
    for row, name in found.items():
        assert f"/{name}"[:-4].endswith(f"/{row}"[:-4])
    for name in set(names) & set(rows):
        assert [row for row in found if found[row] == name] == [name]


def test_match_names__a_table_in_a_folder_is_about_its_photographs() -> None:
    names = ["a/1.jpg", "b/1.jpg", "b/2.jpg"]

    assert matched(names, ["1.jpg", "2.jpg"], base="/x/faces/a") == {"1.jpg": "a/1.jpg"}
    assert matched(names, ["1.jpg", "2.jpg"], base="/x/faces/b") == {
        "1.jpg": "b/1.jpg",
        "2.jpg": "b/2.jpg",
    }
    assert matched(names, ["a/1.jpg", "b/1.jpg"], base="/x/faces/a") == {
        "a/1.jpg": "a/1.jpg",
        "b/1.jpg": "b/1.jpg",
    }
    assert matched(names, ["2.jpg"], base="/x/faces/tables") == {"2.jpg": "b/2.jpg"}
    assert matched(names, ["../b/1.jpg"], base="/x/faces/tables") == {"../b/1.jpg": "b/1.jpg"}


@pytest.mark.parametrize("base", ["/x", "/elsewhere"])
def test_match_names__a_table_outside_may_name_the_folder_of_the_photographs(base: str) -> None:
    rows = ["train/1.jpg", "val/1.jpg"]

    assert matched(["1.jpg"], rows, source="/x/val", base=base) == {"val/1.jpg": "1.jpg"}
    assert matched(["1.jpg"], rows[:1], source="/x/val", base=base) == {}


def test_match_names__rows_may_be_in_any_order_and_repeated() -> None:
    rng = np.random.default_rng(0)
    names = [f"{folder}/{number}.jpg" for folder in "ab" for number in range(500)]
    order = rng.permutation(np.repeat(np.arange(1000), 2))

    found = match_names(pd.Series([names[k] for k in order]), names)

    np.testing.assert_array_equal(found.position, order)
    assert found.way == "paths"
    assert not found.ambiguous.any()


def test_match_names__tells_rows_that_could_be_of_several_photographs() -> None:
    found = match_names(pd.Series(["1.jpg", "3.jpg"], dtype=object), NUMBERED)

    assert found.ambiguous.tolist() == [True, False]
    assert found.photographs == 0
