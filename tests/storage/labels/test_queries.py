"""The language of queries: what it selects, with pandas as oracle, and what it refuses."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.storage.labels.labelled_rows import labelled
from zpoints.storage import QueryError
from zpoints.storage.labels.dataset import LabelledDataset
from zpoints.storage.labels.selection import select_rows
from zpoints.storage.labels.syntax import parse_query

LABELLED = labelled()
ANNOTATED = LABELLED["has_attributes"].values
FLAGS = ("Smiling", "Male", "`Wearing Hat`", "`5_o_Clock_Shadow`")


def oracle(query: str) -> np.ndarray:
    """What pandas selects, without rows of unknown attributes where an attribute is named."""
    found = pd.array(FRAME.eval(query), dtype="boolean").fillna(False).to_numpy(bool)
    return found & ANNOTATED if any(flag in query for flag in FLAGS) else found


def split() -> np.ndarray:
    given, tenth = LABELLED["split"].values, LABELLED["checksum"].values % 10
    derived = np.select([tenth == 0, tenth == 1], ["validation", "test"], "train")
    return np.where(given == "", derived, given)


FRAME = LABELLED.to_dataframe().drop(columns=["a`b", "in"]).assign(split=split())
FRAME = FRAME.astype({"age": "Float64"})  # whose missing values are neither true nor false


PANDAS_QUERIES = [
    # README, examples, tests
    "Smiling and not Male",
    "`5_o_Clock_Shadow`",
    "split == 'test' and Smiling",
    "split == 'test' and identity > 2",
    "Smiling",
    "not Smiling",
    "Smiling and not Smiling",
    "not `5_o_Clock_Shadow`",
    "image == '017.jpg'",
    "split == 'train'",
    "not has_attributes",
    # the rest of the language
    "`Wearing Hat` or Smiling and Male",
    "(`Wearing Hat` or Smiling) and Male",
    "Smiling & ~Male | `Wearing Hat`",
    "split == 'train' & identity > 3",
    "1 < identity <= 5",
    "1 < identity <= 5 != age",
    "identity in [1, 2, 3] and split not in ['test']",
    "image in ('001.jpg', '002.jpg')",
    "image in ['001.jpg']",
    "identity * 2 + 1 >= age / 3 - -1",
    "identity % 3 == 1",
    "identity // 2 == 2",
    "age > 30",
    "not age > 30",
    "age != age",
    "Smiling == True and Male == 0",
    "Smiling == Male",
    "image < '010.jpg'",
    'split == "test"',
    "taken < '2026-11-10'",
    "taken >= '2026-11-10 12:00'",
    " Smiling\n and Male ",
    "reconstruction_error > 0.5",
    "identity == -1 or identity == +2",
]


@pytest.mark.parametrize("query", PANDAS_QUERIES)
def test_select_rows__selects_as_pandas_does(query: str) -> None:
    expected = oracle(" ".join(query.split()))

    np.testing.assert_array_equal(select_rows(LABELLED, query), expected)
    chosen = LabelledDataset.of(LABELLED).query(image=query)
    assert chosen["image"].values.tolist() == LABELLED["image"].values[expected].tolist()


@settings(max_examples=60)
@given(st.data())
def test_select_rows__joined_comparisons_select_as_pandas_does(data: st.DataObject) -> None:
    comparisons = st.builds(
        "{} {} {}".format,
        st.sampled_from(["identity", "age", "identity + age"]),
        st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
        st.integers(-3, 60),
    )
    lists = st.lists(st.integers(-3, 9), min_size=1, max_size=4).map("identity in {}".format)
    flags = st.sampled_from(FLAGS)
    query = data.draw(
        st.recursive(
            comparisons | lists | flags,
            lambda inner: (
                st.builds("({} and {})".format, inner, inner)
                | st.builds("({} or {})".format, inner, inner)
                | st.builds("(not {})".format, inner)
            ),
            max_leaves=6,
        )
    )

    np.testing.assert_array_equal(select_rows(LABELLED, query), oracle(query))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        # What pandas gets wrong, or has no word for.
        ("Smiling + Male + `Wearing Hat` >= 2", lambda d: _flags(d).sum(axis=0) >= 2),
        ("`a``b`", lambda d: d["a`b"].values),
        ("`in` and identity in [1]", lambda d: d["in"].values & (d["identity"] == 1).values),
        ("contains(image, '1')", lambda d: [("1" in n) for n in d["image"].values]),
        ("startswith(image, '01')", lambda d: [n.startswith("01") for n in d["image"].values]),
        ("not endswith(image, '5.jpg')", lambda d: [n[2] != "5" for n in d["image"].values]),
        ("split == 'validation'", lambda d: split() == "validation"),
        ("image == 'Smiling'", lambda d: np.zeros(60, bool)),
        ("checksum % 10 == 3", lambda d: d["checksum"].values % 10 == 3),
        ("checksum < 9223372036854775808", lambda d: d["checksum"].values < 2**63),
        ("identity in [4294967297, 1.0, 1.5]", lambda d: d["identity"].values == 1),
        ("identity * 4294967296 == 4294967296", lambda d: d["identity"].values == 1),
        ("identity / 0 > 1", lambda d: d["identity"].values > 0),
        ("identity < 99999999999999999999", lambda d: np.ones(60, bool)),
        ("taken in ['2026-11-03']", lambda d: np.arange(60) == 2),
        ("'1000-01-01' < taken < '9999-12-31'", lambda d: np.ones(60, bool)),
        ("image in []", lambda d: np.zeros(60, bool)),
        ("taken < '2026-11-03T01:00+02:00'", lambda d: np.arange(60) < 2),
        ("missing(age)", lambda d: np.isnan(d["age"].values)),
        ("not missing(age) or identity == 1", lambda d: ANNOTATED | (d["identity"].values == 1)),
        ("age > 40 or not age > 40", lambda d: ANNOTATED),
        ("missing(identity)", lambda d: np.zeros(60, bool)),
    ],
)
def test_select_rows__is_exact(query: str, expected) -> None:
    found = np.asarray(expected(LABELLED))
    named = any(flag in query for flag in (*FLAGS, "`a``b`", "`in`")) and "'Smiling'" not in query

    np.testing.assert_array_equal(
        select_rows(LABELLED, query), found & ANNOTATED if named else found
    )


def _flags(d: xr.Dataset) -> np.ndarray:
    return np.array([d["Smiling"].values, d["Male"].values, d["Wearing Hat"].values])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "Smilling and Male",
            r"unknown label: 'Smilling'; did you mean Smiling\? .*>>>Smilling<<<",
        ),
        ("Wearing_Hat", "did you mean `Wearing Hat`?"),
        ("5_o_Clock_Shadow", "Write `5_o_Clock_Shadow` in backticks"),
        ("Wearing Hat and Male", "in backticks, e.g. `Wearing Hat`.* Wearing >>>Hat<<< and Male"),
        ("Smiling +", r"missing at its end.* Smiling \+>>><<<"),
        ("(Smiling or Male", r"no counterpart.*>>>\(<<<Smiling"),
        ("Smiling or Male]", r"no counterpart.*Male>>>\]<<<"),
        ("Smiling.mean() > 0", r"'\.' is not part.*no attributes or methods.*Smiling>>>\.<<<mean"),
        ("Smiling = True", "Write == to compare"),
        ("@nothing", "no variables of Python"),
        ("split", "not true or false for each row"),
        ("1 < 2", "not true or false for each row"),
        ("identity and Smiling", "a number is not true or false.*>>>identity<<<"),
        ("identity == '1'", "compares a number with text.*>>>'1'<<<"),
        ("image in [17]", "compares text with a number.*>>>17<<<"),
        ("split == ['train']", "may only follow in"),
        ("'a' in image", r"expects a list.*contains\(label, 'part'\).*>>>image<<<"),
        ("image in [split]", "holds values only.*>>>split<<<"),
        ("len(image) > 3", "no such function.*contains, startswith, endswith, missing.*>>>len<<<"),
        ("missing(3)", r"missing takes a label.*Write missing\(label\)"),
        ("missing(age, 'x')", "missing takes a label"),
        ("contains(image)", r"Write contains\(label, 'part'\)"),
        ("contains(age, '3')", "expects a text label.*>>>age<<<"),
        ("image[0] == '0'", "labels have no parts"),
        ("Smiling, Male", "a comma separates"),
        ("image + 'x' == 'y'", "calculates with text.*>>>image<<<"),
        ("checksum * 2 == 1", r"exceeds 64 bits.*>>>checksum \* 2<<<"),
        ("taken > 'yesterday'", "'yesterday' is not a date"),
        ("taken > 3", "compares a date with a number"),
        ("image == 'a", "ends with the quotation mark"),
        ("image == \u2018a.jpg\u2019", "Write straight quotation marks.* image == >>>"),
        ("`Wearing Hat", "ends with a backtick"),
        (r"image == '\d'", "unknown escape"),
        ("Smiling and \x1b[31mMale", r">>>\\x1b<<<\[31mMale"),
        ("Smiling and Male\N{ZERO WIDTH SPACE}", r"unknown label.*>>>Male\\u200b<<<"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("1e999 > age", "too large"),
        ("landmarks > 1", "unknown label"),
    ],
)
def test_select_rows__refuses_and_marks_the_place(query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        select_rows(LABELLED, query)

    assert str(caught.value).isprintable()


def test_select_rows__takes_names_in_another_unicode_form() -> None:
    composed, decomposed = "Größe", "Größe"
    rows = xr.Dataset(coords={decomposed: ("image", [True, False]), "年齢": ("image", [3, 40])})

    assert select_rows(rows, f"{composed} and 年齢 < 10").tolist() == [True, False]
    assert select_rows(rows, f"not {decomposed} and `年齢` > 10").tolist() == [False, True]
    curly = rows.rename({"年齢": "King\u2019s"})
    assert select_rows(curly, "`King\u2019s` > 10").tolist() == [False, True]


@pytest.mark.parametrize("stored", ["Jörg.jpg", "Jo\u0308rg.jpg"])
@pytest.mark.parametrize("typed", ["Jörg", "Jo\u0308rg"])
def test_select_rows__compares_texts_in_any_unicode_form(stored: str, typed: str) -> None:
    rows = xr.Dataset(coords={"image": ("image", [stored, "Eva.jpg"])})

    for query in (
        f"image == '{typed}.jpg'",
        f"image in ['{typed}.jpg']",
        f"contains(image, '{typed}.')",
        f"startswith(image, '{typed}')",
    ):
        assert select_rows(rows, query).tolist() == [True, False]


def test_query__selects_along_any_dimension_and_stays_lazy() -> None:
    rows = LabelledDataset.of(LABELLED.assign(hw=("component", [0.5, 2.0]))).chunk()

    chosen = rows.query({"component": "hw > 1"}, image="Smiling")

    assert dict(chosen.sizes) == {
        "image": int((LABELLED["Smiling"] & ANNOTATED).sum()),
        "component": 1,
    }
    assert chosen.chunks
    assert isinstance(chosen.isel(image=slice(3)), LabelledDataset)
    with pytest.raises(QueryError, match=r"no dimension of this dataset.*image"):
        rows.query(face="Smiling")
    with pytest.raises(QueryError, match="no dimension of this dataset"):
        rows.query(image="Smiling", engine="python")
    with pytest.raises(QueryError, match=r"Write query\(image='Smiling'\)"):
        rows.query("Smiling")  # type: ignore[arg-type]


@pytest.mark.parametrize("query", [5, None, True, ["Smiling"], b"Smiling"])
def test_parse_query__refuses_what_is_not_text(query: Any) -> None:
    with pytest.raises(QueryError, match=r"is text, e\.g\. .*; got (int|NoneType|bool|list|bytes)"):
        parse_query(query)


def test_query__of_chosen_rows_sees_the_same_splits() -> None:
    chosen = LabelledDataset.of(LABELLED).query(image="split == 'test'")

    assert chosen.query(image="split == 'test'").sizes == chosen.sizes


def test_select_rows__compares_dates_with_those_of_python() -> None:
    days = [datetime(2026, 11, day) for day in (1, 2, 3)]
    rows = xr.Dataset(coords={"taken": ("image", pd.DatetimeIndex(days))})

    assert select_rows(rows, "taken == '2026-11-02'").tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("digit == 3 and age > 40", [0]),
        ("not (digit == 3 and age > 40)", [1, 2, 3]),
        ("digit != 3", [1, 2]),
        ("digit in [3, 7]", [0, 1, 3]),
        ("digit not in [3, 7]", [2]),
        ("species == 'cat'", [0]),
        ("species != 'cat'", [1, 3]),
        ("species not in ['cat', 'dog']", [3]),
        ("not contains(species, 'a')", [1, 3]),
        ("born < '1600-01-01'", [0]),
        ("not born < '1600-01-01'", [1, 2]),
        ("born != '1990-05-01'", [0, 2]),
        ("born in ['1990-05-01']", [1]),
        ("missing(species) and missing(age)", [2, 4]),
        ("-age < -40 or species == 'emu'", [0, 3]),
        ("18 <= age < 60", [0]),
        ("not 18 <= age < 60", [1, 3]),
    ],
)
def test_select_rows__a_missing_value_matches_nothing(query: str, expected: list[int]) -> None:
    rows = xr.Dataset(
        coords={
            "digit": ("image", [3, 7, 5, 3, np.nan]),
            "age": ("image", [41.0, 17.0, np.nan, 12.0, np.nan]),
            "species": ("image", np.array(["cat", "dog", "", "emu", ""], dtype=object)),
            "born": (
                "image",
                np.array(["1503-06-01", "1990-05-01", "2026-11-30", "NaT", "NaT"], "M8[us]"),
            ),
        }
    )

    assert np.flatnonzero(select_rows(rows, query)).tolist() == expected
