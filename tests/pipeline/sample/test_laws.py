"""Laws on all principal components, against closed forms."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy import stats
from sklearn.mixture import GaussianMixture

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw
from zpoints.pipeline.sample.laws.fitted.gaussian_mixture import (
    NEGLIGIBLE,
    _estimator,
    spaced_vectors,
)

LEAST_P = 1e-3


def describe(z: np.ndarray) -> xr.Dataset:
    return analyze(da.from_array(z, chunks=(4000, -1)))


def heavy_tailed(n: int, components: int) -> np.ndarray:
    """Vectors with a Student-like radius and correlated components."""
    rng = np.random.default_rng(0)
    radius = np.sqrt(6 / rng.chisquare(6, (n, 1)))
    mixing = rng.standard_normal((components, components))
    return radius * rng.standard_normal((n, components)) @ mixing + 3.0


@pytest.fixture(scope="module")
def statistics() -> xr.Dataset:
    return describe(heavy_tailed(30_000, 12))


def whitened(drawn: xr.Dataset, statistics: xr.Dataset) -> np.ndarray:
    return drawn["v"].values.astype(np.float64) / np.sqrt(statistics["explained_variance"].values)


@pytest.mark.parametrize("level", [0.8, 3.0, 9.0])
def test_ellipsoid__uniform_fills_the_ball(statistics: xr.Dataset, level: float) -> None:
    w = whitened(draw("ellipsoid", statistics, 20_000, level=level), statistics)

    radius = np.linalg.norm(w, axis=1)
    assert radius.max() <= level
    assert stats.kstest((radius / level) ** 12, stats.uniform.cdf).pvalue > LEAST_P
    # A component of a point of the sphere in D dimensions: its square is beta distributed.
    square = (w[:, 3] / radius) ** 2
    assert stats.kstest(square, stats.beta(0.5, 5.5).cdf).pvalue > LEAST_P


@pytest.mark.parametrize("level", [0.5, 3.0, 9.0])
def test_ellipsoid__normal_is_a_truncated_chi_squared(statistics: xr.Dataset, level: float) -> None:
    drawn = draw("ellipsoid", statistics, 20_000, law="normal", level=level)

    square = np.sum(whitened(drawn, statistics) ** 2, axis=1)
    assert square.max() <= level**2
    law = stats.chi2(12)
    assert stats.kstest(law.cdf(square) / law.cdf(level**2), stats.uniform.cdf).pvalue > LEAST_P


def test_ellipsoid__reaches_the_root_mean_square_radius_by_default(statistics: xr.Dataset) -> None:
    assert draw("ellipsoid", statistics, 1).attrs["constraint"] == "Mahalanobis radius <= 3.4641"


def test_elliptical__has_the_measured_radii_in_all_directions(statistics: xr.Dataset) -> None:
    w = whitened(draw("elliptical", statistics, 40_000), statistics)

    radius = np.linalg.norm(w, axis=1)
    counts, _ = np.histogram(radius, statistics["mahalanobis_edges"].values)
    expected = statistics["mahalanobis_histogram"].values
    table = np.stack([counts, expected])[:, expected > 20]
    assert stats.chi2_contingency(table).pvalue > LEAST_P
    assert stats.kstest((w[:, 0] / radius) ** 2, stats.beta(0.5, 5.5).cdf).pvalue > LEAST_P
    assert stats.kurtosis(w[:, 0]) > 0.5


def test_gaussian_mixture__finds_planted_parts() -> None:
    rng = np.random.default_rng(1)
    centres = np.array([[6.0, 0, 0, 0], [-6, 0, 0, 0], [0, 9, 0, 0]])
    part = rng.choice(3, 9000, p=[0.4, 0.35, 0.25])
    z = centres[part] + rng.standard_normal((9000, 4)) * np.array([1, 0.8, 0.6])[part][:, None]
    latents = xr.Dataset({"z": (("image", "component"), da.from_array(z, chunks=(1000, -1)))})

    drawn = draw("gaussian_mixture", describe(z), 20_000, latents=latents, parts=3)["z"].values

    nearest = np.argmin(np.linalg.norm(drawn[:, None] - centres, axis=2), axis=1)
    shares = np.bincount(nearest) / len(drawn)
    np.testing.assert_allclose(shares, [0.4, 0.35, 0.25], atol=0.02)
    for k, deviation in enumerate([1, 0.8, 0.6]):
        own = drawn[nearest == k]
        np.testing.assert_allclose(own.mean(axis=0), centres[k], atol=0.05)
        # The regularisation adds a hundredth of the data's variance.
        np.testing.assert_allclose(own[:, 2:].std(axis=0), deviation, rtol=0.05)


def test_gaussian_mixture__describes_as_well_as_scikit_learns(statistics: xr.Dataset) -> None:
    z = heavy_tailed(30_000, 12)
    latents = xr.Dataset({"z": (("image", "component"), da.from_array(z, chunks=(4000, -1)))})
    reference = GaussianMixture(3, random_state=0).fit(z[:10_000])

    drawn = draw("gaussian_mixture", statistics, 10_000, latents=latents, parts=3)["z"].values

    expected = reference.score(reference.sample(10_000)[0])
    normal = draw("multivariate_normal", statistics, 10_000)["z"].values
    assert reference.score(drawn) == pytest.approx(expected, abs=0.3)
    assert abs(reference.score(normal) - expected) > 0.6


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_gaussian_mixture__has_the_parts_of_scikit_learns_though_tiny_shares_are_left_out() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((900, 40)) * np.repeat([0.5, 1.0, 2.0], 300)[:, None]
    x[:300] += 2.5
    x = x.astype(np.float32)
    reference = GaussianMixture(3, reg_covar=0.01, max_iter=30, random_state=0).fit(x)
    shares = reference.predict_proba(x)
    assert ((shares > 0) & (shares < np.exp(NEGLIGIBLE))).any()

    found = _estimator(3, 30).fit(x)

    np.testing.assert_allclose(found.weights_, reference.weights_, rtol=1e-6)
    np.testing.assert_allclose(found.means_, reference.means_, atol=1e-6)
    np.testing.assert_allclose(found.covariances_, reference.covariances_, atol=1e-6)


def test_gaussian_mixture__leaves_out_vectors_that_are_not_finite() -> None:
    z = np.random.default_rng(2).standard_normal((200, 3))
    z[::2, 1] = np.nan
    latents = xr.Dataset({"z": (("image", "component"), da.from_array(z, chunks=(64, -1)))})

    drawn = draw("gaussian_mixture", describe(z), 50, latents=latents, parts=2, vectors=150)

    assert np.isfinite(drawn["z"].values).all()
    with pytest.raises(SampleError, match="fit 101 parts to 100 vectors: lower parts"):
        draw("gaussian_mixture", describe(z), 5, latents=latents, parts=101)


def test_spaced_vectors__are_evenly_spaced_over_the_chunks() -> None:
    z = xr.DataArray(
        da.from_array(np.arange(1000.0)[:, None], chunks=(300, 1)), dims=("image", "component")
    )

    assert spaced_vectors(z, 5)[:, 0].tolist() == [0, 249, 499, 749, 999]
    assert len(spaced_vectors(z, 5000)) == 1000


def test_spaced_vectors__read_few_chunks_of_a_large_store() -> None:
    read: list[int] = []
    values = da.from_array(np.arange(100_000.0)[:, None], chunks=(100, 1)).map_blocks(
        lambda block: (read.append(len(block)), block)[1], meta=np.empty((0, 0))
    )

    found = spaced_vectors(xr.DataArray(values, dims=("image", "component")), 2000)[:, 0]

    assert len(set(found)) == 2000
    assert (found[0], found[-1]) == (0, 99_999)
    assert len(read) <= 2 * 64


@pytest.mark.parametrize("name", ["ellipsoid", "elliptical", "gaussian_mixture"])
def test_draw__keeps_to_the_subspace_of_a_singular_covariance(name: str) -> None:
    rng = np.random.default_rng(11)
    plane = rng.standard_normal((2, 6))
    z = rng.standard_normal((500, 2)) @ plane + 1.0
    latents = xr.Dataset({"z": (("image", "component"), da.from_array(z, chunks=(100, -1)))})

    drawn = draw(name, describe(z), 1000, latents=latents)

    offsets = drawn["z"].values.astype(np.float64) - z.mean(axis=0)
    assert np.abs(offsets - offsets @ np.linalg.pinv(plane) @ plane).max() < 1e-5
    assert not drawn["v"].values[:, 2:].any()
