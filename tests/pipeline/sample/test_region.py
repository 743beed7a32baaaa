"""Tests of the region: hits against their closed form, radii, violated pairs."""

from itertools import combinations

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import cdist

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw
from zpoints.pipeline.sample.region import (
    hit_test,
    mahalanobis_radius,
    pair_violations,
    principal_coordinates,
    uniform_hit_probability,
    uniform_hits,
)

MULTIPLES = (0.3, 0.5, 1.0, 2.0)


@pytest.fixture(scope="module")
def z() -> np.ndarray:
    rng = np.random.default_rng(2)
    z = rng.normal(size=(3000, 6)) @ rng.normal(size=(6, 6)) + rng.normal(size=6)
    z[:, 4] = 0.25
    return z.astype(np.float32)


@pytest.fixture(scope="module")
def statistics(z: np.ndarray) -> xr.Dataset:
    return analyze(da.from_array(z, chunks=(1000, -1)))


def test_hit_test__counts_vectors_with_all_components_near_mu(
    z: np.ndarray, statistics: xr.Dataset
) -> None:
    mu, hw = statistics["mu"].values, statistics["hw"].values
    expected = [np.sum(np.all(np.abs(z - mu) <= k * hw, axis=1)) for k in MULTIPLES]
    found = hit_test(z, statistics, MULTIPLES)
    assert found.tolist() == expected
    assert 0 < found[0] < found[-1]


def test_hit_test__ignores_constant_components_and_counts_no_nan(
    z: np.ndarray, statistics: xr.Dataset
) -> None:
    moved = z.copy()
    moved[:, 4] += 9
    moved[0, 0] = np.nan
    missed = hit_test(z[:1], statistics, (100.0,))
    assert hit_test(moved, statistics, (100.0,)) == len(z) - missed


def test_hit_test__refuses_other_components(statistics: xr.Dataset) -> None:
    with pytest.raises(SampleError, match=r"shape \(3, 5\); expected \(vector, 6\)"):
        hit_test(np.zeros((3, 5)), statistics)


def test_uniform_hits__agree_with_the_product_over_components(statistics: xr.Dataset) -> None:
    table = uniform_hits(statistics, (6.0, 3.0, 1.0), MULTIPLES, vectors=200_000, seed=3)
    p = 10**table.log10_probability
    assert np.sum((p > 1e-4) & (p < 1)) >= 5
    np.testing.assert_array_less(
        np.abs(table.hits - table.vectors * p), 4 * np.sqrt(table.vectors * p * (1 - p)) + 1e-6
    )


def test_uniform_hits__depend_on_the_seed_and_have_the_same_start(statistics: xr.Dataset) -> None:
    options = (statistics, (3.0,), MULTIPLES)
    few, more, other = (
        uniform_hits(*options, vectors=n, seed=seed).hits
        for n, seed in ((1500, 0), (1501, 0), (1500, 1))
    )
    assert ((more - few >= 0) & (more - few <= 1)).all()
    assert (few != other).any()


def test_uniform_hit_probability__of_a_distant_peak_is_zero() -> None:
    far = xr.Dataset({"mu": ("component", [0.0, 9.0]), "hw": ("component", [1.0, 1.0])})
    assert uniform_hit_probability(far, [1.0], [2.0]) == -np.inf
    wide = xr.Dataset({"mu": ("component", np.zeros(5000)), "hw": ("component", np.ones(5000))})
    np.testing.assert_allclose(uniform_hit_probability(wide, [10.0], [1.0]), -5000)


def test_mahalanobis_radius__equals_scipys(z: np.ndarray, statistics: xr.Dataset) -> None:
    varying = [0, 1, 2, 3, 5]
    x = z[:, varying].astype(np.float64)
    expected = cdist(x, x.mean(axis=0, keepdims=True), "mahalanobis", VI=np.linalg.inv(np.cov(x.T)))
    np.testing.assert_allclose(mahalanobis_radius(z, statistics), expected[:, 0], rtol=1e-6)


def test_pair_violations__counts_pairs_outside_their_ellipses(
    z: np.ndarray, statistics: xr.Dataset
) -> None:
    u = principal_coordinates(z, statistics)[:, :4] / (0.5 * statistics["pc_hw"].values[:4])
    expected = sum(
        (u[:, i] ** 2 + u[:, j] ** 2 > 1).astype(int) for i, j in combinations(range(4), 2)
    )
    found = pair_violations(z, statistics, K=4, fact=0.5)
    np.testing.assert_array_equal(found, expected)
    assert set(found.tolist()) >= {0, 3, 6}


@pytest.mark.parametrize("core", [False, True])
def test_pair_violations__are_none_for_the_ellipse_generator(
    statistics: xr.Dataset, core: bool
) -> None:
    drawn = draw("ellipse", statistics, 500, K=5, fact=0.6, core=core)["z"]
    assert not pair_violations(drawn, statistics, K=5, fact=0.6 * 1.00001, core=core).any()
    with pytest.raises(SampleError, match="K = 7: expected 1 to 6"):
        pair_violations(drawn, statistics, K=7, fact=0.6)
