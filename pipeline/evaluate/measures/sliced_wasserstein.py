"""Sliced Wasserstein distance between Laplacian-pyramid patches of two sets of images."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import GROUPS, Estimate, jackknife_error
from zpoints.pipeline.evaluate.inputs import Comparison

Floats = NDArray[np.float32]
PATCH, SMALLEST = 7, 16  # pixels; sides of a patch and of the coarsest level
PATCHES, DIRECTIONS = 32, 128  # patches per image and level; directions per level
SCALE = 1e3
BINOMIAL = np.array([1, 4, 6, 4, 1], dtype=np.float32) / 16
BLOCK = 128  # images whose pyramids are in memory at once


def measure_set(comparison: Comparison) -> dict[str, Estimate | list[float]]:
    """`swd` and `swd_by_level` of the photographs and the judged images."""
    swd, by_level = sliced_wasserstein(*comparison.images(), comparison.config.seed)
    return {"swd": swd, "swd_by_level": by_level}


def levels(side: int) -> tuple[int, ...]:
    """Sides of the pyramid's levels in pixels, the finest first, down to 16.

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
    """Distance between two sets of images times 1000: mean over the levels, and of each level.

    A fine level is large where detail is missing or wrong, a coarse one where shapes are. The
    patches of a level are normalised by the mean and standard deviation of each channel, as in the
    reference; there are 32 random patches per image and 128 random directions. The error is a
    jackknife over images; it does not cover the choice of patches and directions.

    Parameters
    ----------
    reference, judged
        uint8 (sample, y, x, channel): equal numbers of images of the same size.
    seed
        Seed of the patches and directions.

    Returns
    -------
    Estimate, list of float
        The mean over the levels with its error; the distance of each level, the finest first.

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
    """Wasserstein-1 distance of projections, averaged over directions, times 1000.

    Parameters
    ----------
    x, y
        float32 (image, patch, direction) of equal shape.
    """
    return _distance_of_sorted(*(np.sort(p.reshape(-1, p.shape[-1]).T, axis=1) for p in (x, y)))


def distances_without(x: Floats, y: Floats) -> NDArray[np.float64]:
    """`distance` (group,) without every tenth image, starting at the first, second, ...

    Equal to `estimate.replicates`, but sorts only once: values removed from a sorted array leave
    it sorted.
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
    """Projections (image, patch, direction) sorted as (direction, value), and their groups."""
    images, patches, _ = p.shape
    columns = p.reshape(images * patches, -1).T
    order = np.argsort(columns, axis=1)
    group = (np.arange(images * patches) // patches % GROUPS).astype(np.uint8)
    return np.take_along_axis(columns, order, axis=1), group[order]


def normalised(patches: Floats) -> Floats:
    """Scale patches (image, patch, value) to mean 0, standard deviation 1 in each channel."""
    n, count, size = patches.shape
    pixels = patches.reshape(n * count, PATCH * PATCH, size // PATCH**2)
    mean = pixels.mean(axis=(0, 1), dtype=np.float64)
    spread = pixels.std(axis=(0, 1), dtype=np.float64)
    spread[spread == 0] = 1.0  # a constant channel
    return ((pixels - mean) / spread).astype(np.float32).reshape(patches.shape)


def random_directions(size: int, seed: tuple[int, ...]) -> Floats:
    """Random unit vectors (size, direction), uniform on the sphere."""
    directions = np.random.default_rng(seed).normal(size=(size, DIRECTIONS))
    return (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)


def pyramid_patches(images: NDArray[np.uint8], seed: tuple[int, ...]) -> list[Floats]:
    """Random patches of every level of the images' Laplacian pyramids.

    Returns
    -------
    list
        For each level float32 (image, patch, value); values in the order y, x, channel.
    """
    rng = np.random.default_rng(seed)
    blocks = []
    for start in range(0, len(images), BLOCK):
        pyramid = laplacian_pyramid(images[start : start + BLOCK])
        blocks.append([_patches(level, rng) for level in pyramid])
    return [np.concatenate(level) for level in zip(*blocks, strict=True)]


def laplacian_pyramid(images: NDArray[np.uint8]) -> Iterator[Floats]:
    """Levels float32 (image, y, x, channel), the finest first: differences, then the coarsest."""
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
