"""The statistics of a Dask array against NumPy, SciPy and scikit-learn, under any chunking."""

from collections import Counter
from threading import Lock
from typing import Any

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy import stats
from sklearn.decomposition import PCA

from zpoints.pipeline.analyze import AnalyzeConfig, State, analyze, describe, summarize
from zpoints.pipeline.analyze.reduction import WAVE
from zpoints.pipeline.errors import AnalyzeError
from zpoints.storage.schema.registry import VARIABLES
from zpoints.storage.schema.validation import is_text

COUNTS = [
    *("count", "nan_rows", "histogram", "underflow", "overflow", "minimum", "maximum"),
    *("grid_exponent", "grid_origin", "grid_counts", "radius_histogram", "radius_grid_counts"),
]


def latents(count: int = 3000, components: int = 12) -> np.ndarray:
    rng = np.random.default_rng(7)
    mixing = rng.standard_normal((components, components))
    skewed = rng.gamma(4.0, size=(count, components)) * np.geomspace(1, 0.01, components)
    return (skewed @ mixing).astype(np.float32)


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    return latents()


@pytest.fixture(scope="module")
def statistics(z: np.ndarray) -> xr.Dataset:
    return analyze(da.from_array(z, chunks=(700, 12)))


def test_analyze__returns_the_registered_variables(statistics: xr.Dataset) -> None:
    registered = VARIABLES["statistics"]

    only_incremental = {"solver_variance_error", "solver_angle"}
    of_labels = {name for name in registered if name.startswith(("category", "numeric"))}
    assert set(statistics.variables) == set(registered) - only_incremental - of_labels
    for name, variable in statistics.variables.items():
        assert variable.dims == registered[str(name)].dims
        dtype = registered[str(name)].dtype
        assert is_text(variable.dtype) if dtype == "str" else variable.dtype == np.dtype(dtype)
        assert variable.attrs["long_name"] == registered[str(name)].meaning


def test_analyze__moments_equal_numpy(z: np.ndarray, statistics: xr.Dataset) -> None:
    exact = z.astype(np.float64)

    np.testing.assert_allclose(statistics["mean"], exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(statistics["variance"], exact.var(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(statistics["covariance"], np.cov(exact, rowvar=False), rtol=1e-9)
    np.testing.assert_allclose(
        statistics["correlation"], np.corrcoef(exact, rowvar=False), rtol=1e-9
    )
    np.testing.assert_array_equal(statistics["minimum"], exact.min(axis=0))
    np.testing.assert_array_equal(statistics["maximum"], exact.max(axis=0))
    assert set(statistics["count"].values) == {3000}


def test_analyze__histograms_equal_numpy(z: np.ndarray, statistics: xr.Dataset) -> None:
    for j in range(z.shape[1]):
        edges = statistics["histogram_edges"].values[j]
        np.testing.assert_array_equal(statistics["histogram"][j], np.histogram(z[:, j], edges)[0])
        assert statistics["underflow"][j] == np.sum(z[:, j] < edges[0])
        assert statistics["overflow"][j] == np.sum(z[:, j] > edges[-1])
    radii = np.linalg.norm(z.astype(np.float64), axis=1)
    np.testing.assert_array_equal(
        statistics["radius_histogram"], np.histogram(radii, statistics["radius_edges"])[0]
    )
    np.testing.assert_allclose(statistics["radius_mean"], radii.mean(), rtol=1e-12)
    np.testing.assert_allclose(statistics["radius_std"], radii.std(ddof=1), rtol=1e-9)


def test_analyze__pca_equals_scikit_learn(z: np.ndarray, statistics: xr.Dataset) -> None:
    reference = PCA().fit(z.astype(np.float64))

    loadings = statistics["loadings"].values
    signs = np.sign(np.sum(loadings * reference.components_, axis=1))
    np.testing.assert_allclose(loadings, reference.components_ * signs[:, None], atol=1e-7)
    np.testing.assert_allclose(
        statistics["explained_variance"], reference.explained_variance_, rtol=1e-9
    )
    np.testing.assert_allclose(
        statistics["explained_variance_ratio"], reference.explained_variance_ratio_, rtol=1e-9
    )
    largest = np.take_along_axis(loadings, np.abs(loadings).argmax(axis=1)[:, None], axis=1)
    assert (largest > 0).all()


def test_analyze__principal_components_equal_scipy(z: np.ndarray, statistics: xr.Dataset) -> None:
    v = (z - statistics["mean"].values) @ statistics["loadings"].values.T

    np.testing.assert_allclose(statistics["pc_skewness"], stats.skew(v), atol=1e-9)
    np.testing.assert_allclose(statistics["pc_kurtosis"], stats.kurtosis(v), atol=1e-9)
    for k, edges in enumerate(statistics["pc_histogram_edges"].values):
        np.testing.assert_array_equal(
            statistics["pc_histogram"][k], np.histogram(v[:, k], edges)[0]
        )
    radii = np.sqrt(np.sum(v**2 / statistics["explained_variance"].values, axis=1))
    np.testing.assert_array_equal(
        statistics["mahalanobis_histogram"], np.histogram(radii, statistics["mahalanobis_edges"])[0]
    )
    np.testing.assert_allclose(statistics["mahalanobis_mean"], radii.mean(), rtol=1e-9)


@pytest.mark.parametrize(
    "chunks", [(3000, 12), (1, 12), (700, 5), ((1, 2500, 0, 499), (12,))], ids=str
)
def test_analyze__does_not_depend_on_chunks(
    z: np.ndarray, statistics: xr.Dataset, chunks: tuple
) -> None:
    rows = 40 if chunks[0] == 1 else len(z)
    expected = analyze(da.from_array(z[:rows], chunks=-1)) if rows < len(z) else statistics

    found = analyze(da.from_array(z[:rows], chunks=chunks))

    for name in COUNTS:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    for name in ("mean", "comoment", "explained_variance", "radius_mean", "radius_comoment"):
        largest = np.abs(expected[name]).max()
        np.testing.assert_allclose(
            found[name], expected[name], rtol=1e-12, atol=1e-12 * largest, err_msg=name
        )
    np.testing.assert_allclose(found["pc_kurtosis"], expected["pc_kurtosis"], rtol=1e-9)


@pytest.mark.parametrize("blocks", [1, 8, 9, 17, 65, WAVE, WAVE + 1, 1025])
def test_summarize__merges_any_number_of_chunks(blocks: int) -> None:
    z = latents(2 * blocks, 3)

    found = summarize(da.from_array(z, chunks=(2, 3)))

    expected = State.from_vectors(z)
    np.testing.assert_array_equal(found.grid.counts, expected.grid.counts)
    np.testing.assert_array_equal(found.radii.grid.counts, expected.radii.grid.counts)
    np.testing.assert_allclose(found.moments.mean, expected.moments.mean, rtol=1e-12)
    np.testing.assert_allclose(found.moments.comoment, expected.moments.comoment, rtol=1e-12)
    assert found.moments.count == 2 * blocks


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_analyze__takes_any_dtype_of_latents_through_both_passes(dtype: type) -> None:
    z = latents(2000, 5).astype(dtype)

    found = analyze(da.from_array(z, chunks=(300, 5)))

    exact = z.astype(np.float64)
    np.testing.assert_allclose(found["mean"], exact.mean(axis=0), rtol=1e-12)
    v = (exact - found["mean"].values) @ found["loadings"].values.T
    for k, edges in enumerate(found["pc_histogram_edges"].values):
        np.testing.assert_array_equal(found["pc_histogram"][k], np.histogram(v[:, k], edges)[0])
    np.testing.assert_allclose(found["pc_kurtosis"], stats.kurtosis(v), atol=1e-9)


def test_analyze__reads_each_chunk_once_per_pass(z: np.ndarray) -> None:
    reads: Counter[int] = Counter()
    lock = Lock()

    def read(block: np.ndarray, block_info: dict) -> np.ndarray:
        with lock:
            reads[block_info[0]["chunk-location"][0]] += 1
        return block

    lazy = da.map_blocks(read, da.from_array(z, chunks=(300, 12)), meta=z[:0])
    state = summarize(lazy)
    assert reads == dict.fromkeys(range(10), 1)

    describe(lazy, state)
    assert reads == dict.fromkeys(range(10), 2)


def test_analyze__gives_the_same_bytes_on_any_scheduler(z: np.ndarray) -> None:
    lazy = da.from_array(z, chunks=(300, 12))

    with dask.config.set(scheduler="synchronous"):
        one = analyze(lazy)
    with dask.config.set(scheduler="threads", num_workers=4):
        other = analyze(lazy)

    xr.testing.assert_identical(one, other)


def test_from_dataset__restores_the_state_and_takes_new_vectors(z: np.ndarray) -> None:
    old, new = da.from_array(z[:2000], chunks=(700, 12)), da.from_array(z[2000:], chunks=(700, 12))
    stored = analyze(old)

    grown = State.from_dataset(stored).merge(summarize(new))

    restored = describe(old, State.from_dataset(stored))
    xr.testing.assert_identical(restored, stored)
    whole = da.concatenate([old, new])
    found, expected = describe(whole, grown), analyze(whole)
    for name in COUNTS:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    largest = np.abs(expected["comoment"]).max()
    np.testing.assert_allclose(found["comoment"], expected["comoment"], atol=1e-12 * largest)


def test_analyze__counts_vectors_that_are_not_finite(z: np.ndarray) -> None:
    spoiled = np.insert(z, [0, 900, 3000], np.nan, axis=0)
    spoiled[0, 1:] = 0.0

    found = analyze(da.from_array(spoiled, chunks=(700, 12)))

    expected = analyze(da.from_array(z, chunks=-1))
    assert found["nan_rows"] == 3
    np.testing.assert_array_equal(found["histogram"], expected["histogram"])
    np.testing.assert_array_equal(found["pc_histogram"].sum(), expected["pc_histogram"].sum())
    assert np.isfinite(found["explained_variance"]).all()


def test_analyze__of_fewer_vectors_than_components_has_idle_components() -> None:
    found = analyze(da.from_array(latents(5, 12), chunks=(2, 12)))

    variance = found["explained_variance"].values
    assert (variance[:4] > 0).all()
    assert (variance[4:] < 1e-12 * variance[0]).all()
    assert (found["pc_hw"].values[:4] > 0).all()
    assert (found["pc_hw"].values[4:] == 0).all()
    assert np.isnan(found["pc_skewness"].values[4:]).all()
    loadings = found["loadings"].values
    np.testing.assert_allclose(loadings @ loadings.T, np.eye(12), atol=1e-12)
    # n vectors that span n - 1 dimensions all have the Mahalanobis radius (n - 1) / sqrt(n).
    np.testing.assert_allclose(found["mahalanobis_mean"], 4 / np.sqrt(5))


def test_analyze__of_a_single_vector_has_values_but_no_spread() -> None:
    z = latents(1, 4)

    found = analyze(da.from_array(z))

    np.testing.assert_array_equal(found["mean"], z[0])
    np.testing.assert_array_equal(found["mu"], z[0])
    np.testing.assert_array_equal(found["hw"], 0)
    np.testing.assert_array_equal(found["loadings"], np.eye(4))
    for name in ("variance", "covariance", "explained_variance", "radius_std"):
        assert np.isnan(found[name]).all()
    assert (found["histogram"].sum("bin") == 1).all()


def test_analyze__of_constant_components_is_defined(z: np.ndarray) -> None:
    half_constant = z.copy()
    half_constant[:, ::2] = 0.3

    found = analyze(da.from_array(half_constant, chunks=(700, 12)))

    np.testing.assert_array_equal(found["variance"][::2], 0)
    np.testing.assert_array_equal(found["hw"][::2], 0)
    np.testing.assert_array_equal(found["mu"][::2], np.float64(np.float32(0.3)))
    assert np.count_nonzero(found["pc_hw"]) == 6


@pytest.mark.parametrize("z", [np.zeros((0, 3)), np.full((4, 3), np.nan)], ids=["none", "all NaN"])
def test_analyze__refuses_to_describe_nothing(z: np.ndarray) -> None:
    with pytest.raises(AnalyzeError, match="at least one vector"):
        analyze(da.from_array(z))


def test_analyze__accepts_numpy_dask_and_xarray(z: np.ndarray) -> None:
    lazy = da.from_array(z, chunks=(700, 12))

    expected = analyze(lazy)

    for held in (z, xr.DataArray(z), xr.DataArray(lazy)):
        np.testing.assert_array_equal(analyze(held)["grid_counts"], expected["grid_counts"])


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (da.zeros(5), "vector, component"),
        (np.zeros((4, 0)), "at least one component"),
        (xr.Dataset({"z": (("image", "component"), np.zeros((4, 2)))}), r'latents\["z"\]'),
    ],
)
def test_analyze__refuses_other_input_than_vectors(z: Any, message: str) -> None:
    with pytest.raises(AnalyzeError, match=message):
        analyze(z)


def test_analyze__refuses_settings_of_another_type(z: np.ndarray) -> None:
    settings: Any = {"bins": 50}

    with pytest.raises(AnalyzeError, match=r"got dict: pass AnalyzeConfig\(bins=50\)"):
        analyze(z, settings)


def test_describe__refuses_other_vectors_than_those_of_the_state(z: np.ndarray) -> None:
    where = z[:, 0] > z[:, 0].mean()
    some = summarize(z, where=where)

    for vectors, mask in ((z, None), (z[:100], where[:100])):
        with pytest.raises(AnalyzeError, match="the same z and the same `where`"):
            describe(vectors, some, where=mask)
    with pytest.raises(AnalyzeError, match="`where` has 100 rows"):
        describe(z, some, where=where[:100])
    with pytest.raises(AnalyzeError, match="with 12 components, but z has 10"):
        describe(z[:, :10], some, where=where)


def test_analyze__takes_the_number_of_intervals(z: np.ndarray) -> None:
    found = analyze(da.from_array(z, chunks=-1), AnalyzeConfig(bins=40))

    assert found.sizes["bin"] == 40
    assert found.sizes["edge"] == 41
    assert found.sizes["radius_bin"] == 40
