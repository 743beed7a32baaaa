"""Clusters and micro-correlations of vectors beside those of normal vectors."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.structure.against_normal import (
    cluster_tightness,
    compare_with_normal,
    square_correlations,
)


def compared(z: np.ndarray, *, chunk: int = 700, clusters: int = 5) -> xr.Dataset:
    lazy = da.from_array(z, chunks=(chunk, -1))
    basis = Basis.from_statistics(analyze(lazy))
    return xr.Dataset(compare_with_normal(lazy, basis, clusters=clusters, seed=0))


def normal(vectors: int, components: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(vectors, components)) * np.linspace(
        1, 3, components
    )


def test_square_correlations__of_directions_have_the_closed_form() -> None:
    w = np.random.default_rng(0).normal(size=(200_000, 5))
    found = square_correlations(w)
    np.testing.assert_allclose(found, -1 / 4, atol=0.01)  # of a Dirichlet distribution
    np.testing.assert_allclose(square_correlations(w * w[:, :1] ** 4), found)  # no radius


def test_square_correlations__leave_out_vectors_of_no_length() -> None:
    w = np.random.default_rng(0).normal(size=(500, 4))
    with_zero = np.concatenate([w, np.zeros((1, 4))])
    np.testing.assert_array_equal(square_correlations(with_zero), square_correlations(w))


def test_cluster_tightness__is_scikit_learns() -> None:
    v = normal(600, 4)
    fitted = KMeans(3, n_init=3, random_state=0).fit(v)
    share, silhouette = cluster_tightness(v, 3, 0)
    assert share == pytest.approx(fitted.inertia_ / (v.var(axis=0).sum() * len(v)))
    assert silhouette == pytest.approx(silhouette_score(v, fitted.labels_))


def test_compare_with_normal__normal_vectors_are_like_the_draws() -> None:
    found = compared(normal(3000, 20))
    for name in ("square_correlation", "cluster_inertia", "cluster_silhouette"):
        draws = found[f"normal_{name}"].values
        assert float(found[name]) == pytest.approx(draws.mean(), rel=0.05, abs=0.005)
    assert int(found["square_correlation_histogram"].sum()) == 20 * 19 / 2


def test_compare_with_normal__does_not_depend_on_chunks_or_scale() -> None:
    z = normal(1200, 6)
    one, other, scaled = compared(z), compared(z, chunk=1200), compared(1000 * z)
    xr.testing.assert_allclose(one, other)
    xr.testing.assert_allclose(one, scaled)


def test_compare_with_normal__states_how_much_it_read() -> None:
    found = compared(normal(25_000, 3), chunk=5000)
    sizes = {name: int(found[f"{name}"]) for name in ("compared_vectors", "clustered_vectors")}
    assert sizes == {"compared_vectors": 8334, "clustered_vectors": 2778}
    assert int(found["compared_components"]) == 3


def test_compare_with_normal__bounds_the_components_of_wide_vectors() -> None:
    found = compared(normal(900, 300), clusters=2)
    assert int(found["compared_components"]) == 256


def test_compare_with_normal__is_left_out_without_enough_vectors() -> None:
    assert compared(normal(5, 3)).sizes == {}
    assert compared(np.ones((50, 3))).sizes == {}
