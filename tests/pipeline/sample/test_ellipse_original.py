"""`ellipse_original`: its chains against rejection and a closed form, and its pairs."""

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from zpoints.pipeline.analyze import analyze
from zpoints.pipeline.sample import draw
from zpoints.pipeline.sample.laws.ellipses import ellipse_original
from zpoints.pipeline.sample.laws.ellipses.ellipse_original import (
    EllipseOriginal,
    redraw_components,
)
from zpoints.pipeline.sample.laws.ellipses.pair_condition import uniform_in_region

LEAST_P = 1e-3


def describe(z: np.ndarray) -> xr.Dataset:
    return analyze(da.from_array(z, chunks=(4000, -1)))


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
