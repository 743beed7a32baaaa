"""Sliced Wasserstein distance between Laplacian-pyramid patches of two sets of images."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.measures.estimate import GROUPS, Estimate, jackknife_error

Floats = NDArray[np.float32]
PATCH, SMALLEST = 7, 16  # pixels
PATCHES, DIRECTIONS = 32, 128  # patches per image and level; directions per level
SCALE = 1e3
BINOMIAL = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16
BLOCK = 128  # images whose pyramids are in memory at once


def levels(side: int) -> tuple[int, ...]:
    """Sides of the levels, the finest first, down to 16 pixels.

    Examples
    --------
    >>> levels(64), levels(96)
    ((64, 32, 16), (96, 48, 24))
    """
    sides = [side]
    while sides[-1] % 2 == 0 and sides[-1] // 2 >= SMALLEST:
        sides.append(sides[-1] // 2)
    return tuple(sides)


def sliced_wasserstein(
    reference: NDArray[np.uint8], judged: NDArray[np.uint8], seed: int
) -> tuple[Estimate, list[float]]:
    """Distance of two sets of images, times 1000: the mean over the levels, and each level's.

    Large on a fine level where detail is missing or wrong, on a coarse one where shapes are. The
    patches of a level are normalised by the mean and standard deviation of each channel, as in the
    reference; 32 random patches per image and 128 random directions. The error is a jackknife over
    images; it does not cover the choice of patches and directions.

    Parameters
    ----------
    reference, judged
        uint8 (sample, y, x, channel), as many of one as of the other, of the same size.
    seed
        Of the patches and directions.

    References
    ----------
    Karras et al. (2018), Progressive growing of GANs, section 5 and appendix A.
    """
    patches = [pyramid_patches(images, (seed, k)) for k, images in enumerate((reference, judged))]
    by_level, without = [], []
    for level, pair in enumerate(zip(*patches, strict=True)):
        directions = random_directions(pair[0].shape[-1], (seed, 2, level))
        with single_threaded_blas():
            projections = [normalised(p) @ directions for p in pair]
        by_level.append(distance(*projections))
        without.append(distances_without(*projections))
    error = jackknife_error(np.mean(without, axis=0))
    return Estimate(float(np.mean(by_level)), error), by_level


def distance(x: Floats, y: Floats) -> float:
    """1000 times the mean over directions of the Wasserstein-1 distance of projections.

    Parameters
    ----------
    x, y
        float32 (image, patch, direction) of equal shape.
    """
    return _distance_of_sorted(*(np.sort(p.reshape(-1, p.shape[-1]).T, axis=1) for p in (x, y)))


def distances_without(x: Floats, y: Floats) -> NDArray[np.float64]:
    """(group,) `distance` without every tenth image, from the first, second, ... on.

    The replicates of `estimate.replicates`, but sorted once: what is left of sorted values is
    sorted.
    """
    if len(x) < GROUPS:
        return np.full(GROUPS, np.nan)
    ordered = [_sorted_with_groups(p) for p in (x, y)]
    return np.array(
        [
            _distance_of_sorted(
                *(values[of != group].reshape(len(values), -1) for values, of in ordered)
            )
            for group in range(GROUPS)
        ]
    )


def _distance_of_sorted(x: Floats, y: Floats) -> float:
    return float(SCALE * np.abs(x - y).mean(dtype=np.float64))


def _sorted_with_groups(p: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Projections (image, patch, direction) as (direction, value), sorted; each one's group."""
    images, patches, _ = p.shape
    columns = p.reshape(images * patches, -1).T
    order = np.argsort(columns, axis=1)
    group = (np.arange(images * patches) // patches % GROUPS).astype(np.uint8)
    return np.take_along_axis(columns, order, axis=1), group[order]


def normalised(patches: Floats) -> Floats:
    """Patches (image, patch, value) whose channels have mean 0 and standard deviation 1."""
    n, count, size = patches.shape
    pixels = patches.reshape(n * count, PATCH * PATCH, size // PATCH**2)
    mean = pixels.mean(axis=(0, 1), dtype=np.float64)
    spread = pixels.std(axis=(0, 1), dtype=np.float64)
    spread[spread == 0] = 1.0  # one colour everywhere
    return ((pixels - mean) / spread).astype(np.float32).reshape(patches.shape)


def random_directions(size: int, seed: tuple[int, ...]) -> Floats:
    """Unit vectors (size, direction), uniform on the sphere."""
    directions = np.random.default_rng(seed).normal(size=(size, DIRECTIONS))
    return (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)


def pyramid_patches(images: NDArray[np.uint8], seed: tuple[int, ...]) -> list[Floats]:
    """Random patches of every level of the images' Laplacian pyramids.

    Returns
    -------
    list
        For each level float32 (image, patch, value), a patch's values being y, x, channel.
    """
    rng = np.random.default_rng(seed)
    blocks = []
    for start in range(0, len(images), BLOCK):
        pyramid = laplacian_pyramid(images[start : start + BLOCK])
        blocks.append([_patches(level, rng) for level in pyramid])
    return [np.concatenate(level) for level in zip(*blocks, strict=True)]


def laplacian_pyramid(images: NDArray[np.uint8]) -> Iterator[Floats]:
    """Levels float32 (image, y, x, channel): each but the last without what is left on the next."""
    x = images.astype(np.float32)
    for _ in levels(x.shape[1])[1:]:
        coarser = _blurred(x)[:, ::2, ::2]
        up = np.zeros_like(x)
        up[:, ::2, ::2] = 4 * coarser
        yield x - _blurred(up)
        x = coarser
    yield x


def _blurred(x: Floats) -> Floats:
    for axis in (1, 2):
        x = convolve1d(x, BINOMIAL, axis=axis, mode="mirror")
    return x


def _patches(level: Floats, rng: np.random.Generator) -> Floats:
    n, height, width, _ = level.shape
    windows = np.lib.stride_tricks.sliding_window_view(level, (PATCH, PATCH), axis=(1, 2))
    image = np.arange(n)[:, None]
    y = rng.integers(height - PATCH + 1, size=(n, PATCHES))
    x = rng.integers(width - PATCH + 1, size=(n, PATCHES))
    # (image, patch, channel, y, x) to channels last
    return np.moveaxis(windows[image, y, x], 2, -1).reshape(n, PATCHES, -1)
