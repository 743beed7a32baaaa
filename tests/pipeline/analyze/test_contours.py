"""Contours of pair densities and their fitted ellipses against closed forms and SciPy."""

import numpy as np
import pytest
from matplotlib.path import Path
from scipy.signal import fftconvolve
from scipy.stats import multivariate_normal

from zpoints.pipeline.analyze.shape.conics import fit_ellipse, radial_distance
from zpoints.pipeline.analyze.shape.contours import (
    HEIGHTS,
    LEAST_VECTORS,
    Contours,
    describe_contours,
    outlines,
    overlaps,
    smoothed_density,
)
from zpoints.pipeline.analyze.shape.ellipses import (
    PlanarEllipse,
    confidence_ellipse,
    ellipse_points,
)

BINS, REACH = 48, 4.0
STEP = 2 * REACH / BINS
LEVELS = np.sqrt(-2 * np.log(HEIGHTS))


def histogram(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts of points (n, 2) over the intervals of the analysis, mean and covariance."""
    mean, covariance = points.mean(axis=0), np.cov(points, rowvar=False)
    places = STEP * (np.arange(BINS + 1) - BINS / 2)
    edges = mean[:, None] + np.sqrt(np.diagonal(covariance))[:, None] * places
    return np.histogram2d(*points.T, edges)[0].astype(np.int64), mean, covariance


def contours_of(points: np.ndarray) -> Contours:
    counts, mean, covariance = histogram(points)
    return describe_contours(counts[None], STEP, mean[None], covariance[None])


def turned(angle: float) -> np.ndarray:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize("angle", [-1.3, 0.0, 0.6, np.pi / 2])
@pytest.mark.parametrize("half_axes", [(3.0, 1.0), (1e-6, 9e-7), (2.0, 0.02)], ids=str)
def test_fit_ellipse__recovers_an_ellipse_even_from_an_arc(half_axes: tuple, angle: float) -> None:
    ellipse = PlanarEllipse(np.array([1e3, -2.0]), np.array(half_axes), angle)
    points = ellipse_points(ellipse, count=200)[:-1]

    for part in (points, points[:120]):
        centre, matrix = fit_ellipse(part)

        found = confidence_ellipse(centre, matrix, 1.0)
        size = max(half_axes)
        np.testing.assert_allclose(found.centre, ellipse.centre, rtol=0, atol=1e-4 * size + 1e-9)
        np.testing.assert_allclose(found.half_axes, half_axes, rtol=1e-3)
        assert np.sin(found.angle - angle) == pytest.approx(0, abs=1e-2)


def test_fit_ellipse__commutes_with_affine_maps() -> None:
    rng = np.random.default_rng(0)
    points = ellipse_points(PlanarEllipse(np.zeros(2), np.array([2.0, 1.0]), 0.3))[:-1]
    points = points + 0.1 * rng.normal(size=points.shape)
    affine, shift = np.array([[2.0, 0.3], [-1.0, 0.01]]), np.array([5.0, -3.0])

    centre, matrix = fit_ellipse(points)
    mapped_centre, mapped_matrix = fit_ellipse(points @ affine.T + shift)

    np.testing.assert_allclose(mapped_centre, affine @ centre + shift, rtol=1e-6)
    np.testing.assert_allclose(mapped_matrix, affine @ matrix @ affine.T, rtol=1e-5, atol=1e-8)


def test_fit_ellipse__minimises_the_algebraic_distance_under_its_constraint() -> None:
    rng = np.random.default_rng(1)
    points = ellipse_points(PlanarEllipse(np.zeros(2), np.array([2.0, 1.0]), 0.3))[:-1]
    points = points + 0.2 * rng.normal(size=points.shape)
    points = (points - points.mean(axis=0)) / points.std(axis=0)

    def cost(centre: np.ndarray, matrix: np.ndarray) -> float:
        form = np.linalg.inv(matrix)
        residual = np.einsum("ni,ij,nj->n", points - centre, form, points - centre) - 1
        return float(np.sum(residual**2) / (4 * np.linalg.det(form)))

    centre, matrix = fit_ellipse(points)

    best = cost(centre, matrix)
    for _ in range(50):
        change = 0.01 * rng.normal(size=(2, 2))
        assert cost(centre + 0.01 * rng.normal(size=2), matrix + change + change.T) > best


@pytest.mark.parametrize(
    "points",
    [np.eye(2), np.zeros((9, 2)), np.outer(np.arange(9.0), [1, 2]), np.full((9, 2), np.nan)],
    ids=["two points", "one place", "a line", "NaN"],
)
def test_fit_ellipse__is_undefined_where_points_determine_none(points: np.ndarray) -> None:
    centre, matrix = fit_ellipse(points)

    assert np.isnan(centre).all()
    assert np.isnan(matrix).all()
    assert np.isnan(radial_distance(points, centre, matrix))


def test_radial_distance__of_a_waved_ellipse_is_its_amplitude_over_root_two() -> None:
    phase = np.arange(360) * 2 * np.pi / 360
    wave = 1 + 0.03 * np.cos(7 * phase)
    circle = wave[:, None] * np.stack([np.cos(phase), np.sin(phase)], axis=1)
    stretch = turned(0.4) @ np.diag([5.0, 0.5])

    found = radial_distance(circle @ stretch.T + 3, np.full(2, 3.0), stretch @ stretch.T)

    assert found == pytest.approx(0.03 / np.sqrt(2))


@pytest.mark.parametrize("correlation", [0.0, 0.7, -0.9])
def test_smoothed_density__is_the_kernel_estimate_of_the_counts(correlation: float) -> None:
    rng = np.random.default_rng(2)
    points = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 4000)
    edges = STEP * (np.arange(BINS + 1) - BINS / 2)
    counts = np.histogram2d(*points.T, [edges, edges])[0].astype(np.int64)
    centres = (edges[:-1] + edges[1:]) / 2
    steps = STEP * np.arange(1 - BINS, BINS)
    covariance = len(points) ** (-1 / 3) * np.array([[1, correlation], [correlation, 1]])
    kernel = multivariate_normal(cov=covariance).pdf(np.dstack(np.meshgrid(steps, steps)))
    expected = fftconvolve(counts, kernel, mode="same")

    density = smoothed_density(counts, STEP, correlation)

    assert density is not None
    place = np.searchsorted(density.axis, centres - 1e-9)
    np.testing.assert_allclose(density.axis[place], centres, atol=1e-12)
    found = density.values[np.ix_(place, place)]
    np.testing.assert_allclose(found / found.max(), expected / expected.max(), atol=0.02)


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.9])
def test_describe_contours__of_a_normal_density_are_covariance_ellipses(
    correlation: float,
) -> None:
    deviation, mean = np.array([3.0, 0.5]), np.array([[10.0, -1.0]])
    shape = np.array([[1.0, correlation], [correlation, 1.0]])
    centres = STEP * (np.arange(BINS) - (BINS - 1) / 2)
    grid = np.stack(np.meshgrid(centres, centres, indexing="ij"), axis=-1)
    radius = np.einsum("...i,ij,...j", grid, np.linalg.inv(shape), grid)
    counts = np.rint(1e9 * np.exp(-radius / 2)).astype(np.int64)
    covariance = shape * np.outer(deviation, deviation)

    found = describe_contours(counts[None], STEP, mean, covariance[None])

    expected = confidence_ellipse(mean[0], covariance, 1.0)
    np.testing.assert_allclose(found.centre[0], np.tile(mean, (5, 1)), atol=1e-2)
    np.testing.assert_allclose(found.half_axes[0], expected.half_axes * LEVELS[:, None], rtol=0.015)
    np.testing.assert_allclose(found.angle[0], expected.angle, atol=5e-3)
    assert (found.distance < 0.01).all()
    assert found.ellipticity[0] > 0.97


@pytest.mark.parametrize(("count", "least"), [(1000, 0.8), (20_000, 0.93), (300_000, 0.97)])
@pytest.mark.parametrize("correlation", [0.0, 0.5, -0.93])
def test_ellipticity__of_normal_vectors_is_near_one(
    correlation: float, count: int, least: float
) -> None:
    rng = np.random.default_rng(5)
    points = rng.multivariate_normal([2, 0], [[1, correlation], [correlation, 1]], count)

    found = contours_of(points * [4.0, 0.3])

    assert least < found.ellipticity[0] <= 1
    outer = found.half_axes[0, -1] / LEVELS[-1]
    expected = confidence_ellipse([0, 0], np.cov(points * [4.0, 0.3], rowvar=False), 1.0)
    np.testing.assert_allclose(outer, expected.half_axes, rtol=0.12 if count == 1000 else 0.05)


def two_hills(x: np.ndarray) -> np.ndarray:
    return x + [5, 0] * (np.arange(len(x)) % 2)[:, None]


def banana(x: np.ndarray) -> np.ndarray:
    return np.stack([x[:, 0], x[:, 0] ** 2 + 0.4 * x[:, 1]], axis=1)


def ring(x: np.ndarray) -> np.ndarray:
    return x * (0.1 + 3 / np.linalg.norm(x, axis=1, keepdims=True))


def crossing(x: np.ndarray) -> np.ndarray:
    return np.where(np.arange(len(x))[:, None] % 2 == 0, x * [1, 0.2], x * [0.2, 1])


@pytest.mark.parametrize(
    ("bend", "most"), [(two_hills, 0.45), (banana, 0.35), (ring, 0.35), (crossing, 0.8)]
)
def test_ellipticity__of_other_shapes_is_low(bend, most: float) -> None:
    points = bend(np.random.default_rng(6).normal(size=(20_000, 2)))

    assert contours_of(points).ellipticity[0] < most


def test_ellipticity__sees_contours_that_are_shifted_turned_or_stretched() -> None:
    counts, mean, covariance = histogram(np.random.default_rng(7).normal(size=(50_000, 2)))
    stretched = covariance * [[2.0, 0], [0, 0.5]]

    def score(counts: np.ndarray, covariance: np.ndarray) -> float:
        return float(
            describe_contours(counts[None], STEP, mean[None], covariance[None]).ellipticity[0]
        )

    straight = score(counts, covariance)
    assert straight > 0.95
    assert score(np.roll(counts, 3, axis=0), covariance) < 0.8
    assert score(counts, covariance + np.array([[0, 0.6], [0.6, 0]])) < 0.8
    # Counts come in units of each standard deviation, so stretching both changes nothing.
    assert score(counts, stretched) == pytest.approx(straight, abs=0.01)


def test_overlaps__are_those_of_the_areas() -> None:
    points = np.random.default_rng(8).gamma(3.0, size=(20_000, 2))
    counts, *_ = histogram(points)
    density = smoothed_density(counts, STEP, 0.0)
    assert density is not None
    fine = np.linspace(-4, 4, 801)
    grid = np.stack(np.meshgrid(fine, fine, indexing="ij"), axis=-1).reshape(-1, 2)

    for lines, found in zip(outlines(density), overlaps(density), strict=True):
        inside = np.sum([Path(line).contains_points(grid) for line in lines], axis=0) % 2 == 1
        radius = np.einsum("ni,ij,nj->n", grid, np.linalg.inv(density.covariance), grid)
        near = radius <= np.sort(radius)[inside.sum() - 1]
        assert found == pytest.approx(np.sum(inside & near) / np.sum(inside | near), abs=0.04)


def test_outlines__are_closed_even_where_vectors_lie_outside() -> None:
    counts = np.zeros((BINS, BINS), np.int64)
    counts[:, -3:] = 100

    density = smoothed_density(counts, STEP, 0.0)

    assert density is not None
    for lines in outlines(density):
        for line in lines:
            np.testing.assert_array_equal(line[0], line[-1])


@pytest.mark.parametrize(
    ("count", "correlation"),
    [(LEAST_VECTORS - 1, 0.0), (10_000, np.nan), (10_000, 1.0), (10_000, -0.99)],
)
def test_smoothed_density__is_undefined_for_few_vectors_and_for_lines(
    count: int, correlation: float
) -> None:
    counts = np.zeros((BINS, BINS), np.int64)
    counts[20:24, 20:24] = 1
    counts[22, 22] = count - 15

    assert smoothed_density(counts, STEP, correlation) is None
