"""Sliced Wasserstein distance between Laplacian-pyramid patches of two sets of images."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.evaluate.estimate import GROUPS, Estimate, jackknife_error
from zpoints.pipeline.evaluate.inputs import Comparison

Floats = NDArray[np.float32]
PATCH, SMALLEST = 7, 16  # pixels; sides of a patch and of the coarsest level
PATCHES, DIRECTIONS, REPEATS = 128, 128, 4  # patches per image and level; directions per repeat
AT_ONCE = 16  # directions that a thread projects at once
JACKKNIFED = 32  # directions of the error, which takes longer than the distance
THREADS = min(os.cpu_count() or 1, 4)
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

    A fine level is large where detail is missing or wrong, a coarse one where shapes are. As in the
    reference, the patches of a level are normalised by the mean and standard deviation of each
    channel, there are 128 random patches per image and level, and 4 times 128 random directions.
    The error is a jackknife over images with the first 32 directions; it does not cover the choice
    of patches and directions. Directions are treated side by side in threads, since this measure
    takes longer than all others together; the result has the same bits for any number of them.

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
    by_level, without = [], []
    for level, _ in enumerate(levels(reference.shape[1])):
        pair = [
            normalised(patches_of(images, level, (seed, k, level)))
            for k, images in enumerate((reference, judged))
        ]
        directions = random_directions(pair[0].shape[-1], (seed, 2, level))
        starts = range(0, directions.shape[1], AT_ONCE)
        with single_threaded_blas(), ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(partial(_along, pair, directions), starts))
        by_level.append(float(np.mean([values[0] for values in found])))
        without.append(np.mean(found[: JACKKNIFED // AT_ONCE], axis=0)[1:])
    error = jackknife_error(np.mean(without, axis=0))
    return Estimate(float(np.mean(by_level)), error), by_level


def _along(pair: Sequence[Floats], directions: Floats, start: int) -> NDArray[np.float64]:
    """`distances_without` along some directions; after the first 32 only the distance, (1,)."""
    some = [p @ directions[:, start : start + AT_ONCE] for p in pair]
    return distances_without(*some) if start < JACKKNIFED else np.array([distance(*some)])


def distance(x: Floats, y: Floats) -> float:
    """Mean over the directions of the Wasserstein distance of projections, times 1000.

    Parameters
    ----------
    x, y
        float32 (image, patch, direction), of equal shapes. In one dimension the distance is the
        mean difference of the sorted values.
    """
    return _distance_of_sorted(*(np.sort(_columns(p), axis=1) for p in (x, y)))


def distances_without(x: Floats, y: Floats) -> NDArray[np.float64]:
    """`distance` (1 + group,), then without every tenth image, starting at the first, second, ...

    Equal to `estimate.replicates`, but sorts only once: values removed from a sorted array leave
    it sorted.
    """
    ordered = [_sorted_with_groups(p) for p in (x, y)]
    found = np.full(1 + GROUPS, np.nan)
    found[0] = _distance_of_sorted(*(values for values, _ in ordered))
    if len(x) >= GROUPS:
        for group in range(GROUPS):
            found[1 + group] = _distance_of_sorted(
                *(values[of != group].reshape(len(values), -1) for values, of in ordered)
            )
    return found


def _distance_of_sorted(x: Floats, y: Floats) -> float:
    return float(SCALE * np.abs(x - y).mean(dtype=np.float64))


def _columns(p: Floats) -> Floats:
    """Projections (image, patch, direction) as (direction, value), each direction contiguous."""
    return np.ascontiguousarray(p.reshape(-1, p.shape[-1]).T)


def _sorted_with_groups(p: Floats) -> tuple[Floats, NDArray[np.uint8]]:
    """Projections (image, patch, direction) sorted as (direction, value), and their groups."""
    images, patches, _ = p.shape
    columns = _columns(p)
    order = np.argsort(columns, axis=1)
    group = (np.arange(images * patches) // patches % GROUPS).astype(np.uint8)
    return np.take_along_axis(columns, order, axis=1), group[order]


def normalised(patches: Floats) -> Floats:
    """Scale patches (image, patch, value) to mean 0, standard deviation 1 in each channel."""
    n, count, size = patches.shape
    pixels = patches.reshape(n * count, PATCH * PATCH, size // PATCH**2)
    mean = pixels.mean(axis=(0, 1), dtype=np.float64)
    centred = pixels - mean.astype(np.float32)  # in single precision: there are many patches
    squares = np.einsum("ijk,ijk->k", centred, centred, dtype=np.float64)
    spread = np.sqrt(squares / (n * count * PATCH * PATCH))
    spread[spread == 0] = 1.0  # a constant channel
    centred /= spread.astype(np.float32)
    return centred.reshape(patches.shape)


def random_directions(size: int, seed: tuple[int, ...]) -> Floats:
    """Random unit vectors (size, direction) of all repeats, uniform on the sphere."""
    directions = np.random.default_rng(seed).normal(size=(size, REPEATS * DIRECTIONS))
    return (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)


def patches_of(images: NDArray[np.uint8], level: int, seed: tuple[int, ...]) -> Floats:
    """Random patches of one level of the images' Laplacian pyramids, the finest being 0.

    Parameters
    ----------
    images
        uint8 (image, y, x, channel).
    level
        Number of the level.
    seed
        Seed of the positions.

    Returns
    -------
    numpy.ndarray
        float32 (image, patch, value); values in the order y, x, channel.
    """
    rng = np.random.default_rng(seed)
    starts = range(0, len(images), BLOCK)
    pyramids = (laplacian_pyramid(images[start : start + BLOCK]) for start in starts)
    return np.concatenate([_patches(next(islice(p, level, None)), rng) for p in pyramids])


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
