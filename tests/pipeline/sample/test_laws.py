"""Laws on all principal components, and on pairs of original ones, against closed forms."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy import stats
from sklearn.mixture import GaussianMixture

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw
from zpoints.pipeline.sample.laws import ellipse_original
from zpoints.pipeline.sample.laws.ellipse_original import EllipseOriginal, redraw_components
from zpoints.pipeline.sample.laws.gaussian_mixture import (
    NEGLIGIBLE,
    _estimator,
    spaced_vectors,
)
from zpoints.pipeline.sample.laws.pair_condition import uniform_in_region

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


def in_all_ellipses(x: np.ndarray, correlation: np.ndarray, level: float = 1.0) -> np.ndarray:
    """Which rows of standardised x (n, N) are in the ellipses of all pairs."""
    i, j = np.triu_indices(len(correlation), 1)
    c = correlation[i, j]
    quadratic = x[:, i] ** 2 - 2 * c * x[:, i] * x[:, j] + x[:, j] ** 2
    return (quadratic <= level**2 * (1 - c**2)).all(axis=1)


CORRELATION = np.array(
    [[1, 0.85, -0.3, 0.1], [0.85, 1, -0.2, 0.4], [-0.3, -0.2, 1, 0.5], [0.1, 0.4, 0.5, 1]]
)


def chains(correlation: np.ndarray, n: int, sweeps: int, seed: int = 0) -> np.ndarray:
    x = np.zeros((n, len(correlation)))
    off_diagonal = correlation - np.eye(len(correlation))
    redraw_components(x, off_diagonal, sweeps, np.random.default_rng(seed))
    return x


def literal_chains(correlation: np.ndarray, n: int, sweeps: int, seed: int = 0) -> np.ndarray:
    """The chains by NumPy, one finished after the other."""
    rng, x = np.random.default_rng(seed), np.zeros((n, len(correlation)))
    for vector in x:
        for i in np.tile(np.arange(len(vector)), sweeps):
            c, others = np.delete(correlation[i], i), np.delete(vector, i)
            half = np.sqrt((1 - c**2) * (1 - others**2))
            low, high = max(-1, *(c * others - half)), min(1, *(c * others + half))
            vector[i] = low + (high - low) * rng.random()
    return x


@pytest.mark.parametrize(("together", "numbers"), [(1, 8), (3, 60), (64, 2**22)])
def test_redraw_components__in_groups_draws_what_one_chain_after_the_other_draws(
    together: int, numbers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ellipse_original, "_MOST_TOGETHER", together)
    monkeypatch.setattr(ellipse_original, "_MOST_NUMBERS", numbers)
    redraw = redraw_components.py_func
    x = np.zeros((7, 4))

    redraw(x, CORRELATION - np.eye(4), 5, np.random.default_rng(8))

    np.testing.assert_allclose(x, literal_chains(CORRELATION, 7, 5, seed=8), atol=1e-12)
    compiled = chains(CORRELATION, 7, 5, seed=8)
    np.testing.assert_allclose(x, compiled, atol=1e-12)


@pytest.mark.parametrize("components", [2, 3, 4])
def test_redraw_components__has_the_law_of_rejection(components: int) -> None:
    correlation = CORRELATION[:components, :components]
    cube = np.random.default_rng(3).uniform(-1, 1, (600_000, components))
    expected = cube[in_all_ellipses(cube, correlation)]

    x = chains(correlation, 20_000, 30)

    directions = np.concatenate([np.eye(components), np.linalg.eigh(correlation)[1].T])
    for direction in directions:
        assert stats.ks_2samp(x @ direction, expected @ direction).pvalue > LEAST_P
    lengths = [np.sum(each**2, axis=1) for each in (x, expected)]
    assert stats.ks_2samp(*lengths).pvalue > LEAST_P


def test_redraw_components__without_correlations_is_the_closed_form_at_256_components() -> None:
    x = chains(np.eye(256), 1000, 30)

    flat = uniform_in_region(np.random.default_rng(4), 20_000, 256)
    for ours, theirs in (
        (x[:, 9], flat[:, 9]),
        (np.abs(x).max(axis=1), np.abs(flat).max(axis=1)),
        (np.sum(x * x, axis=1), np.sum(flat * flat, axis=1)),
    ):
        assert stats.ks_2samp(ours, theirs).pvalue > LEAST_P


def correlated(components: int) -> np.ndarray:
    """Correlations such as faces have: a few strong directions, up to 0.9 between components."""
    rng = np.random.default_rng(5)
    factors = rng.standard_normal((components, 8)) * np.geomspace(1.5, 0.3, 8)
    covariance = factors @ factors.T + np.diag(rng.uniform(0.3, 3.0, components))
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)


def test_redraw_components__has_mixed_at_256_components_after_the_default_sweeps() -> None:
    correlation = correlated(256)
    fitted = EllipseOriginal().fit(describe_correlation(correlation))
    leading = np.linalg.eigh(correlation)[1][:, -4:]

    once = chains(correlation, 250, fitted.sweeps, seed=6)
    twice = chains(correlation, 250, 2 * fitted.sweeps, seed=7)

    assert 0.8 < np.abs(correlation - np.eye(256)).max() < 0.99
    for values in zip((once @ leading).T, (twice @ leading).T, strict=True):
        assert stats.ks_2samp(*values).pvalue > LEAST_P
    lengths = [np.sum(x**2, axis=1) for x in (once, twice)]
    assert stats.ks_2samp(*lengths).pvalue > LEAST_P


def test_redraw_components__split_chains_agree_at_256_components() -> None:
    correlation = correlated(256)
    leading = np.linalg.eigh(correlation)[1][:, -1]
    off_diagonal, rng = correlation - np.eye(256), np.random.default_rng(8)
    x, course = np.zeros((8, 256)), []
    for sweep in range(330):
        redraw_components(x, off_diagonal, 1, rng)
        if sweep >= 30:
            course.append([x @ leading, np.sum(x * x, axis=1), x[:, 0].copy()])

    for quantity in np.moveaxis(np.array(course), 0, 2):
        halves = np.concatenate(np.split(quantity, 2, axis=1))
        assert split_r_hat(halves) < 1.05


def split_r_hat(halves: np.ndarray) -> float:
    """Gelman et al. (2013), Bayesian Data Analysis, section 11.4; halves (chain, draw)."""
    n = halves.shape[1]
    within, between = halves.var(axis=1, ddof=1).mean(), halves.mean(axis=1).var(ddof=1)
    return float(np.sqrt(((n - 1) / n * within + between) / within))


def describe_correlation(correlation: np.ndarray) -> xr.Dataset:
    """The variables of the statistics that `ellipse_original` reads."""
    n = len(correlation)
    return xr.Dataset(
        {
            "count": ("component", np.full(n, 1000)),
            "mean": ("component", np.zeros(n)),
            "variance": ("component", np.ones(n)),
            "correlation": (("component", "other"), correlation),
        }
    )


def statistics_with_axes(statistics: xr.Dataset) -> xr.Dataset:
    """The same statistics with the coordinate axes as principal components."""
    n = statistics.sizes["component"]
    return statistics.assign(
        loadings=(("pc", "component"), np.eye(n)), explained_variance=("pc", np.ones(n))
    )


@pytest.mark.parametrize("level", [0.7, 2.2])
def test_ellipse_original__satisfies_every_pair_as_stored(level: float) -> None:
    rng = np.random.default_rng(9)
    z = rng.standard_normal((5000, 30)) @ rng.standard_normal((30, 30)) + rng.normal(0, 50, 30)
    z[:, 4] = 7.0
    statistics = describe(z)

    drawn = draw("ellipse_original", statistics, 4000, level=level)["z"].values

    assert (drawn[:, 4] == 7.0).all()
    others = np.delete(np.arange(30), 4)
    offsets = drawn[:, others].astype(np.float64) - statistics["mean"].values[others]
    x = offsets / np.sqrt(statistics["variance"].values[others])
    correlation = statistics["correlation"].values[np.ix_(others, others)]
    assert in_all_ellipses(x, correlation, level).all()
    assert not in_all_ellipses(1.2 * x, correlation, level).all()


@pytest.mark.parametrize("strongest", [0.999, 1 - 2e-9, 1.0])
def test_ellipse_original__bounds_its_sweeps_and_reports_it(strongest: float) -> None:
    correlation = np.eye(3)
    correlation[0, 2] = correlation[2, 0] = -strongest
    statistics = describe_correlation(correlation)

    drawn = draw("ellipse_original", statistics_with_axes(statistics), 256)

    x = drawn["z"].values.astype(np.float64) / 3
    assert in_all_ellipses(x[:, :2], np.eye(2)).all()
    np.testing.assert_allclose(x[:, 2], -x[:, 0], atol=np.sqrt(1 - min(strongest, 1 - 1e-9) ** 2))
    assert np.abs(x[:, 1]).max() > 0.9
    assert "of components 0 and 2 requires" in drawn.attrs["constraint"]
    assert "set sweeps, or leave this generator out" in drawn.attrs["constraint"]
    chosen = EllipseOriginal(sweeps=40).fit(statistics)
    assert chosen.sweeps == 40
    assert "sweeps" not in chosen.constraint


def test_ellipse_original__draws_from_statistics_of_three_vectors() -> None:
    few = describe(np.random.default_rng(10).standard_normal((3, 40)))

    drawn = draw("ellipse_original", few, 8)["z"].values

    x = (drawn - few["mean"].values) / np.sqrt(few["variance"].values)
    assert in_all_ellipses(x, np.clip(few["correlation"].values, -1 + 1e-9, 1 - 1e-9), 3.0).all()


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
