"""Statistics of categories, numbers and dates against pandas, and their growth."""

from dataclasses import replace
from datetime import date

import dask.array as da
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from zpoints.pipeline.analyze import State, analyze
from zpoints.pipeline.analyze.passes import summarize
from zpoints.pipeline.analyze.reduction import merge_all
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.latent_space.arrays import open_arrays
from zpoints.storage.labels.columns import LabelColumn, label_column, label_values

COUNT, COMPONENTS = 600, 5
COLUMNS = ("age", "born", "digit", "species")


def latents(count: int = COUNT) -> xr.Dataset:
    """Vectors with labels of every kind, a fifth of them missing; 9 and emu come late."""
    rng = np.random.default_rng(8)
    z = (rng.normal(size=(count, COMPONENTS)) + 3).astype(np.float32)
    digit = np.where(np.arange(count) < 400, rng.integers(0, 3, count), rng.choice([1, 9], count))
    species = np.where(np.arange(count) < 400, rng.choice(["cat", "owl"], count), "emu")
    born = np.datetime64("1990-01-01") + rng.integers(0, 9000, count).astype("m8[D]")
    gone = rng.random((4, count)) < 0.2
    labels = {
        "age": np.where(gone[0], np.nan, 40 + 9 * z[:, 1] + rng.normal(size=count)),
        "born": np.where(gone[1], np.datetime64("NaT", "D"), born.astype("M8[us]")),
        "digit": np.where(gone[2], np.nan, digit),
        "species": np.where(gone[3], "", species).astype(object),
        "caption": np.array([f"number {k}" for k in range(count)], dtype=object),
        "Smiling": rng.random(count) < 0.5,
    }
    return xr.Dataset(
        {"z": (("image", "component"), z)}, {name: ("image", v) for name, v in labels.items()}
    )


def frame(rows: xr.Dataset) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Vectors in float64, and labels as pandas has them, dates in days."""
    labels = rows.drop_vars("z").to_dataframe().replace({"species": {"": np.nan}})
    labels["born"] = (labels["born"] - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return pd.DataFrame(rows["z"].values.astype(np.float64)), labels


def described(rows: xr.Dataset, *, chunk: int = 250) -> xr.Dataset:
    labels, z = Labels(rows), da.from_array(rows["z"].values, chunks=(chunk, -1))
    return analyze(z, attributes=labels.table, label_numbers=labels.as_numbers)


def test_columns__are_labels_with_statistics() -> None:
    columns = Labels(latents()).columns

    assert [(c.name, c.kind) for c in columns] == [
        ("age", "number"), ("born", "date"), ("digit", "category"), ("species", "category"),
    ]  # fmt: skip
    assert columns[2].categories == ("0", "1", "2", "9")


@pytest.mark.parametrize("chunk", [7, 250, COUNT])
def test_analyze__means_by_category_equal_pandas(chunk: int) -> None:
    z, labels = frame(latents())

    found = described(latents(), chunk=chunk)

    for name in ("digit", "species"):
        means, counts = z.groupby(labels[name]).mean(), labels[name].value_counts()
        for category, mean in means.iterrows():
            key = f"{name}={category:g}" if name == "digit" else f"{name}={category}"
            row = found.sel(category=key)
            assert int(row["category_count"]) == counts[category]
            np.testing.assert_allclose(row["category_mean"], mean, rtol=1e-12)
    assert found.sizes["category"] == labels["digit"].nunique() + labels["species"].nunique()


@pytest.mark.parametrize("chunk", [7, 250, COUNT])
def test_analyze__moments_of_numbers_equal_pandas(chunk: int) -> None:
    z, labels = frame(latents())

    found = described(latents(), chunk=chunk)

    assert found["numeric"].values.tolist() == ["age", "born"]
    assert found["numeric_unit"].values.tolist() == ["1", "days since 1970-01-01"]
    for name in ("age", "born"):
        row, values = found.sel(numeric=name), labels[name]
        assert int(row["numeric_count"]) == values.count()
        np.testing.assert_allclose(row["numeric_mean"], values.mean(), rtol=1e-12)
        np.testing.assert_allclose(row["numeric_std"], values.std(), rtol=1e-10)
        covariance = [values.cov(z[component]) for component in z]
        np.testing.assert_allclose(row["numeric_covariance"], covariance, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(row["numeric_correlation"], z.corrwith(values), atol=1e-10)


def assert_same(found: xr.Dataset, expected: xr.Dataset) -> None:
    names = [n for n in map(str, expected.variables) if n.startswith(("category", "numeric"))]
    assert len(names) > 10
    for name in names:
        if expected[name].dtype.kind in "OTi":
            assert found[name].values.tolist() == expected[name].values.tolist()
        else:
            np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-9)


def test_merge__stored_statistics_grow_with_a_new_category() -> None:
    rows = latents()
    before = described(rows.isel(image=slice(0, 400)))
    assert "digit=9" not in before["category"].values
    labels, z = Labels(rows), rows["z"].values
    assert labels.as_numbers is not None

    new = summarize(z[400:], attributes=labels.table[400:], label_numbers=labels.as_numbers[400:])
    grown = State.from_dataset(before).merge(new)

    whole = summarize(z, attributes=labels.table, label_numbers=labels.as_numbers)
    assert grown.categories.labels == whole.categories.labels
    assert grown.categories.categories == whole.categories.categories
    np.testing.assert_array_equal(grown.categories.count, whole.categories.count)
    np.testing.assert_allclose(grown.categories.mean, whole.categories.mean, rtol=1e-12)
    for name in ("count", "mean", "comoment", "z_mean", "z_comoment", "cross"):
        found, expected = getattr(grown.numbers, name), getattr(whole.numbers, name)
        np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("cuts", [[], [1], [0, 300, 300, 599], list(range(0, COUNT, 50))])
def test_merge__does_not_depend_on_parts_or_order(cuts: list[int]) -> None:
    rows = latents()
    labels, z = Labels(rows), rows["z"].values
    label_numbers = labels.as_numbers
    assert label_numbers is not None
    parts = np.split(np.arange(COUNT), cuts)

    def state(part: np.ndarray) -> State:
        return State.from_vectors(
            z[part], values=label_numbers.values[part], columns=label_numbers.columns
        )

    merged, whole = merge_all([state(part) for part in parts[::-1]]), state(np.arange(COUNT))
    np.testing.assert_array_equal(merged.categories.count, whole.categories.count)
    np.testing.assert_allclose(merged.categories.mean, whole.categories.mean, rtol=1e-10)
    np.testing.assert_allclose(merged.numbers.cross, whole.numbers.cross, rtol=1e-9, atol=1e-6)


def test_state__is_restored_from_the_statistics() -> None:
    found = described(latents())

    restored = State.from_dataset(found)

    assert restored.numbers.units == ("1", "days since 1970-01-01")
    np.testing.assert_allclose(restored.numbers.correlation(), found["numeric_correlation"])
    np.testing.assert_array_equal(restored.categories.count, found["category_count"])


def test_merge__refuses_other_labels() -> None:
    columns = (LabelColumn("digit", "category", ("1",)), LabelColumn("age", "number"))
    state = State.empty(3, columns=columns)

    with pytest.raises(
        AnalyzeError, match=r"categories of digit cannot be merged with .* no label"
    ):
        state.merge(State.empty(3, columns=columns[1:]))
    with pytest.raises(AnalyzeError, match="numbers age cannot be merged"):
        state.merge(State.empty(3, columns=columns[:1]))


def test_analyze__vectors_that_are_not_finite_count_for_no_label() -> None:
    rows = latents()
    spoiled = rows["z"].values.copy()
    spoiled[::3, 2] = np.nan

    found = described(rows.assign(z=(("image", "component"), spoiled)))

    kept = rows.isel(image=np.flatnonzero(np.isfinite(spoiled).all(axis=1)))
    assert_same(found, described(kept))


def test_analyze__without_such_labels_has_the_variables_of_before() -> None:
    bare = latents().drop_vars([*COLUMNS, "caption"])

    assert Labels(bare).as_numbers is None
    assert not [n for n in described(bare).variables if str(n).startswith(("category", "numeric"))]


@pytest.mark.parametrize(
    ("values", "kind", "categories"),
    [
        (np.arange(33).repeat(2), "number", ()),
        (np.arange(32).repeat(2), "category", tuple(map(str, range(32)))),
        (np.arange(5), "number", ()),  # none is repeated
        ([10, 9, 9, 10, -1, -1], "category", ("-1", "9", "10")),
        ([1.5, 1.5, 2.0, 2.0], "number", ()),
        ([np.nan, np.nan], "number", ()),
        ([f"{k:03d}" for k in range(256)] * 2, "category", tuple(f"{k:03d}" for k in range(256))),
        ([f"{k:03d}" for k in range(257)] * 2, "text", ()),
        (["a", None, "a", np.nan], "category", ("a",)),
        ([True, False], "flag", ()),
        (np.array(["2026-11-30", "NaT"], "M8[D]"), "date", ()),
    ],
)
def test_label_column__finds_the_kind_by_the_values(
    values: list, kind: str, categories: tuple[str, ...]
) -> None:
    is_text = isinstance(values, list) and any(isinstance(value, str) for value in values)
    found = label_column("label", np.array(values, dtype=object) if is_text else np.array(values))

    assert (found.kind, found.categories) == (kind, categories)


def test_as_numbers__reads_dates_as_they_are_stored() -> None:
    dates = np.array(["1503-06-01T12:00", "NaT"], "M8[us]")
    column = LabelColumn("born", "date")

    np.testing.assert_array_equal(column.as_numbers(dates), column.as_numbers(dates.view(np.int64)))
    assert column.as_numbers(dates)[0] == (dates[0] - np.datetime64(0, "us")) / np.timedelta64(
        1, "D"
    )
    unlisted = replace(column, kind="category", categories=("1",)).as_numbers(
        np.array([1.0, 2, np.nan])
    )
    np.testing.assert_array_equal(unlisted, [0, np.nan, np.nan])


def test_draw__is_conditioned_on_any_label() -> None:
    rows = latents()
    space = open_arrays(rows["z"].values, rows.drop_vars("z"))
    query = "digit in [1, 9] and age > 60 and born < '2010-01-01'"

    drawn = space.draw("gaussian", 400, where=query).z.values

    _, labels = frame(rows)
    chosen = labels["digit"].isin([1, 9]) & (labels["age"] > 60)
    chosen &= labels["born"] < (pd.Timestamp("2010-01-01") - pd.Timestamp(0)).days
    expected = rows["z"].values[chosen.to_numpy()]
    assert 20 < len(expected) < COUNT / 2
    error = 5 * expected.std(axis=0) * np.sqrt(1 / len(drawn) + 1 / len(expected))
    assert (abs(drawn.mean(axis=0) - expected.mean(axis=0)) < error).all()
    assert space.statistics["category_count"].sel(category="species=emu") > 0


@pytest.mark.parametrize(
    ("values", "expected", "dtype"),
    [
        (np.array([1, 255], np.uint8), [1, 255], "int64"),
        (pd.array([3, None], "Int64").to_numpy(), [3, np.nan], "float64"),
        ([True, False], [True, False], "bool"),
        (np.array([2**63], np.uint64), ["9223372036854775808"], "object"),
        (np.array([0.5, np.nan], np.float32), [0.5, np.nan], "float64"),
        (pd.Series(["a", None, pd.NA, "b"]).to_numpy(object), ["a", "", "", "b"], "object"),
        ([date(2026, 11, 30), None], ["2026-11-30", "NaT"], "M8[us]"),
        (np.array(["1503-06-01"], "M8[D]"), ["1503-06-01"], "M8[us]"),
        ([3, "three"], ["3", "three"], "object"),
        ([], [], "float64"),
    ],
)
def test_label_values__have_the_dtype_of_a_stored_label(values, expected, dtype: str) -> None:
    objects = isinstance(values, list) and any(isinstance(v, str | date) for v in values)

    found = label_values(np.array(values, dtype=object) if objects else values)

    assert found.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found, np.array(expected, dtype=dtype))
