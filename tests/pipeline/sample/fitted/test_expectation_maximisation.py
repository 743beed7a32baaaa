"""Fits of mixtures by sums over blocks, against scikit-learn's."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from zpoints.pipeline.sample.laws.fitted import expectation_maximisation
from zpoints.pipeline.sample.laws.fitted.expectation_maximisation import (
    Mixture,
    Sums,
    _summed,
    improved,
    started,
)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    """Three clusters of different widths in 40 coordinates, in random order."""
    rng = np.random.default_rng(6)
    x = rng.standard_normal((900, 40)) * np.repeat([0.5, 1.0, 2.0], 300)[:, None]
    x[:300] += 2.5
    return rng.permutation(x)


def scikit_learns(x: np.ndarray, steps: int = 30) -> GaussianMixture:
    return GaussianMixture(3, reg_covar=0.01, max_iter=steps, random_state=0).fit(x)


def require_equal(ours: Mixture, theirs: GaussianMixture, tolerance: float) -> None:
    np.testing.assert_allclose(ours.weights, theirs.weights_, rtol=tolerance)
    np.testing.assert_allclose(ours.means, theirs.means_, atol=tolerance)
    np.testing.assert_allclose(ours.covariances, theirs.covariances_, atol=tolerance)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-9), (np.float32, 1e-5)])
def test_started__finds_the_parts_of_scikit_learns(
    x: np.ndarray, dtype: type, tolerance: float
) -> None:
    require_equal(started(x.astype(dtype), 3), scikit_learns(x), tolerance)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_improved__equals_scikit_learns_step_by_step(x: np.ndarray) -> None:
    overlapping = 0.2 * x  # shares between 0 and 1, and many steps
    one, four = scikit_learns(overlapping, 1), scikit_learns(overlapping, 4)
    start = Mixture(one.weights_, one.means_, one.covariances_)

    found = improved(start, [overlapping[:500], overlapping[500:777], overlapping[777:]], 3)

    assert (one.predict_proba(overlapping).max(axis=1) < 0.99).any()
    assert np.abs(four.means_ - one.means_).max() > 1e-3
    require_equal(found, four, 1e-6)


def test_log_likelihoods__are_those_of_scipy(x: np.ndarray) -> None:
    mixture = started(x, 3)

    expected = sum(
        weight * multivariate_normal(mean, covariance).pdf(x)
        for weight, mean, covariance in zip(
            mixture.weights, mixture.means, mixture.covariances, strict=True
        )
    )

    np.testing.assert_allclose(mixture.log_likelihoods(x), np.log(expected), rtol=1e-9)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
def test_started__fits_few_coordinates_too(width: int) -> None:
    x = np.random.default_rng(3).standard_normal((500, width))

    require_equal(started(x, 3), scikit_learns(x), 1e-8)


def test_started__one_part_has_the_moments_of_the_points(x: np.ndarray) -> None:
    found = started(x, 1)

    np.testing.assert_allclose(found.means[0], x.mean(axis=0), atol=1e-12)
    expected = np.cov(x, rowvar=False, bias=True) + 0.01 * np.eye(40)
    np.testing.assert_allclose(found.covariances[0], expected, atol=1e-12)


def test_started__tolerates_fewer_distinct_points_than_parts() -> None:
    found = started(np.repeat([[0.0, 1.0], [2.0, 3.0]], 20, axis=0), 5)

    assert np.isfinite(found.log_likelihoods(np.array([[1.0, 1.0]]))).all()
    np.testing.assert_allclose(found.weights.sum(), 1)


def test_improved__far_off_the_origin_loses_no_digits() -> None:
    rng = np.random.default_rng(4)
    x = (1000 + rng.standard_normal((4000, 3))).astype(np.float32)

    found = started(x, 1)

    expected = np.cov(x.astype(np.float64), rowvar=False, bias=True) + 0.01 * np.eye(3)
    np.testing.assert_allclose(found.covariances[0], expected, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_improved__has_the_same_bits_for_any_number_of_threads(
    x: np.ndarray, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = x.astype(np.float32)
    blocks = [x[i : i + 100] for i in range(0, 900, 100)]
    expected = improved(started(x, 3), blocks, 3)

    monkeypatch.setattr(expectation_maximisation, "THREADS", threads)
    found = improved(started(x, 3), blocks, 3)

    assert found.covariances.tobytes() == expected.covariances.tobytes()
    assert found.means.tobytes() == expected.means.tobytes()


def test_improved__holds_as_many_blocks_as_threads(
    x: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expectation_maximisation, "THREADS", 2)
    begun: list[int] = []
    ended: list[int] = []

    def blocks() -> Iterator[np.ndarray]:
        for i in range(9):
            begun.append(i)
            assert len(begun) - len(ended) <= 2
            yield x[100 * i : 100 * (i + 1)]

    def counted(block: np.ndarray) -> Sums:
        ended.append(len(block))
        return Sums.of(block, start)

    start = started(x, 3)

    assert _summed(counted, blocks()).count == 900
    assert ended == [100] * 9


def test_draw__has_the_weights_and_moments_of_the_parts() -> None:
    weights, means = np.array([0.3, 0.7]), np.array([[0.0, 0.0], [20.0, 0.0]])
    covariances = np.array([np.eye(2), [[2.0, 1.0], [1.0, 3.0]]])

    drawn = Mixture(weights, means, covariances).draw(np.random.default_rng(0), 40_000)

    second = drawn[drawn[:, 0] > 10]
    assert len(second) / 40_000 == pytest.approx(0.7, abs=0.01)
    np.testing.assert_allclose(second.mean(axis=0), means[1], atol=0.05)
    np.testing.assert_allclose(np.cov(second, rowvar=False), covariances[1], atol=0.1)
