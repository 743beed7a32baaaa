"""Mixtures of normals in whitened coordinates, fitted to the training vectors."""

import tracemalloc

import numpy as np
import pytest
import xarray as xr
from sklearn.mixture import GaussianMixture

from tests.pipeline.analyze.mixed import describe
from tests.pipeline.sample.fitted.clouds import (
    CENTRES,
    SHARES,
    SPREADS,
    clusters,
    heavy_tailed,
    latents_of,
)
from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw, generator
from zpoints.pipeline.sample.laws.fitted import vectors
from zpoints.pipeline.sample.laws.fitted.gaussian_mixture import GaussianMixtureSampler


def fitted(z: np.ndarray, latents: xr.Dataset, **parameters: object) -> GaussianMixtureSampler:
    found = generator("gaussian_mixture", **parameters).fit(describe(z), latents)
    assert isinstance(found, GaussianMixtureSampler)
    return found


@pytest.mark.parametrize("parts", [3, None])
def test_gaussian_mixture__finds_planted_parts(parts: int | None) -> None:
    z, _ = clusters(9000)

    drawn = draw("gaussian_mixture", describe(z), 20_000, latents=latents_of(z), parts=parts)["z"]

    nearest = np.argmin(np.linalg.norm(drawn.values[:, None] - CENTRES, axis=2), axis=1)
    np.testing.assert_allclose(np.bincount(nearest) / 20_000, SHARES, atol=0.02)
    for k, deviation in enumerate(SPREADS):
        own = drawn.values[nearest == k]
        np.testing.assert_allclose(own.mean(axis=0), CENTRES[k], atol=0.06)
        # The regularisation adds a hundredth of the data's variance.
        np.testing.assert_allclose(own[:, 2:].std(axis=0), deviation, rtol=0.06)


def test_gaussian_mixture__chooses_one_part_for_normal_vectors_and_several_for_clusters() -> None:
    normal, (separate, _) = np.random.default_rng(3).standard_normal((4000, 6)), clusters(4000)

    assert len(fitted(normal, latents_of(normal), parts=None).mixture.weights) == 1
    assert len(fitted(separate, latents_of(separate), parts=None).mixture.weights) >= 5


def test_gaussian_mixture__describes_as_well_as_scikit_learns() -> None:
    z = heavy_tailed(30_000, 12)
    statistics, latents = describe(z), latents_of(z)
    reference = GaussianMixture(3, random_state=0).fit(z[:10_000])

    drawn = draw("gaussian_mixture", statistics, 10_000, latents=latents, parts=3)["z"].values

    expected = reference.score(reference.sample(10_000)[0])
    normal = draw("multivariate_normal", statistics, 10_000)["z"].values
    assert reference.score(drawn) == pytest.approx(expected, abs=0.3)
    assert abs(reference.score(normal) - expected) > 0.6


def test_gaussian_mixture__fits_all_training_vectors_and_no_others() -> None:
    rng = np.random.default_rng(5)
    split = np.array(["train", "test", "train", "validation", "train"] * 6000)
    z = rng.standard_normal((30_000, 3))
    z[split != "train"] += 30
    statistics, latents = describe(z), latents_of(z, split)
    training = z[split == "train"]
    assert len(training) > vectors.SAMPLE

    drawn = draw("gaussian_mixture", statistics, 20_000, latents=latents, parts=1)["z"].values

    np.testing.assert_allclose(drawn.mean(axis=0), training.mean(axis=0), atol=0.1)
    sampler = fitted(z, latents, parts=1)
    mean = Basis.from_statistics(statistics).project(training).mean(axis=0)
    # Rather those of all of them than of a sample of 10,000: float32 rounds to seven digits.
    np.testing.assert_allclose(sampler.mixture.means[0] * sampler.scale, mean, atol=1e-4)


def test_gaussian_mixture__is_the_same_whether_points_are_kept_or_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    z = heavy_tailed(20_000, 5)
    kept = fitted(z, latents_of(z), parts=2).mixture

    monkeypatch.setattr(vectors, "KEPT", 0)
    again = fitted(z, latents_of(z, chunk=777), parts=2).mixture

    assert kept.covariances.tobytes() == again.covariances.tobytes()


def test_gaussian_mixture__leaves_out_vectors_that_are_not_finite() -> None:
    z = np.random.default_rng(2).standard_normal((200, 3))
    z[::2, 1] = np.nan
    latents = latents_of(z, chunk=64)

    drawn = draw("gaussian_mixture", describe(z), 50, latents=latents, parts=2, vectors=150)

    assert np.isfinite(drawn["z"].values).all()
    with pytest.raises(SampleError, match="fit 101 parts to 100 vectors of the training split"):
        draw("gaussian_mixture", describe(z), 5, latents=latents, parts=101)


@pytest.mark.parametrize("parts", [2, None])
def test_gaussian_mixture__without_training_vectors_is_refused(parts: int | None) -> None:
    z = np.random.default_rng(2).standard_normal((50, 3))
    latents = latents_of(z, np.array(["test"] * 50))

    with pytest.raises(SampleError, match="to 0 vectors of the training split"):
        draw("gaussian_mixture", describe(z), 5, latents=latents, parts=parts)


@pytest.mark.parametrize("kept", [0, 2**29])
@pytest.mark.parametrize(
    ("name", "parameters"), [("gaussian_mixture", {}), ("radial_mixture", {"K": 30})]
)
def test_fit_memory__bounds_what_a_fit_holds(
    name: str, parameters: dict, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "KEPT", kept)
    z = heavy_tailed(20_000, 64).astype(np.float32)
    statistics, latents, chosen = describe(z), latents_of(z), generator(name, parts=3, **parameters)
    chosen.fit(statistics, latents)  # imports

    tracemalloc.start()
    chosen.fit(statistics, latents)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < chosen.fit_memory(*z.shape) < 5 * peak
