"""Counts and means by attribute, and statistics of selections, against plain NumPy."""

import dask.array as da
import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from zpoints.pipeline.analyze import AnalyzeConfig, State, analyze
from zpoints.pipeline.analyze.reduction import merge_all
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.labels import Labels

NAMES = ["Male", "Smiling", "has_attributes"]


@pytest.fixture(scope="module")
def labelled() -> xr.Dataset:
    """1,000 vectors with labels; the attribute of a beard is False for all."""
    rng = np.random.default_rng(3)
    z = (rng.normal(size=(1000, 6)) + 0.5).astype(np.float32)
    return xr.Dataset(
        {"z": (("image", "component"), z), "checksum": ("image", np.arange(1000, dtype=np.uint64))},
        coords={
            "image": ("image", np.arange(1000).astype(str).astype(object)),
            "Smiling": ("image", rng.random(1000) < 0.4),
            "5_o_Clock_Shadow": ("image", rng.random(1000) < 0.1),
            "Beard": ("image", np.zeros(1000, bool)),
        },
    )


@pytest.mark.parametrize("chunk", [1, 300, 1000])
def test_analyze__means_by_attribute_equal_numpy(labelled: xr.Dataset, chunk: int) -> None:
    z, table = labelled["z"].values, Labels(labelled).table

    found = analyze(da.from_array(z, chunks=(chunk, 6)), attributes=table)

    for name in ("5_o_Clock_Shadow", "Smiling"):
        has, row = labelled[name].values, found.sel(attribute=name)
        assert row["attribute_count"] == has.sum()
        np.testing.assert_allclose(
            row["attribute_mean"], z[has].astype(np.float64).mean(axis=0), rtol=1e-12
        )
    nobody = found.sel(attribute="Beard")
    assert nobody["attribute_count"] == 0
    assert np.isnan(nobody["attribute_mean"]).all()


@settings(max_examples=60)
@given(
    arrays.arrays(bool, st.tuples(st.integers(1, 40), st.just(3))),
    st.lists(st.integers(0, 40), max_size=4),
    st.randoms(),
)
def test_merge__means_by_attribute_do_not_depend_on_parts_or_order(flags, cuts, random) -> None:
    z = np.random.default_rng(0).normal(size=(len(flags), 4)).astype(np.float32)
    rows = np.split(np.arange(len(z)), sorted(cut for cut in cuts if cut <= len(z)))
    random.shuffle(rows)

    merged = merge_all([State.from_vectors(z[part], flags[part], NAMES) for part in rows])

    whole = State.from_vectors(z, flags, NAMES).attributes
    np.testing.assert_array_equal(merged.attributes.count, whole.count)
    np.testing.assert_allclose(merged.attributes.mean, whole.mean, rtol=1e-12, atol=1e-14)


def test_analyze__vectors_that_are_not_finite_count_for_no_attribute(labelled: xr.Dataset) -> None:
    z = labelled["z"].values.copy()
    smiling = np.flatnonzero(labelled["Smiling"].values)
    z[smiling[:5], 2] = np.nan

    found = analyze(da.from_array(z, chunks=(300, 6)), attributes=Labels(labelled).table)

    row = found.sel(attribute="Smiling")
    assert row["attribute_count"] == len(smiling) - 5
    np.testing.assert_allclose(
        row["attribute_mean"], z[smiling[5:]].astype(np.float64).mean(axis=0), rtol=1e-12
    )


def test_merge__refuses_states_of_other_attributes() -> None:
    with pytest.raises(AnalyzeError, match=r"Male, Smiling.*cannot be merged with.*by none"):
        State.empty(4, ["Male", "Smiling"]).merge(State.empty(4))


@pytest.mark.parametrize("solver", ["exact", "incremental"])
@pytest.mark.parametrize("chunk", [pytest.param(7, marks=pytest.mark.slow), 37, 300, 1000])
def test_analyze__of_a_selection_equals_that_of_a_copy(
    labelled: xr.Dataset, chunk: int, solver: str
) -> None:
    config = AnalyzeConfig.model_validate({"pca": {"solver": solver}})
    table, where = Labels(labelled).table, labelled["Smiling"].values

    found = analyze(
        da.from_array(labelled["z"].values, chunks=(chunk, 6)),
        config,
        attributes=table,
        where=where,
    )

    copy = da.from_array(labelled["z"].values[where], chunks=-1)
    expected = analyze(copy, config, attributes=table[where])
    for name in ("count", "histogram", "grid_counts", "pc_histogram", "attribute_count"):
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    for name in ("covariance", "explained_variance", "attribute_mean", "core_pc_std"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, err_msg=name)


def test_analyze__refuses_labels_of_other_rows(labelled: xr.Dataset) -> None:
    z = da.from_array(labelled["z"].values, chunks=(300, 6))

    with pytest.raises(AnalyzeError, match="labels for 999 vectors, but 1,000"):
        analyze(z, where=np.ones(999, bool))


@pytest.mark.parametrize("where", [np.ones(1000, int), np.ones((1000, 1), bool)], ids=str)
def test_analyze__refuses_an_invalid_mask(labelled: xr.Dataset, where: np.ndarray) -> None:
    with pytest.raises(AnalyzeError, match=r"expected bool \(vector,\)"):
        analyze(labelled["z"], where=where)
