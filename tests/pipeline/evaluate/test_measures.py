"""Measures of quality against literal definitions and other libraries."""

import numpy as np
import pytest
from PIL import Image
from scipy.linalg import sqrtm
from scipy.ndimage import convolve
from scipy.stats import wasserstein_distance
from skimage.data import astronaut
from sklearn.neighbors import NearestNeighbors

from zpoints.pipeline.evaluate.cascade import find_faces
from zpoints.pipeline.evaluate.estimate import (
    jackknife,
    mean_estimate,
    replicates,
    share_estimate,
)
from zpoints.pipeline.evaluate.measures.frechet import frechet, frechet_distance
from zpoints.pipeline.evaluate.measures.neighbours import NAMES, neighbourhoods
from zpoints.pipeline.evaluate.measures.sliced_wasserstein import (
    DIRECTIONS,
    PATCH,
    PATCHES,
    REPEATS,
    distance,
    distances_without,
    laplacian_pyramid,
    levels,
    normalised,
    patches_of,
    random_directions,
    sliced_wasserstein,
)
from zpoints.pipeline.evaluate.measures.two_sample import forest_test, squares_test
from zpoints.pipeline.sample.region import violated_pairs


def normal(n: int, *, components: int = 6, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (shift + rng.normal(size=(n, components))).astype(np.float32)


def pictures(n: int, *, side: int = 32, channels: int = 3, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, side, side, channels), dtype=np.uint8)


# estimates


def test_jackknife__gives_the_mean_its_usual_error() -> None:
    x = normal(1000, components=1)[:, 0].astype(np.float64)

    found = jackknife(np.mean, x)

    assert found.value == x.mean()
    expected = x.reshape(-1, 10).mean(axis=0).std(ddof=1) / np.sqrt(10)  # of ten group means
    assert found.error == pytest.approx(expected)


def test_jackknife__has_no_error_for_fewer_rows_than_groups() -> None:
    assert np.isnan(jackknife(np.mean, np.arange(9.0)).error)


@pytest.mark.parametrize("values", [[], [np.nan]])
def test_mean_estimate__of_nothing_is_unknown(values: list[float]) -> None:
    assert np.isnan(mean_estimate(values)).all()


@pytest.mark.parametrize("found", [True, False])
def test_share_estimate__of_all_or_none_is_not_certain(found: bool) -> None:
    estimate = share_estimate(np.full(200, found))

    assert estimate.value == found
    assert estimate.error == pytest.approx(np.sqrt(201 / 202 * 1 / 202 / 200))


def test_neighbourhoods__errors_of_shares_are_never_zero() -> None:
    found = neighbourhoods(normal(100), 100 + normal(100), 5)

    assert found["precision"].value == found["recall"].value == 0
    assert found["precision"].error > 0


# Frechet distance


@pytest.mark.parametrize(("n", "m"), [(500, 400), (12, 30), (4, 5)], ids=["many", "some", "few"])
def test_frechet_distance__is_that_of_the_matrix_root(n: int, m: int) -> None:
    x, y = normal(n, seed=1), normal(m, shift=0.5, seed=2) * np.arange(1, 7, dtype=np.float32)
    cx, cy = np.cov(x, rowvar=False), np.cov(y, rowvar=False)

    found = frechet_distance(x, y)

    apart = np.sum((x.mean(0, dtype="f8") - y.mean(0, dtype="f8")) ** 2)
    root = sqrtm(cx @ cy).real
    assert found == pytest.approx(apart + np.trace(cx + cy - 2 * root), rel=1e-5)


def test_frechet_distance__of_normal_distributions_has_a_closed_form() -> None:
    x, y = normal(200_000, seed=1), 2 * normal(200_000, seed=2) + 1

    assert frechet_distance(x, y) == pytest.approx(6 * 1 + 6 * (2 - 1) ** 2, rel=0.02)


def test_frechet__error_is_the_spread_over_repeated_samples() -> None:
    repeated = [
        frechet(normal(300, seed=2 * k), normal(300, shift=0.5, seed=2 * k + 1)) for k in range(40)
    ]

    spread = np.std([found.value for found in repeated], ddof=1)
    assert np.mean([found.error for found in repeated]) == pytest.approx(spread, rel=0.4)


# precision, recall, density, coverage


@pytest.mark.parametrize(("n", "m"), [(60, 90), (3000, 1500)], ids=["one block", "blocks"])
def test_neighbourhoods__are_those_of_all_distances(n: int, m: int) -> None:
    k, real, fake = 5, normal(n, seed=3), normal(m, shift=0.7, seed=4)

    found = neighbourhoods(real, fake, k)

    def radii(x: np.ndarray) -> np.ndarray:
        return NearestNeighbors(n_neighbors=k).fit(x).kneighbors()[0][:, -1]

    between = np.linalg.norm(fake[:, None] - real.astype(np.float64), axis=2)  # (fake, real)
    inside = between < radii(real)
    expected = {
        "precision": inside.any(axis=1).mean(),
        "recall": (between < radii(fake)[:, None]).any(axis=0).mean(),
        "density": inside.sum(axis=1).mean() / k,
        "coverage": (between.min(axis=0) < radii(real)).mean(),
    }
    assert {name: found[name].value for name in NAMES} == pytest.approx(expected, abs=1e-3)


def test_neighbourhoods__of_too_few_vectors_are_unknown() -> None:
    assert all(np.isnan(v.value) for v in neighbourhoods(normal(5), normal(50), 5).values())


# classifier two-sample test


def test_forest_test__cannot_tell_equal_distributions() -> None:
    found = forest_test(normal(400, seed=5), normal(400, seed=6), seed=0)

    assert abs(found.value - 0.5) < 3 * found.error
    assert found.error == pytest.approx(0.5 / np.sqrt(800), rel=0.01)


def test_forest_test__distinguishes_widths() -> None:
    found = forest_test(normal(300, components=30), 2 * normal(300, components=30), seed=0)

    assert found.value > 0.95


def test_squares_test__tells_a_mixture_that_trees_hardly_tell() -> None:
    rng = np.random.default_rng(0)
    heavy = rng.normal(size=(1200, 200)) * np.exp(0.25 * rng.normal(size=(1200, 1)))
    widths = np.exp(0.2 * rng.normal(size=(5, 200)))  # of five parts
    data, others = np.split(heavy, 2)
    mixture = rng.normal(size=(600, 200)) * widths[rng.integers(5, size=600)]

    equal = squares_test(data**2, others**2, seed=0)
    trees, squares = forest_test(data, mixture, 0), squares_test(data**2, mixture**2, 0)

    assert abs(equal.value - 0.5) < 3 * equal.error
    assert squares.value > trees.value + 2 * trees.error


def test_forest_test__of_too_few_vectors_is_unknown() -> None:
    assert np.isnan(forest_test(normal(39), normal(400), seed=0).value)


# sliced Wasserstein distance


@pytest.mark.parametrize("side", [16, 32, 48, 64])
def test_laplacian_pyramid__adds_up_to_the_image(side: int) -> None:
    images = pictures(3, side=side)
    kernel = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1])[None, :, :, None] / 256

    pyramid = list(laplacian_pyramid(images))

    assert tuple(level.shape[1] for level in pyramid) == levels(side)
    whole = pyramid[-1]
    for level in pyramid[-2::-1]:
        up = np.zeros_like(level)
        up[:, ::2, ::2] = whole
        whole = level + convolve(up, 4 * kernel, mode="mirror")
    np.testing.assert_allclose(whole, images, atol=1e-2)


def test_patches_of__are_cut_from_the_images() -> None:
    images = pictures(5, side=16, channels=1)

    patches = patches_of(images, 0, (0,))

    assert patches.shape == (5, PATCHES, PATCH * PATCH)
    windows = np.lib.stride_tricks.sliding_window_view(images[2, :, :, 0], (PATCH, PATCH))
    known = {window.tobytes() for window in windows.reshape(-1, PATCH, PATCH).astype("f4")}
    assert all(patch.tobytes() in known for patch in patches[2])


def test_sliced_wasserstein__is_the_mean_of_one_dimensional_distances() -> None:
    real, fake = pictures(12, seed=1), pictures(12, seed=2) // 2

    found, by_level = sliced_wasserstein(real, fake, seed=3)

    for level, value in enumerate(by_level):
        x, y = (
            normalised(patches_of(images, level, (3, k, level)))
            for k, images in enumerate((real, fake))
        )
        directions = random_directions(x.shape[-1], (3, 2, level))
        one = [wasserstein_distance((x @ d).ravel(), (y @ d).ravel()) for d in directions.T[:20]]
        every = distance(x @ directions[:, :20], y @ directions[:, :20])
        assert every == pytest.approx(1e3 * np.mean(one), rel=1e-4)
        assert value == pytest.approx(distance(x @ directions, y @ directions), rel=1e-4)
    assert directions.shape[1] == REPEATS * DIRECTIONS == 512
    np.testing.assert_allclose(np.linalg.norm(directions, axis=0), 1, rtol=1e-5)
    assert found.value == pytest.approx(np.mean(by_level))
    assert found.error > 0


@pytest.mark.parametrize("images", [5, 10, 37])
def test_distances_without__are_those_of_the_images_that_are_left(images: int) -> None:
    rng = np.random.default_rng(images)
    x, y = rng.normal(size=(2, images, 3, 4)).astype(np.float32).round(1)  # with ties

    found = distances_without(x, y)

    np.testing.assert_array_equal(found[1:], replicates(distance, x, y))
    assert found[0] == distance(x, y)


def test_sliced_wasserstein__is_larger_for_blurred_images_than_for_others() -> None:
    real, others = pictures(200, seed=1), pictures(200, seed=2)
    blurred = convolve(others.astype("f4"), np.ones((1, 3, 3, 1)) / 9).astype(np.uint8)

    equal, _ = sliced_wasserstein(real, others, seed=0)
    worse, _ = sliced_wasserstein(real, blurred, seed=0)

    assert equal.value + 3 * equal.error < worse.value


def test_sliced_wasserstein__of_images_of_one_colour_is_a_number() -> None:
    black = np.zeros((3, 32, 32, 1), dtype=np.uint8)

    assert sliced_wasserstein(black, black, seed=0)[0].value == 0


# region


def test_violated_pairs__counts_every_pair() -> None:
    w, level = 2 * normal(50, components=9).astype(np.float64), 2.2

    i, j = np.triu_indices(9, k=1)
    expected = (w[:, i] ** 2 + w[:, j] ** 2 > level**2).mean(axis=1)
    np.testing.assert_allclose(violated_pairs(w, level), expected, rtol=1e-6)


def test_violated_pairs__of_normal_vectors_are_what_the_ellipse_leaves_out() -> None:
    w = normal(20_000, components=8).astype(np.float64)

    assert violated_pairs(w, 2.0).mean() == pytest.approx(np.exp(-2), rel=0.03)


# faces


@pytest.mark.parametrize("side", [32, 64, 96, 128])
@pytest.mark.parametrize("grey", [False, True])
def test_find_faces__finds_a_face_and_none_in_noise(side: int, grey: bool) -> None:
    portrait = Image.fromarray(astronaut()).crop((150, 10, 300, 160)).resize((side, side))
    face = np.asarray(portrait.convert("L" if grey else "RGB")).reshape(1, side, side, -1)
    noise = pictures(1, side=side, channels=face.shape[-1])

    assert find_faces(np.concatenate([face, noise])).tolist() == [True, False]
