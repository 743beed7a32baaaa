"""Mixtures over direction and radius, on clouds whose law is known."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from tests.pipeline.analyze.mixed import describe
from tests.pipeline.sample.fitted.clouds import CENTRES, SHARES, clusters, heavy_tailed, latents_of
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw, generator
from zpoints.pipeline.sample.laws.fitted.radial_mixture import (
    Polar,
    RadialMixtureSampler,
    trial_score,
)

WIDTH = 12
LEAST_P = 1e-3


def normal(n: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    return rng.standard_normal((n, WIDTH)) @ rng.standard_normal((WIDTH, WIDTH)) + 2.0


def sphere(n: int) -> np.ndarray:
    z = np.random.default_rng(8).standard_normal((n, WIDTH))
    return 4 * z / np.linalg.norm(z, axis=1, keepdims=True)


CLOUDS = {"normal": normal, "t": lambda n: heavy_tailed(n, WIDTH)}


def law_of(z: np.ndarray, **parameters: object) -> RadialMixtureSampler:
    found = generator("radial_mixture", **parameters).fit(describe(z), latents_of(z))
    assert isinstance(found, RadialMixtureSampler)
    return found


def radii(z: np.ndarray, statistics: xr.Dataset) -> np.ndarray:
    return np.linalg.norm(Basis.from_statistics(statistics).whiten(z.astype(np.float64)), axis=1)


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("K", [4, None])
def test_radial_mixture__has_radii_and_covariance_of_the_data(cloud: str, K: int | None) -> None:
    z = CLOUDS[cloud](6000)
    statistics = describe(z)

    drawn = draw("radial_mixture", statistics, 6000, latents=latents_of(z), K=K)["z"].values

    apart = stats.ks_2samp(radii(drawn, statistics), radii(z, statistics)).statistic
    assert apart < 0.05
    whitening = np.linalg.cholesky(np.linalg.inv(np.cov(z, rowvar=False)))
    white = (drawn - z.mean(axis=0)) @ whitening
    assert np.abs(white.mean(axis=0)).max() < 0.05
    assert np.abs(np.cov(white, rowvar=False) - np.eye(WIDTH)).max() < 0.1


def test_radial_mixture__of_a_sphere_keeps_its_radius() -> None:
    z = sphere(3000)
    statistics = describe(z)

    drawn = draw("radial_mixture", statistics, 2000, latents=latents_of(z))["z"].values

    assert radii(z, statistics).std() < 0.05
    assert radii(drawn, statistics).std() < 0.05
    np.testing.assert_allclose(radii(drawn, statistics).mean(), np.sqrt(WIDTH), rtol=0.01)


def test_radial_mixture__of_two_points_draws_both() -> None:
    z = np.outer(np.tile([1.0, -1.0], 50), [1.0, 2.0, 3.0])

    drawn = draw("radial_mixture", describe(z), 100, latents=latents_of(z))["z"].values

    np.testing.assert_allclose(np.abs(drawn), np.tile(np.abs(z[:1]), (100, 1)), rtol=1e-5)
    assert 20 < np.count_nonzero(drawn[:, 0] > 0) < 80


def test_radial_mixture__has_heavy_tails_where_the_data_have_them() -> None:
    z = heavy_tailed(6000, WIDTH)
    statistics = describe(z)
    assert statistics["pc_kurtosis"].values.mean() > 1.5

    drawn = draw("radial_mixture", statistics, 20_000, latents=latents_of(z))["v"].values

    assert stats.kurtosis(drawn.astype(np.float64)).mean() > 1


def test_radial_mixture__finds_planted_clusters() -> None:
    z, _ = clusters(9000)

    drawn = draw("radial_mixture", describe(z), 20_000, latents=latents_of(z))["z"].values

    distances = np.linalg.norm(drawn[:, None] - CENTRES, axis=2)
    np.testing.assert_allclose(
        np.bincount(np.argmin(distances, axis=1)) / 20_000, SHARES, atol=0.03
    )
    assert np.median(distances.min(axis=1)) < 2.2  # 1.6 in the data


def test_trial_score__is_the_likelihood_of_all_coordinates_for_any_K() -> None:
    """Of normal vectors fits of all K are as good, up to what more parameters cost."""
    z = np.random.default_rng(9).standard_normal((20_000, 40))
    polar = Polar.of(Basis.from_statistics(describe(z)), z)
    trial, others = polar.points(z[:10_000]), polar.points(z[10_000:])

    scores = [trial_score(trial, others, K, 1) for K in (2, 10, 20, 39, 40)]

    assert np.ptp(scores) < 0.2


def test_trial_score__prefers_K_that_hold_the_structure() -> None:
    rng = np.random.default_rng(10)
    z = rng.standard_normal((4000, 40))
    z[:, :8] *= rng.choice([1.0, 6.0], (4000, 1))  # two widths of eight components
    polar = Polar.of(Basis.from_statistics(describe(z)), z)
    trial, others = polar.points(z[:2000]), polar.points(z[2000:])

    scores = {K: trial_score(trial, others, K, 2) for K in (2, 8, 40)}

    assert max(scores, key=lambda K: scores[K]) == 8


def test_radial_mixture__takes_parts_and_K_as_configured() -> None:
    found = law_of(normal(3000), parts=3, K=5).mixture

    assert found.means.shape == (3, 6)


def test_radial_mixture__chooses_one_part_for_normal_vectors() -> None:
    assert len(law_of(normal(5000)).mixture.weights) == 1


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_radial_mixture__of_few_directions_keeps_to_them(rank: int) -> None:
    rng = np.random.default_rng(11)
    z = rng.standard_normal((600, rank)) @ rng.standard_normal((rank, 6)) + 1.0
    statistics = describe(z)

    drawn = draw("radial_mixture", statistics, 1000, latents=latents_of(z))

    assert not drawn["v"].values[:, rank:].any()
    apart = stats.ks_2samp(radii(drawn["z"].values, statistics), radii(z, statistics))
    assert apart.statistic < 0.15


@pytest.mark.parametrize("vectors", [2, 3, 5, 12])
def test_radial_mixture__fits_few_vectors(vectors: int) -> None:
    z = np.random.default_rng(12).standard_normal((vectors, 4))

    drawn = draw("radial_mixture", describe(z), 100, latents=latents_of(z))["z"].values

    assert np.isfinite(drawn).all()


def test_radial_mixture__leaves_out_vectors_at_the_mean() -> None:
    z = np.random.default_rng(13).standard_normal((500, 4))
    z = np.concatenate([z, -z, np.zeros((50, 4))])  # the mean is exactly zero

    drawn = draw("radial_mixture", describe(z), 100, latents=latents_of(z), parts=2)["z"].values

    assert np.isfinite(drawn).all()
    assert np.linalg.norm(drawn, axis=1).min() > 0.01


def test_radial_mixture__refuses_what_the_vectors_do_not_support() -> None:
    z = normal(100)
    statistics, latents = describe(z), latents_of(z)

    with pytest.raises(SampleError, match=f"vary along {WIDTH} only: set K to at most {WIDTH}"):
        draw("radial_mixture", statistics, 5, latents=latents, K=13)
    with pytest.raises(SampleError, match="fit 101 parts to 100 vectors of the training split"):
        draw("radial_mixture", statistics, 5, latents=latents, parts=101)
    with pytest.raises(SampleError, match=r"pass latents=store\.latents"):
        draw("radial_mixture", statistics, 5)


def test_radial_mixture__drawn_in_keeps_the_quantile_of_the_radius() -> None:
    z = heavy_tailed(3000, WIDTH)
    statistics = describe(z)

    drawn = draw("radial_mixture", statistics, 5000, latents=latents_of(z), radius=0.35)

    largest = np.quantile(radii(z, statistics), 0.35)
    assert radii(drawn["z"].values, statistics).max() <= largest * 1.01


def test_radial_mixture__sees_the_training_split_alone() -> None:
    z = normal(3000)
    split = np.array(["train", "validation", "test"] * 1000)
    poisoned = z.copy()
    poisoned[split == "test"] = 99.0
    statistics = describe(z)

    clean, other = (
        draw("radial_mixture", statistics, 50, latents=latents_of(vectors, split))["z"].values
        for vectors in (z, poisoned)
    )

    assert clean.tobytes() == other.tobytes()
