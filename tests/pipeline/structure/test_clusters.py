"""Clusters and their association with attributes, against scikit-learn, SciPy and counting."""

import warnings

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy.stats import chi2_contingency
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from tests.pipeline.structure.planted import described, planted
from zpoints.pipeline.structure.clusters import (
    MOST_STEPS,
    STARTS,
    attribute_counts,
    cluster_roc_auc,
    cramers_v,
    find_clusters,
)
from zpoints.pipeline.structure.config import StructureConfig
from zpoints.pipeline.structure.structure_dataset import describe_structure
from zpoints.storage import validate


@pytest.fixture(scope="module")
def latents() -> xr.Dataset:
    return planted()


def test_find_clusters__finds_the_planted_ones(latents: xr.Dataset) -> None:
    z = latents["z"].data

    found = find_clusters(z, 3, variance=1.0, seed=0)

    oracle = KMeans(3, n_init=5, random_state=1).fit(z.compute())
    assert adjusted_rand_score(oracle.labels_, found.member) == 1
    centres = oracle.cluster_centers_[np.argsort(-np.bincount(oracle.labels_))]
    np.testing.assert_allclose(found.centre, centres, atol=1e-3)
    np.testing.assert_array_equal(found.count, np.bincount(found.member))
    assert (np.diff(found.count) <= 0).all()


@pytest.mark.slow
def test_find_clusters__does_as_well_as_scikit_learn_where_there_are_none() -> None:
    z = np.random.default_rng(0).normal(size=(25_000, 6)).astype(np.float32)

    found = find_clusters(da.from_array(z, chunks=(4000, 6)), 8, variance=1.0, seed=0)

    oracle = KMeans(8, n_init=3, random_state=0).fit(z)
    inertia = ((z - found.centre[found.member]) ** 2).sum()
    assert inertia < 1.01 * oracle.inertia_


def test_find_clusters__continues_on_all_vectors_as_scikit_learn_does() -> None:
    z = np.random.default_rng(3).normal(size=(22_000, 5)).astype(np.float32)

    found = find_clusters(da.from_array(z, chunks=(3000, 5)), 4, variance=1.0, seed=0)

    start = KMeans(4, n_init=STARTS, random_state=0).fit(z[::3]).cluster_centers_
    # 1e-4 of the mean variance of the components, as find_clusters is given it.
    tolerance = 1e-4 / z.astype(np.float64).var(axis=0).mean()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        oracle = KMeans(4, init=start, n_init=1, max_iter=MOST_STEPS, tol=tolerance)
        oracle.fit(z.astype(np.float64))
    order = np.argsort(-np.bincount(oracle.labels_), kind="stable")
    np.testing.assert_allclose(found.centre, oracle.cluster_centers_[order], atol=1e-5)
    np.testing.assert_array_equal(found.member, np.argsort(order)[oracle.labels_])


@pytest.mark.parametrize(
    ("vectors", "clusters"),
    [(np.ones((30, 4)), 1), (np.repeat(np.eye(4), 9, axis=0), 4), (np.eye(4)[:1], 1)],
    ids=["equal", "four different", "a single one"],
)
def test_find_clusters__are_at_most_as_many_as_different_vectors(
    vectors: np.ndarray, clusters: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = find_clusters(
            da.from_array(vectors.astype(np.float32), chunks=(7, 4)), 10, variance=0.1, seed=0
        )

    assert len(found.count) == clusters
    np.testing.assert_array_equal(found.centre[found.member], vectors)


def test_cramers_v__is_that_of_the_table() -> None:
    rng = np.random.default_rng(2)
    member, values = rng.integers(0, 4, 600), rng.uniform(size=(600, 2)) < 0.3
    values[:, 1] |= member == 2

    total, having = attribute_counts(member, values, 5)

    for a, v in enumerate(cramers_v(total, having)):
        table = np.array(
            [[np.sum((member == c) & (values[:, a] == y)) for y in (0, 1)] for c in range(4)]
        )
        expected = np.sqrt(chi2_contingency(table, correction=False).statistic / 600)
        assert v == pytest.approx(expected)
        np.testing.assert_array_equal(having[:4, a], table[:, 1])
    assert total[4] == 0


def test_cramers_v__spans_0_to_1_and_is_nan_for_a_single_value() -> None:
    total = np.array([10, 20])
    having = np.array([[10, 5, 0, 10], [0, 10, 0, 20]])

    np.testing.assert_allclose(cramers_v(total, having), [1, 0, np.nan, np.nan], atol=1e-12)
    np.testing.assert_array_equal(cramers_v(np.array([9]), np.array([[4, 0]])), [0, np.nan])


def test_cluster_roc_auc__ranks_vectors_by_the_share_of_their_cluster() -> None:
    rng = np.random.default_rng(3)
    member, share = rng.integers(0, 3, 200), np.array([[0.1], [0.5], [0.3]])
    values = rng.uniform(size=(200, 1)) < share[member]

    (found,) = cluster_roc_auc(share, member, values)

    having, lacking = share[member[values[:, 0]], 0], share[member[~values[:, 0]], 0]
    pairs = having[:, None] - lacking
    assert found == pytest.approx((pairs > 0).mean() + (pairs == 0).mean() / 2)


def test_describe_structure__the_clustered_attribute_is_found_by_clusters(
    latents: xr.Dataset,
) -> None:
    found = describe_structure(latents, described(latents), StructureConfig(clusters=3))

    strength = found["cluster_cramers_v"].to_series()
    assert strength["First"] == pytest.approx(1)
    assert strength[["Along", "Noise", "Rare"]].max() < 0.3
    auc = found["cluster_roc_auc"].to_series()
    assert auc["First"] == 1
    assert auc["Noise"] == pytest.approx(0.5, abs=0.05)
    np.testing.assert_array_equal(
        found["cluster_attribute_share"].sel(attribute="First"), [1, 0, 0]
    )


@pytest.mark.parametrize("clusters", [1, 10], ids=["one vector", "no attributes"])
def test_describe_structure__without_attributes_has_clusters_alone(clusters: int) -> None:
    latents = planted(attributes=False, count=400)
    if clusters == 1:
        latents = latents.isel(image=slice(1))

    found = describe_structure(latents, described(latents))

    validate("structure", found)
    compared = {name for name in found.variables if "cluster_c" not in str(name)}
    assert bool(compared) == (clusters > 1)
    assert "normal_cluster_inertia" in compared or clusters == 1
    assert found.sizes["cluster"] == clusters


def test_describe_structure__validates_and_reads_one_split_alone(latents: xr.Dataset) -> None:
    only = latents.isel(image=slice(0, 2000))

    found = describe_structure(only, described(only))

    validate("structure", found)
    assert np.isnan(found["probe_roc_auc"]).all()
    assert np.isfinite(found["direction_effect"].sel(attribute="Along"))
