"""Labels of photographs: the table of attributes, splits, queries."""

import numpy as np
import pytest
import xarray as xr

from zpoints.pipeline.labels import Labels
from zpoints.storage import QueryError


@pytest.fixture(scope="module")
def labelled() -> xr.Dataset:
    """1,000 labelled rows; no one has a beard."""
    rng = np.random.default_rng(3)
    return xr.Dataset(
        {"checksum": ("image", np.arange(1000, dtype=np.uint64))},
        coords={
            "image": ("image", np.arange(1000).astype(str).astype(object)),
            "Smiling": ("image", rng.random(1000) < 0.4),
            "5_o_Clock_Shadow": ("image", rng.random(1000) < 0.1),
            "Beard": ("image", np.zeros(1000, bool)),
        },
    )


def test_table__holds_the_boolean_labels_by_name(labelled: xr.Dataset) -> None:
    table = Labels(labelled).table

    assert table["attribute"].values.tolist() == ["5_o_Clock_Shadow", "Beard", "Smiling"]
    np.testing.assert_array_equal(table.sel(attribute="Smiling"), labelled["Smiling"])


def test_labels__tell_photographs_without_attributes_apart(labelled: xr.Dataset) -> None:
    known = np.arange(1000) >= 100
    labels = Labels(labelled.assign_coords(has_attributes=("image", known)))

    assert labels.names == Labels(labelled).names == ("5_o_Clock_Shadow", "Beard", "Smiling")
    assert "has_attributes" in labels.table["attribute"]
    np.testing.assert_array_equal(labels.values, Labels(labelled).values)
    np.testing.assert_array_equal(labels.annotated, known)
    assert Labels(labelled).annotated.all()


def test_splits__are_given_or_follow_from_the_checksum(labelled: xr.Dataset) -> None:
    given = np.where(np.arange(1000) < 500, "validation", "").astype(object)
    labels = Labels(labelled.assign_coords(split=("image", given)))

    assert (labels.splits[:500] == "validation").all()
    np.testing.assert_array_equal(np.flatnonzero(labels.in_split("test")), np.arange(501, 1000, 10))


def test_select__leaves_out_photographs_of_unknown_attributes(labelled: xr.Dataset) -> None:
    known = np.arange(1000) >= 100
    partly = labelled.assign_coords(has_attributes=("image", known))

    np.testing.assert_array_equal(
        Labels(partly).select("not `5_o_Clock_Shadow`"), known & ~labelled["5_o_Clock_Shadow"]
    )
    assert Labels(partly).select("split == 'train'")[:100].any()
    assert Labels(partly).select("not has_attributes").sum() == 100


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Smiling", lambda d: d["Smiling"].values),
        ("Smiling and not `5_o_Clock_Shadow`", lambda d: d["Smiling"] & ~d["5_o_Clock_Shadow"]),
        ("image == '17'", lambda d: np.arange(1000) == 17),
        # Without given splits, a tenth of the checksums each is validation and test.
        ("split == 'test'", lambda d: d["checksum"].values % 10 == 1),
    ],
)
def test_select__evaluates_labels(labelled: xr.Dataset, query: str, expected) -> None:
    np.testing.assert_array_equal(Labels(labelled).select(query), expected(labelled))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("Smilling and Beard", "'Smilling'; did you mean Smiling"),
        ("Smiling +", "cannot be evaluated"),
        ("5_o_Clock_Shadow", "Write `5_o_Clock_Shadow` in backticks"),
        ("split", "not true or false"),
        ("@nothing", "not part of the language"),
        ("nonsense == 1", "available: 5_o_Clock_Shadow, Beard"),
    ],
)
def test_select__refuses_a_wrong_query(labelled: xr.Dataset, query: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        Labels(labelled).select(query)
