"""Normals truncated to the pair region, against rejection, SciPy and closed forms."""

import numpy as np
import pytest
from scipy import stats

from zpoints.pipeline.sample.laws.ellipses.pair_condition import uniform_in_region
from zpoints.pipeline.sample.laws.ellipses.truncated_normal import NormalInRegion

LEAST_P = 1e-3


def by_rejection(rng: np.random.Generator, n: int, scale: np.ndarray) -> np.ndarray:
    """Normal vectors that are in the region."""
    found = []
    while sum(map(len, found)) < n:
        u = rng.standard_normal((100_000, len(scale))) * scale
        found.append(u[np.sort(u * u, axis=1)[:, -2:].sum(axis=1) <= 1])
    return np.concatenate(found)[:n]


@pytest.mark.parametrize(
    "scale", [[0.6, 0.6], [0.3, 0.8, 2.0], [0.607] * 8, [0.05, 0.2, 0.5, 1.0, 5.0, 50.0]]
)
def test_normal_in_region__has_the_law_of_rejection(scale: list[float]) -> None:
    scales = np.array(scale)
    expected = by_rejection(np.random.default_rng(1), 10_000, scales)

    u = NormalInRegion.of(scales).draw(np.random.default_rng(2), 40_000)

    for i in range(len(scales)):
        assert stats.ks_2samp(u[:, i], expected[:, i]).pvalue > LEAST_P
    ours, theirs = np.sort(np.abs(u), axis=1), np.sort(np.abs(expected), axis=1)
    for rank in (-1, -2, 0):
        assert stats.ks_2samp(ours[:, rank], theirs[:, rank]).pvalue > LEAST_P
    biggest = [np.argmax(np.abs(x), axis=1) for x in (u, expected)]
    counts = [np.bincount(b, minlength=len(scales)) for b in biggest]
    seen = np.add(*counts) > 10
    assert stats.chi2_contingency(np.array(counts)[:, seen]).pvalue > LEAST_P


def test_normal_in_region__a_single_component_is_scipys_truncated_normal() -> None:
    u = NormalInRegion.of(np.array([0.7])).draw(np.random.default_rng(3), 20_000)

    assert stats.kstest(u[:, 0], stats.truncnorm(-1 / 0.7, 1 / 0.7, scale=0.7).cdf).pvalue > LEAST_P


def test_normal_in_region__of_256_wide_normals_is_uniform() -> None:
    rng = np.random.default_rng(4)

    u = NormalInRegion.of(np.full(256, 1e3)).draw(rng, 20_000)

    flat = uniform_in_region(rng, 20_000, 256)
    for ours, theirs in (
        (u[:, 7], flat[:, 7]),
        (np.abs(u).max(axis=1), np.abs(flat).max(axis=1)),
        (np.sum(u * u, axis=1), np.sum(flat * flat, axis=1)),
    ):
        assert stats.ks_2samp(ours, theirs).pvalue > LEAST_P


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 0.05])
def test_normal_in_region__of_256_narrow_normals_is_normal(scale: float) -> None:
    u = NormalInRegion.of(np.full(256, scale)).draw(np.random.default_rng(5), 2000)

    assert stats.kstest((u / scale).ravel()[::13], stats.norm.cdf).pvalue > LEAST_P
    assert np.abs(np.corrcoef(u[:, :20], rowvar=False) - np.eye(20)).max() < 0.1


@pytest.mark.parametrize("components", [2, 30, 256])
def test_normal_in_region__leaves_no_violation(components: int) -> None:
    scale = np.geomspace(0.2, 3.0, components)

    u = NormalInRegion.of(scale).draw(np.random.default_rng(6), 10_000)

    assert (np.sort(u * u, axis=1)[:, -2:].sum(axis=1) <= 1 + 1e-15).all()
    assert np.isfinite(u).all()
