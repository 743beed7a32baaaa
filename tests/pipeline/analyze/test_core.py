"""The core within a level, and Mahalanobis radii against the chi distribution."""

import dask.array as da
import numpy as np
import pytest
from scipy import stats

from zpoints.pipeline.analyze import AnalyzeConfig, analyze
from zpoints.pipeline.analyze.shape.expected_radii import core_radius


def normal(count: int, components: int = 8) -> np.ndarray:
    rng = np.random.default_rng(2)
    mixing = rng.normal(size=(components, components))
    return rng.normal(size=(count, components)) @ mixing + 1


@pytest.mark.parametrize("level", [1.0, 2.0, 3.0])
def test_core_radius__in_two_dimensions_is_the_level(level: float) -> None:
    assert core_radius(level, 2) == pytest.approx(level, rel=1e-12)


@pytest.mark.parametrize(("level", "share"), [(1.0, 0.393), (2.0, 0.865), (3.0, 0.989)])
def test_analyze__the_core_holds_as_much_as_an_ellipse_of_its_level(level, share) -> None:
    found = analyze(
        da.from_array(normal(20_000), chunks=(3000, 8)), AnalyzeConfig(core_level=level)
    )

    assert found["core_level"] == level
    assert found["core_count"] / 20_000 == pytest.approx(share, abs=0.01)


def test_analyze__describes_the_core_as_numpy_does() -> None:
    z = normal(5000)
    z[:50] *= 4

    found = analyze(da.from_array(z, chunks=(700, 8)), AnalyzeConfig(core_level=2.5))

    v = (z - found["mean"].values) @ found["loadings"].values.T
    radii = np.sqrt(np.sum(v**2 / found["explained_variance"].values, axis=1))
    core = v[radii <= float(found["core_radius"])]
    assert found["core_count"] == len(core)
    np.testing.assert_allclose(found["core_pc_mean"], core.mean(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["core_pc_std"], core.std(axis=0, ddof=1), rtol=1e-10)
    np.testing.assert_allclose(found["core_pc_hw"], 2.3548 * core.std(axis=0), rtol=0.15)


def test_analyze__distance_to_chi_is_that_of_kolmogorov_and_smirnov() -> None:
    found = analyze(da.from_array(normal(20_000), chunks=(3000, 8)))
    heavy = analyze(da.from_array(np.random.default_rng(0).standard_t(3, size=(20_000, 8))))

    z = normal(20_000)
    v = (z - found["mean"].values) @ found["loadings"].values.T
    radii = np.sqrt(np.sum(v**2 / found["explained_variance"].values, axis=1))
    expected = stats.kstest(radii, stats.chi(8).cdf).statistic
    assert float(found["mahalanobis_chi_distance"]) == pytest.approx(expected, abs=0.002)
    assert heavy["mahalanobis_chi_distance"] > 0.1


def test_analyze__a_single_vector_has_a_core_without_spread() -> None:
    found = analyze(da.from_array(normal(1)))

    assert np.isnan(found["core_pc_std"]).all()
    assert np.isnan(found["mahalanobis_chi_distance"])
