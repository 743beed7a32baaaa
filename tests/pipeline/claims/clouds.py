"""Clouds of vectors for which the verdicts on the claims are known."""

from collections.abc import Callable

import numpy as np

COMPONENTS = 64
VECTORS = 4000

_SPREAD = np.array([1.5, 0.95, 0.95, 0.95, 0.95, *[0.08] * 59])


def as_claimed(seed: int) -> np.ndarray:
    """Normal vectors that the source's claims describe.

    Five of 64 components dominate the variance, two of them correlate by 0.8, the mean is on two
    other axes, and the lengths are those of vectors uniform in [-1.5, 1.5].
    """
    z = np.random.default_rng(seed).normal(size=(VECTORS, COMPONENTS))
    z[:, 1] = 0.8 * z[:, 0] + 0.6 * z[:, 1]
    z *= _SPREAD
    z[:, 10:12] += 4.5
    return z


def rotated(seed: int) -> np.ndarray:
    """The same vectors in coordinates that mix all components."""
    axes, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(COMPONENTS, COMPONENTS)))
    return as_claimed(seed) @ axes


def uncorrelated(seed: int) -> np.ndarray:
    """Independent components with the same spreads."""
    return np.random.default_rng(seed).normal(size=(VECTORS, COMPONENTS)) * _SPREAD


def off_centre(seed: int) -> np.ndarray:
    """The same, with a mean on a third of the axes."""
    z = uncorrelated(seed)
    z[:, 20:40] += 1.3
    return z


def heavy_tailed(seed: int) -> np.ndarray:
    """A t distribution with 5 degrees of freedom: elliptic contours, wide radii."""
    chi2 = np.random.default_rng(seed + 1000).chisquare(5, (VECTORS, 1))
    return uncorrelated(seed) / np.sqrt(chi2 / 5)


def laplace(seed: int) -> np.ndarray:
    """Independent Laplace components."""
    return np.random.default_rng(seed).laplace(size=(VECTORS, COMPONENTS)) * _SPREAD


def uniform(seed: int) -> np.ndarray:
    """Components uniform in [-1.5, 1.5]."""
    return np.random.default_rng(seed).uniform(-1.5, 1.5, (VECTORS, COMPONENTS))


def boxes(seed: int) -> np.ndarray:
    """Independent uniform components of different widths, so that PCA leaves them as they are."""
    return np.random.default_rng(seed).uniform(-2, 2, (VECTORS, COMPONENTS)) * 0.9 ** np.arange(
        COMPONENTS
    )


def sphere(seed: int) -> np.ndarray:
    """Uniform on a sphere with the radius of vectors uniform in [-1.5, 1.5]."""
    z = np.random.default_rng(seed).normal(size=(VECTORS, COMPONENTS))
    return 6.9 * z / np.linalg.norm(z, axis=1, keepdims=True)


def clusters(seed: int) -> np.ndarray:
    """Four normal clusters, apart by several of their widths."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(7).normal(size=(4, COMPONENTS))
    return centres[rng.integers(0, 4, VECTORS)] + 0.2 * rng.normal(size=(VECTORS, COMPONENTS))


def wide(seed: int) -> np.ndarray:
    """The vectors of `as_claimed` on a scale four times as large."""
    return 4 * as_claimed(seed)


CLOUDS: dict[Callable[[int], np.ndarray], tuple[set[int], set[int]]] = {
    as_claimed: ({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17}, set()),
    wide: ({1, 2, 9, 10, 11, 14, 15, 16, 17}, {3, 8, 12}),
    rotated: ({1, 3, 10, 11, 12, 14, 15, 17}, {2, 4, 16}),
    uncorrelated: ({1, 2, 3, 10, 11, 14, 15, 17}, {9, 12}),
    off_centre: ({1, 3, 10, 11, 12, 14, 15, 17}, {2, 4, 5, 9, 16}),
    heavy_tailed: ({2, 3, 10, 15}, {1, 9, 14, 17}),
    laplace: ({2, 3, 15}, {1, 14, 17}),
    uniform: ({2, 3, 12}, {1, 6, 7, 9, 10, 11, 14, 15}),
    boxes: ({2, 3}, {1, 9, 10, 14, 17}),
    sphere: ({1, 2, 3, 10, 12, 17}, {6, 7, 9, 11, 14, 15}),
    clusters: ({3}, {1, 10, 14, 17}),
}
"""For each cloud the numbers of the claims that hold and of those that fail."""
