"""Laws on all principal components, against closed forms."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.sample import draw

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


@pytest.mark.parametrize("name", ["ellipsoid", "elliptical", "gaussian_mixture", "radial_mixture"])
def test_draw__keeps_to_the_subspace_of_a_singular_covariance(name: str) -> None:
    rng = np.random.default_rng(11)
    plane = rng.standard_normal((2, 6))
    z = rng.standard_normal((500, 2)) @ plane + 1.0
    latents = xr.Dataset({"z": (("image", "component"), da.from_array(z, chunks=(100, -1)))})

    drawn = draw(name, describe(z), 1000, latents=latents)

    offsets = drawn["z"].values.astype(np.float64) - z.mean(axis=0)
    assert np.abs(offsets - offsets @ np.linalg.pinv(plane) @ plane).max() < 1e-5
    assert not drawn["v"].values[:, 2:].any()
