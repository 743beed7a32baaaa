"""Peaks, dominant components, ellipses and radii against closed forms."""

import numpy as np
import pytest
from scipy import stats

from zpoints.pipeline.analyze import (
    confidence_ellipse,
    coverage,
    dominant_components,
    ellipse_points,
    uniform_radius,
)
from zpoints.pipeline.analyze.shape.peaks import peak, peaks
from zpoints.pipeline.analyze.states.state import State

GAUSSIAN_HW = 2 * np.sqrt(2 * np.log(2))


def test_peak__of_a_triangle_has_half_its_base() -> None:
    heights = 60 - 3 * np.abs(np.arange(-20, 21))

    mu, hw = peak(np.linspace(-1.05, 3.05, 42), heights)

    assert mu == pytest.approx(1.0)
    assert hw == pytest.approx(20 * 4.1 / 41)


def test_peak__interpolates_each_flank() -> None:
    mu, hw = peak(np.arange(7.0), np.array([0, 2, 10, 4, 1, 0]))

    left, right = 1 + (5 - 2) / (10 - 2), 2 + (10 - 5) / (10 - 4)
    assert mu == 2.5
    assert hw == pytest.approx(right - left)


def test_peak__of_a_noisy_flank_is_between_its_crossings() -> None:
    _, hw = peak(np.arange(8.0), np.array([0, 10, 4, 6, 0, 0, 0]))

    left = 0.5
    inner, outer = 5 / 6, 2 + 1 / 6
    assert hw == pytest.approx(left + (inner + outer) / 2)


def test_peak__at_the_border_falls_to_zero_beyond() -> None:
    assert peak(np.arange(4.0), np.array([8, 0, 0])) == (0.5, 1.0)


def test_peaks__of_normal_data_are_mean_and_2_3548_sigma() -> None:
    mean, sigma = np.array([0.0, -40.0, 1e-3]), np.array([1.0, 7.0, 1e-5])
    x = np.random.default_rng(0).normal(mean, sigma, (300_000, 3))
    state = State.from_vectors(x)
    shown = state.grid.distribution(mean, sigma, bins=100)

    mu, hw = peaks(shown.edges, shown.counts, state.grid.minimum, state.grid.maximum)

    np.testing.assert_allclose((mu - mean) / sigma, 0, atol=0.25)
    np.testing.assert_allclose(hw / sigma, GAUSSIAN_HW, rtol=0.03)


def test_peaks__of_a_constant_are_its_value_and_zero() -> None:
    state = State.from_vectors(np.full((10, 2), [0.0, 3.7]))
    shown = state.grid.distribution(state.moments.mean, np.zeros(2), bins=100)

    mu, hw = peaks(shown.edges, shown.counts, state.grid.minimum, state.grid.maximum)

    assert mu.tolist() == [0.0, 3.7]
    assert hw.tolist() == [0.0, 0.0]


def test_dominant_components__reach_either_threshold() -> None:
    mu = np.array([0.25, -0.25, 0.24, 0.0, 0.0])
    hw = np.array([0.1, 0.1, 1.49, 1.5, 0.0])

    assert dominant_components(mu, hw).tolist() == [0, 1, 3]
    assert dominant_components(mu, hw, least_mu=1.0, least_hw=1.0).tolist() == [2, 3]


@pytest.mark.parametrize("angle", [-1.2, 0.0, 0.4, np.pi / 2])
def test_confidence_ellipse__recovers_axes_and_angle(angle: float) -> None:
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    found = confidence_ellipse([1, 2], turn @ np.diag([9.0, 4.0]) @ turn.T, 2.2)

    np.testing.assert_allclose(found.centre, [1, 2])
    np.testing.assert_allclose(found.half_axes, [6.6, 4.4])
    assert np.tan(found.angle - angle) == pytest.approx(0, abs=1e-9)


def test_ellipse_points__have_the_mahalanobis_radius_of_the_level() -> None:
    covariance = np.array([[2.0, -0.7], [-0.7, 0.5]])

    points = ellipse_points(confidence_ellipse([3, -1], covariance, 1.7))

    offsets = points - [3, -1]
    squared = np.einsum("ni,ij,nj->n", offsets, np.linalg.inv(covariance), offsets)
    np.testing.assert_allclose(squared, 1.7**2)
    np.testing.assert_array_equal(points[0], points[-1])


def test_confidence_ellipse__of_a_line_has_one_axis() -> None:
    found = confidence_ellipse([0, 0], [[1, 1], [1, 1]], 1.0)

    np.testing.assert_allclose(found.half_axes, [np.sqrt(2), 0], atol=1e-8)
    assert found.angle == pytest.approx(np.pi / 4)


def test_coverage__is_the_chi_distribution_of_two_degrees() -> None:
    levels = np.array([0.0, 1.0, 2.0, 2.2, 3.0])

    np.testing.assert_allclose(coverage(levels), stats.chi(2).cdf(levels), atol=1e-15)


@pytest.mark.parametrize(("b", "components"), [(1.0, 256), (12.0, 256), (2.0, 20)])
def test_uniform_radius__equals_simulation(b: float, components: int) -> None:
    z = np.random.default_rng(4).uniform(-b, b, (40_000, components))
    radii = np.linalg.norm(z, axis=1)

    mean, std = uniform_radius(b, components)

    assert radii.mean() == pytest.approx(mean, rel=1e-3)
    assert radii.std() == pytest.approx(std, rel=0.02)
