"""The normalising flow, against clouds whose law is known."""

import dask.array as da
import numpy as np
import pytest
import torch
import xarray as xr
from scipy import stats

from tests.pipeline.analyze.mixed import describe
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.sample import draw, generator
from zpoints.pipeline.sample.laws.fitted.flow import _new_flow, _score


def stored(z: np.ndarray, splits: np.ndarray | None = None) -> xr.Dataset:
    coords = {} if splits is None else {"split": ("image", splits)}
    names = [f"{row}.jpg" for row in range(len(z))]
    array = da.from_array(z, chunks=(700, -1))
    return xr.Dataset({"z": (("image", "component"), array)}, {"image": names, **coords})


def two_clusters(n: int) -> np.ndarray:
    """Vectors around +-3 on the first axis, whose lengths along the others are heavy-tailed."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((n, 8)) * np.exp(0.5 * rng.standard_normal((n, 1)))
    z[:, 0] = 3 * rng.choice([-1, 1], n) + 0.5 * rng.standard_normal(n)
    return z.astype(np.float32)


def test_flow__has_the_clusters_and_the_tails() -> None:
    z = two_clusters(6000)

    drawn = draw("flow", describe(z), 3000, latents=stored(z), K=3, epochs=25)["z"].values

    assert np.mean(np.abs(drawn[:, 0]) < 1) < 0.05  # between the clusters
    assert np.mean(drawn[:, 0] > 0) == pytest.approx(0.5, abs=0.05)
    lengths = [np.linalg.norm(cloud[:, 4:], axis=1) for cloud in (drawn, z)]
    np.testing.assert_allclose(*(np.quantile(each, [0.1, 0.5, 0.9]) for each in lengths), rtol=0.3)
    assert lengths[0].max() < 3 * lengths[1].max()


def test_flow__of_normal_vectors_is_normal() -> None:
    z = np.random.default_rng(1).standard_normal((4000, 5)).astype(np.float32)

    drawn = draw("flow", describe(z), 2000, latents=stored(z), epochs=5)["z"].values

    for component in drawn.T:
        assert stats.kstest(component, stats.norm.cdf).statistic < 0.06
    assert np.abs(np.corrcoef(drawn.T) - np.eye(5)).max() < 0.1


@pytest.mark.parametrize("features", [1, 2, 7])
def test_new_flow__is_a_normal_distribution(features: int) -> None:
    x = np.random.default_rng(3).standard_normal((50, features))

    score = _score(_new_flow(features, 0).double(), torch.from_numpy(x))

    assert score == pytest.approx(stats.norm.logpdf(x).sum(axis=1).mean(), rel=1e-6)


@pytest.mark.parametrize("components", [1, 2])
def test_flow__of_few_components_is_fitted(components: int) -> None:
    z = np.random.default_rng(2).standard_normal((300, components)).astype(np.float32)

    drawn = draw("flow", describe(z), 500, latents=stored(z), epochs=3)["z"].values

    np.testing.assert_allclose(drawn.std(axis=0), 1, atol=0.3)


def test_flow__sees_the_training_and_validation_splits_alone() -> None:
    z = two_clusters(1000)
    splits = np.array(["train"] * 800 + ["validation"] * 100 + ["test"] * 100, dtype=object)
    other = z.copy()
    other[900:] = 0.5

    laws = [
        generator("flow", K=4, epochs=2).fit(describe(z), stored(vectors, splits))
        for vectors in (z, other)
    ]

    drawn = [law.draw(np.random.default_rng(0), range(50)) for law in laws]
    np.testing.assert_array_equal(*drawn)


def test_flow__placed_keeps_its_parameters_and_its_fingerprint() -> None:
    flow = generator("flow", K=7)

    placed = flow.placed("cpu")

    assert placed.model_dump() == flow.model_dump()
    base = generator("conditional", selection="a", base={"generator": "flow"}).placed("cpu").base
    assert placed._device == base._device == "cpu"
    assert flow._device == "auto"


@pytest.mark.parametrize(
    ("count", "parameters", "message"),
    [
        (3, {}, "at least 4 finite vectors in the training split, not 3: store more"),
        (50, {"K": 9}, "vary along 8 only: set K to at most 8"),
    ],
)
def test_flow__refuses_what_cannot_be_fitted(count: int, parameters: dict, message: str) -> None:
    z = two_clusters(count)

    with pytest.raises(SampleError, match=message):
        draw("flow", describe(z), 5, latents=stored(z), **parameters)
