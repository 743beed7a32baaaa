"""Diversity and memorisation against SciPy, NumPy and scikit-learn, and for known sets."""

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import cdist, pdist
from sklearn.neighbors import NearestNeighbors

from zpoints.pipeline.evaluate.config import EvaluateConfig
from zpoints.pipeline.evaluate.dispatch import Measured, measure_set
from zpoints.pipeline.evaluate.estimate import replicates
from zpoints.pipeline.evaluate.inputs import Comparison
from zpoints.pipeline.evaluate.measures.diversity import diversity, ratios
from zpoints.pipeline.evaluate.measures.memorisation import nearest_distance


def cloud(n: int, *, components: int = 6, seed: int = 0) -> np.ndarray:
    return 3 + np.random.default_rng(seed).normal(size=(n, components)).astype(np.float32)


def compared(judged: np.ndarray, training: np.ndarray | None = None) -> Measured:
    """Diversity and memorisation of vectors against 200 others of `cloud`."""
    taken = cloud(2000, seed=8) if training is None else training
    reference, images = cloud(200, seed=9), np.zeros((200, 4, 4, 1), np.uint8)
    comparison = Comparison(
        config=EvaluateConfig(),
        latents=lambda: (reference, judged),
        images=lambda: (images, images),
        statistics=xr.Dataset(),
        training=lambda: np.array_split(taken, 7) if len(taken) else [],
    )
    return measure_set(".diversity", comparison) | measure_set(".memorisation", comparison)


@pytest.mark.parametrize("n", [12, 157, 2500], ids=["few", "some", "blocks"])
def test_diversity__is_that_of_all_pairs_with_and_without_each_group(n: int) -> None:
    x = cloud(n).astype(np.float64)

    variance, distance = diversity(x)

    def total(x: np.ndarray) -> float:
        return float(x.var(axis=0, ddof=1).sum())

    def pairs(x: np.ndarray) -> float:
        return float(pdist(x).mean())

    np.testing.assert_allclose(variance, [total(x), *replicates(total, x)], rtol=1e-9)
    np.testing.assert_allclose(distance, [pairs(x), *replicates(pairs, x)], rtol=1e-6)


def test_diversity__of_fewer_vectors_than_groups_has_no_error() -> None:
    found = diversity(cloud(5))

    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1:]).all()
    assert np.isnan(diversity(cloud(1))).all()


def test_ratios__of_vectors_that_are_all_equal_are_unknown_or_zero() -> None:
    equal, spread = diversity(np.ones((20, 3))), diversity(cloud(20))

    assert [found.value for found in ratios(equal, spread)] == [0, 0]
    assert all(np.isnan(found.value) for found in ratios(spread, equal))


def test_ratios__error_is_the_spread_over_repeated_samples() -> None:
    drawn = [diversity(cloud(200, seed=k)) for k in range(80)]
    found = [ratios(x, y) for x, y in zip(drawn[::2], drawn[1::2], strict=True)]

    for measure in range(2):
        values, errors = np.array([one[measure] for one in found]).T
        assert np.mean(errors) == pytest.approx(values.std(ddof=1), rel=0.4)


def test_nearest_distance__is_that_of_all_vectors_and_0_for_a_copy() -> None:
    training, judged = 100 + cloud(3000, components=20), 100 + cloud(70, components=20, seed=1)
    judged[:9] = training[40:49]

    found = nearest_distance(judged, np.array_split(training, 4))

    expected, _ = NearestNeighbors(n_neighbors=1).fit(training).kneighbors(judged)
    np.testing.assert_allclose(found[9:], expected[9:, 0], rtol=1e-5)
    assert (found[:9] == 0).all()
    assert np.isinf(nearest_distance(judged, [])).all()


def test_measure_set__memorisation_is_the_ratio_of_medians() -> None:
    judged = cloud(150, seed=4)

    found = compared(judged)

    training, reference = cloud(2000, seed=8), cloud(200, seed=9)
    medians = [np.median(cdist(x, training).min(axis=1)) for x in (judged, reference)]
    assert found["memorisation"] == pytest.approx(medians[0] / medians[1], rel=1e-5)
    assert abs(found["memorisation"] - 1) < 3 * found["memorisation_error"]
    assert abs(found["originality"] - 1) < 3 * found["originality_error"]


def test_measure_set__originality_tells_near_copies_from_the_middle() -> None:
    rng = np.random.default_rng(3)
    copies = cloud(2000, seed=8)[:200] + 0.05 * rng.normal(size=(200, 6)).astype(np.float32)
    middle = 3 + 0.1 * rng.normal(size=(200, 6)).astype(np.float32)

    copied, central = compared(copies), compared(middle)

    assert max(copied["memorisation"], copied["originality"]) < 0.5
    assert central["memorisation"] < 0.8
    assert central["originality"] > 0.8


def test_measure_set__without_training_vectors_memorisation_is_unknown() -> None:
    found = compared(cloud(50, seed=4), training=np.empty((0, 6), np.float32))

    assert np.isnan(found["memorisation"])
    assert np.isnan(found["originality"])
