"""dask-ml's IncrementalPCA as the solver, against the exact components."""

import warnings
from collections.abc import Iterator

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from distributed import Client, LocalCluster
from sklearn.decomposition import IncrementalPCA

from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import AnalyzeError
from zpoints.storage.schema.registry import VARIABLES

INCREMENTAL = AnalyzeConfig.model_validate({"pca": {"solver": "incremental"}})
SOLVER = ("solver_variance_error", "solver_angle")


def latents(count: int = 2000, components: int = 10) -> np.ndarray:
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.standard_normal((components, components)))[0]
    z = rng.standard_normal((count, components)) * np.geomspace(2, 0.1, components)
    return (z @ axes + 0.5).astype(np.float32)


@pytest.fixture(autouse=True)
def no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize(("count", "chunks"), [(2000, 700), (2000, 2000), (100, 12), (40, 1)])
def test_analyze__incremental_agrees_with_the_exact_solver(count: int, chunks: int) -> None:
    z = da.from_array(latents(count), chunks=(chunks, 10))
    exact = analyze(z)

    found = analyze(z, INCREMENTAL)

    assert set(found.variables) == set(exact.variables) | set(SOLVER)
    for name in SOLVER:
        assert found[name].dims == VARIABLES["statistics"][name].dims
    assert np.abs(found["solver_variance_error"]).max() < 1e-9
    assert found["solver_angle"].max() < 1e-6
    assert not np.array_equal(found["explained_variance"], exact["explained_variance"])
    np.testing.assert_allclose(found["loadings"], exact["loadings"], atol=1e-9)
    np.testing.assert_allclose(found["pc_kurtosis"], exact["pc_kurtosis"], atol=1e-6)
    same = set(exact.variables) - {n for n in exact.variables if "pc" in exact[n].dims}
    unaffected = [n for n in same if not str(n).startswith(("mahalanobis", "pc_pair"))]
    xr.testing.assert_identical(found[unaffected], exact[unaffected])


def test_analyze__incremental_equals_scikit_learn() -> None:
    z = latents()
    reference = IncrementalPCA(10, batch_size=500).fit(z.astype(np.float64))

    found = analyze(da.from_array(z, chunks=(500, 4)), INCREMENTAL)

    np.testing.assert_allclose(
        found["explained_variance"], reference.explained_variance_, rtol=1e-10
    )
    expected = Basis(reference.mean_, reference.components_, reference.explained_variance_)
    assert Basis.from_statistics(found).angles(expected).max() < 1e-8


def test_analyze__incremental_leaves_out_vectors_that_are_not_finite() -> None:
    z = latents()
    spoiled = np.insert(z, [0, 900, 2000], np.nan, axis=0)

    found = analyze(da.from_array(spoiled, chunks=(700, 10)), INCREMENTAL)

    expected = analyze(da.from_array(z, chunks=(700, 10)), INCREMENTAL)
    assert found["nan_rows"] == 3
    np.testing.assert_allclose(
        found["explained_variance"], expected["explained_variance"], rtol=1e-9
    )
    assert np.abs(found["solver_variance_error"]).max() < 1e-9


def test_analyze__incremental_is_undefined_for_components_that_do_not_vary() -> None:
    z = latents()
    z[:, 3:5] = 0.1
    z[:, 5] = z[:, 6]

    found = analyze(da.from_array(z, chunks=(300, 10)), INCREMENTAL)

    for name in SOLVER:
        np.testing.assert_array_equal(np.isnan(found[name]), [False] * 7 + [True] * 3)
    loadings = found["loadings"].values
    np.testing.assert_allclose(loadings @ loadings.T, np.eye(10), atol=1e-12)
    np.testing.assert_array_equal(found["pc_hw"][7:], 0)


@pytest.mark.parametrize("count", [1, 50])
def test_analyze__incremental_of_equal_vectors_is_the_exact_result(count: int) -> None:
    z = da.from_array(np.tile(latents(1), (count, 1)), chunks=(8, 10))

    found = analyze(z, INCREMENTAL)

    xr.testing.assert_identical(found.drop_vars(SOLVER), analyze(z))
    assert np.isnan(found["solver_angle"]).all()


def test_analyze__incremental_refuses_fewer_vectors_than_components() -> None:
    z = latents(10)
    z[4, 2] = np.nan

    with pytest.raises(
        AnalyzeError, match=r"got 9 vectors for 10 components\. Use analyze\.pca\.solver=exact"
    ):
        analyze(da.from_array(z, chunks=(3, 10)), INCREMENTAL)


def test_analyze__incremental_gives_the_same_bytes_on_any_scheduler() -> None:
    lazy = da.from_array(latents(), chunks=(300, 10))

    with dask.config.set(scheduler="synchronous"):
        one = analyze(lazy, INCREMENTAL)
    with dask.config.set(scheduler="threads", num_workers=4):
        other = analyze(lazy, INCREMENTAL)

    xr.testing.assert_identical(one, other)


def test_analyze__incremental_runs_on_a_cluster() -> None:
    lazy = da.from_array(latents(), chunks=(300, 10))
    expected = analyze(lazy, INCREMENTAL)

    with (
        warnings.catch_warnings(action="ignore"),
        LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster,
        Client(cluster),
    ):
        found = analyze(lazy, INCREMENTAL)

    xr.testing.assert_identical(found, expected)
