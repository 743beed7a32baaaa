"""The two laws on the pair region, against a literal sweep, rejection and closed forms."""

from collections import Counter

import numpy as np
import pytest
from scipy import integrate, stats

from zpoints.pipeline.sample.laws.ellipses.pair_condition import (
    count_violations,
    numbered_pair,
    propose_pair,
    shrink_pairs,
    uniform_in_region,
)

# Seeds are fixed, so a test either always passes or never; a true law falls below this in one of a
# thousand comparisons.
LEAST_P = 1e-3


def literal_sweep(rng: np.random.Generator, n: int, components: int) -> tuple:
    """The source's literal procedure: vectors (n, K) and numbers of redraws (n,)."""
    u = rng.uniform(-1, 1, (n, components))
    redraws = np.zeros(n, int)
    pairs = [(i, j) for i in range(components) for j in range(i)]
    for row, vector in enumerate(u):
        for number in rng.permutation(len(pairs)):
            kept, other = pairs[number]
            if vector[kept] ** 2 + vector[other] ** 2 > 1:
                if rng.random() < 0.5:
                    kept, other = other, kept
                allowed = np.sqrt(1 - vector[kept] ** 2)
                vector[other] = rng.uniform(-allowed, allowed)
                redraws[row] += 1
    return u, redraws


def fast_sweep(seed: int, n: int, components: int) -> tuple:
    rng = np.random.default_rng(seed)
    u = rng.uniform(-1, 1, (n, components))
    return u, shrink_pairs(u, rng)


def by_rejection(rng: np.random.Generator, n: int, components: int) -> np.ndarray:
    """Uniform vectors of the cube that are in the region."""
    u = rng.uniform(-1, 1, (60 * n, components))
    inside = np.sort(u**2, axis=1)[:, -2:].sum(axis=1) <= 1
    assert inside.sum() >= n
    return u[inside][:n]


def features(u: np.ndarray) -> dict[str, np.ndarray]:
    """Features by which samples of vectors are compared: marginals, order statistics, a pair."""
    ordered = np.sort(np.abs(u), axis=1)
    return {
        "first component": u[:, 0],
        "last component": u[:, -1],
        "least |u|": ordered[:, 0],
        "median |u|": ordered[:, u.shape[1] // 2],
        "third largest |u|": ordered[:, -3],
        "second largest |u|": ordered[:, -2],
        "largest |u|": ordered[:, -1],
        "largest pair": ordered[:, -1] ** 2 + ordered[:, -2] ** 2,
        "squared length": np.sum(u**2, axis=1),
        "product of two": u[:, 0] ** 2 * u[:, 1] ** 2,
    }


@pytest.mark.parametrize(("components", "n"), [(3, 6000), (10, 4000), (40, 500), (150, 60)])
def test_shrink_pairs__has_the_law_of_the_literal_sweep(components: int, n: int) -> None:
    expected, expected_redraws = literal_sweep(np.random.default_rng(11), n, components)

    u, redraws = fast_sweep(12, 8 * n, components)

    reference = features(expected)
    for name, values in features(u).items():
        assert stats.ks_2samp(values, reference[name]).pvalue > LEAST_P, name
    assert stats.ks_2samp(redraws, expected_redraws).pvalue > LEAST_P
    assert stats.ttest_ind(redraws, expected_redraws).pvalue > LEAST_P


@pytest.fixture(scope="module")
def crowded() -> tuple:
    """Squares of 12 components, the numbers of those above 1/2, and the violating pairs."""
    square = np.random.default_rng(21).uniform(-1, 1, 12) ** 2
    large = np.flatnonzero(square > 0.5)
    pairs = {(i, j) for i in range(12) for j in range(i) if square[i] + square[j] > 1}
    assert len(large) >= 3
    assert any(min(square[i], square[j]) < 0.5 for i, j in pairs)
    return square, large, pairs


def test_numbered_pair__numbers_every_violating_pair_once(crowded: tuple) -> None:
    square, large, pairs = crowded

    assert count_violations(square, large, len(large)) == len(pairs)
    numbered = [numbered_pair(square, large, len(large), rank) for rank in range(len(pairs))]
    assert sorted((max(pair), min(pair)) for pair in numbered) == sorted(pairs)


def test_propose_pair__is_uniform_among_violating_pairs(crowded: tuple) -> None:
    square, large, pairs = crowded
    rng = np.random.default_rng(22)

    proposed = [propose_pair(square, large, len(large), rng) for _ in range(20_000)]

    counts = Counter((max(pair), min(pair)) for pair in proposed)
    assert set(counts) == pairs
    assert stats.chisquare(list(counts.values())).pvalue > LEAST_P


def test_shrink_pairs__is_the_same_law_in_every_component() -> None:
    u, _ = fast_sweep(13, 4000, 12)

    assert stats.kruskal(*np.abs(u).T).pvalue > LEAST_P
    assert stats.binomtest(int(np.sum(u > 0)), u.size).pvalue > LEAST_P


@pytest.mark.parametrize("components", [1, 2, 3, 50, 105, 256])
def test_shrink_pairs__leaves_no_violation(components: int) -> None:
    u, redraws = fast_sweep(14, 3000, components)

    largest = np.sort(u * u, axis=1)[:, -2:]
    assert (largest.sum(axis=1) <= 1).all()
    assert (redraws > 0).any() == (components > 1)


def test_shrink_pairs__redraws_uniformly_in_the_allowed_interval() -> None:
    rng = np.random.default_rng(23)
    before = rng.uniform(-1, 1, (300_000, 2))
    after = before.copy()

    redraws = shrink_pairs(after, rng)

    changed = after != before
    np.testing.assert_array_equal(changed.sum(axis=1), redraws)
    np.testing.assert_array_equal(redraws, np.sum(before**2, axis=1) > 1)
    relative = after[changed] / np.sqrt(1 - after[np.flip(changed, axis=1)] ** 2)
    assert stats.kstest(relative, stats.uniform(-1, 2).cdf).pvalue > LEAST_P
    assert 1 - 1e-3 < np.abs(relative).max() <= 1
    assert stats.binomtest(int(changed[:, 0].sum()), int(redraws.sum())).pvalue > LEAST_P


def test_shrink_pairs__does_not_change_vectors_of_the_region() -> None:
    inside = np.random.default_rng(15).uniform(-np.sqrt(0.5), np.sqrt(0.5), (100, 20))
    u = inside.copy()

    redraws = shrink_pairs(u, np.random.default_rng(0))

    np.testing.assert_array_equal(u, inside)
    assert not redraws.any()


def test_shrink_pairs__has_the_expected_spread_at_256_components() -> None:
    u, _ = fast_sweep(16, 4000, 256)

    assert u.std() == pytest.approx(0.342, abs=0.002)


@pytest.mark.parametrize("components", [3, 6])
def test_uniform_in_region__has_the_law_of_rejection(components: int) -> None:
    rng = np.random.default_rng(17)

    u = uniform_in_region(rng, 20_000, components)

    reference = features(by_rejection(rng, 10_000, components))
    for name, values in features(u).items():
        assert stats.ks_2samp(values, reference[name]).pvalue > LEAST_P, name


@pytest.mark.parametrize("components", [1, 2, 8, 105, 256])
def test_uniform_in_region__largest_has_the_closed_form(components: int) -> None:
    k = components
    u = uniform_in_region(np.random.default_rng(18), 20_000, k)
    largest = np.abs(u).max(axis=1)

    # Scaled by 2^(K/2), so that K = 256 stays within floating point.
    def density(m: float) -> float:
        if m <= np.sqrt(0.5):
            return k * np.sqrt(2) * (m * np.sqrt(2)) ** (k - 1)
        return k * np.sqrt(2) * (2 * (1 - m * m)) ** ((k - 1) / 2)

    grid = np.linspace(0, 1, 20_001)
    cumulative = integrate.cumulative_trapezoid([density(m) for m in grid], grid, initial=0)
    cumulative /= cumulative[-1]
    fit = stats.kstest(largest, lambda m: np.interp(m, grid, cumulative))
    assert fit.pvalue > LEAST_P


@pytest.mark.parametrize("components", [1, 2, 105, 256])
def test_uniform_in_region__leaves_no_violation(components: int) -> None:
    u = uniform_in_region(np.random.default_rng(19), 20_000, components)

    assert (np.sort(u * u, axis=1)[:, -2:].sum(axis=1) <= 1 + 1e-15).all()


def test_uniform_in_region__has_the_expected_spread_at_256_components() -> None:
    u = uniform_in_region(np.random.default_rng(20), 20_000, 256)

    assert u.std() == pytest.approx(np.sqrt(0.5 / 3), abs=0.001)
