"""The condition u_i^2 + u_j^2 <= 1 for every pair of components, and two laws on its region.

`PairCondition` scales the ellipses and counts violations. `shrink_pairs` turns independent uniform
components into the source's procedure: it visits all pairs in random order and, where a pair
violates the condition, keeps one of the two at random and redraws the other in its allowed
interval. `uniform_in_region` draws uniformly.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numba import njit
from numpy.typing import NDArray
from scipy.special import hyp2f1

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError

Floats = NDArray[np.float64]
Widths = Literal["hw", "sigma"]

NORMAL_WIDTH = 2 * np.sqrt(2 * np.log(2))
"""Full width at half maximum of a normal distribution in standard deviations, 2.355."""

# Rejection finds a violating pair until fewer than 1 in this many proposals would succeed.
_SPARSE = 64


@dataclass(frozen=True)
class PairCondition:
    """Every pair of the K leading PCA coordinates is inside its ellipse.

    With u_i = v_i / half_axes_i the condition is u_i^2 + u_j^2 <= 1.

    Attributes
    ----------
    half_axes
        (K,) float64, fact times the width of component i; 0 for a component of no width.
    description
        The condition as text, in terms of `fact`.
    """

    half_axes: Floats
    description: str

    @classmethod
    def from_statistics(
        cls,
        statistics: xr.Dataset,
        *,
        K: int,
        fact: float,
        core: bool = False,
        widths: Widths = "hw",
    ) -> "PairCondition":
        """Scale the ellipses by the measured widths.

        Parameters
        ----------
        statistics
            The `statistics` group: `pc_hw` or `explained_variance`; `core_pc_hw` or `core_pc_std`
            if `core`.
        K
            Number of leading principal components, 1 to all.
        fact
            Half-axes in units of the full width at half maximum.
        core
            Take the widths of the core instead of those of all z-points.
        widths
            hw, or those of normal distributions with the measured standard deviations.

        Raises
        ------
        SampleError
            If K is out of range.
        """
        hw = _widths(statistics, core, widths)
        if not 1 <= K <= len(hw):
            raise SampleError(
                f"K = {K}: expected 1 to {len(hw)}, the number of principal components."
            )
        of = " of the core" if core else ""
        unit = "hw_i" if widths == "hw" else f"{NORMAL_WIDTH:.4g} sigma_i"
        return cls(
            fact * hw[:K],
            f"u_i^2 + u_j^2 <= 1 for every pair of the {K} leading principal components, "
            f"u_i = v_i / ({fact:g} {unit}{of}); v_k = 0 for the others",
        )

    def violations(self, v: Floats) -> NDArray[np.int64]:
        """Number (vector,) of pairs outside their ellipses, of PCA coordinates (vector, >= K).

        Components of no width are left out.
        """
        kept = np.flatnonzero(self.half_axes > 0)
        u = v[:, kept] / self.half_axes[kept]
        return violating_pairs(u * u)


def _widths(statistics: xr.Dataset, core: bool, widths: Widths) -> Floats:
    """Full widths at half maximum (pc,) along the principal components."""
    if widths == "hw":
        found: Floats = statistics["core_pc_hw" if core else "pc_hw"].values
        return found
    sigma = (
        statistics["core_pc_std"].values if core else Basis.from_statistics(statistics).deviations
    )
    return NORMAL_WIDTH * sigma


@njit(nogil=True, cache=True)
def violating_pairs(square):  # type: ignore[no-untyped-def]
    """Number (n,) of pairs of each row of square (n, K) whose sum is above 1."""
    found = np.zeros(len(square), np.int64)
    large = np.empty(square.shape[1], np.int64)
    for row in range(len(square)):
        count = 0
        for i in range(square.shape[1]):
            if square[row, i] > 0.5:
                large[count] = i
                count += 1
        found[row] = count_violations(square[row], large, count)
    return found


@njit(nogil=True, cache=True)
def count_violations(square, large, count):  # type: ignore[no-untyped-def]
    """Number of pairs of square (K,) with a sum above 1.

    All pairs of two components with a square above 1/2 violate the condition, and no pair without
    one.

    Parameters
    ----------
    square
        (K,) squares u_i^2.
    large
        Numbers of the components with a square above 1/2, first.
    count
        Number of such components.
    """
    total = count * (count - 1) // 2
    for rank in range(count):
        violators = 0
        for j in range(len(square)):
            violators += square[large[rank]] + square[j] > 1.0
        total += violators - count
    return total


@njit(nogil=True, cache=True)
def propose_pair(square, large, count, rng):  # type: ignore[no-untyped-def]
    """A violating pair, uniform among all of them, by rejection.

    At least one of the two has a square above 1/2. A pair of two such components can be proposed in
    two ways, hence the coin.

    Parameters
    ----------
    square
        (K,) squares u_i^2.
    large
        Numbers of the components with a square above 1/2, first.
    count
        Number of such components.
    rng
        Source of the random numbers.

    Returns
    -------
    tuple of int
        Numbers of the two components.
    """
    while True:
        i = large[int(rng.random() * count)]
        j = int(rng.random() * len(square))
        if i != j and square[i] + square[j] > 1.0 and (square[j] <= 0.5 or rng.random() < 0.5):
            return i, j


@njit(nogil=True, cache=True)
def numbered_pair(square, large, count, rank):  # type: ignore[no-untyped-def]
    """The violating pair of a rank.

    Parameters
    ----------
    square
        (K,) squares u_i^2.
    large
        Numbers of the components with a square above 1/2, first.
    count
        Number of such components.
    rank
        Counted from 0.

    Returns
    -------
    tuple of int
        Numbers of the two components.
    """
    for k in range(count):
        i = large[k]
        for j in range(len(square)):
            if square[i] + square[j] > 1.0 and (square[j] <= 0.5 or j > i):
                if rank == 0:
                    return i, j
                rank -= 1
    raise AssertionError


@njit(nogil=True, cache=True)
def _redraw(u, square, kept, redrawn, rng):  # type: ignore[no-untyped-def]
    """Redraw one component in the interval that the other allows; return the pairs it settles."""
    old = square[redrawn]
    u[redrawn] = np.sqrt(1.0 - square[kept]) * (2.0 * rng.random() - 1.0)
    new = u[redrawn] * u[redrawn]
    # -1 keeps the component from being counted as its own partner.
    square[redrawn] = -1.0
    settled = 0
    for k in range(len(square)):
        settled += int(old + square[k] > 1.0) - int(new + square[k] > 1.0)
    square[redrawn] = new
    return settled


@njit(nogil=True, cache=True)
def shrink_pairs(u, rng):  # type: ignore[no-untyped-def]
    """Apply the source's sweep over all pairs to each row of u (n, K), in place.

    A shorter sweep with the same law replaces the one over all pairs in random order. A redraw
    only shrinks a component, so a visited pair stays satisfied. Hence all pairs that violate the
    condition are still to be visited, in an order that is uniformly random whatever happened so
    far, and the next one visited is uniform among them.

    Parameters
    ----------
    u
        (n, K) float64, independent uniform in [-1, 1].
    rng
        `numpy.random.Generator` of the redraws.

    Returns
    -------
    numpy.ndarray
        int64 (n,), number of redraws in each row.
    """
    n, components = u.shape
    redraws = np.zeros(n, np.int64)
    large = np.empty(components, np.int64)
    for row in range(n):
        square = u[row] * u[row]
        count = 0
        for i in range(components):
            if square[i] > 0.5:
                large[count] = i
                count += 1
        violations = count_violations(square, large, count)
        while violations > 0:
            if violations * _SPARSE > count * components:
                kept, redrawn = propose_pair(square, large, count, rng)
            else:
                rank = int(rng.random() * violations)
                kept, redrawn = numbered_pair(square, large, count, rank)
            if rng.random() < 0.5:
                kept, redrawn = redrawn, kept
            was_large = square[redrawn] > 0.5
            violations -= _redraw(u[row], square, kept, redrawn, rng)
            redraws[row] += 1
            if was_large and square[redrawn] <= 0.5:
                k = 0
                while large[k] != redrawn:
                    k += 1
                count -= 1
                large[k] = large[count]
    return redraws


def uniform_in_region(rng: np.random.Generator, n: int, components: int) -> Floats:
    """Draw vectors uniform on the region, by the closed form of their largest |u|.

    All pairs satisfy the condition if the two largest squares sum to at most 1. The largest |u|,
    m, has a density proportional to K m^(K-1) up to 1/sqrt(2), then to K (1 - m^2)^((K-1)/2);
    given m, the others are independent and uniform in [-m, m], or in +-sqrt(1 - m^2).

    Parameters
    ----------
    rng
        Source of randomness.
    n
        Number of vectors.
    components
        K.

    Returns
    -------
    numpy.ndarray
        float64 (n, K).
    """
    largest = _largest(rng, n, components)
    others = np.minimum(largest, np.sqrt(1.0 - largest * largest))
    u = rng.random((n, components))
    u *= 2.0
    u -= 1.0
    u *= others[:, None]
    rows, chosen = np.arange(n), rng.integers(components, size=n)
    u[rows, chosen] = largest * rng.choice([-1.0, 1.0], size=n)
    return u


def _largest(rng: np.random.Generator, n: int, components: int) -> Floats:
    """Draw the largest |u| of each vector, (n,), from either branch of its density.

    Beyond 1/sqrt(2), t = 1 - m^2 has a density proportional to t^((K-1)/2) / sqrt(1 - t) on
    [0, 1/2]: drawn as t^((K-1)/2) and accepted with probability 1 / sqrt(2 (1 - t)).
    """
    inner = rng.random(n) ** (1 / components) * np.sqrt(0.5)
    shape = (components + 1) / 2
    odds = components / (np.sqrt(2) * 2 * shape) * hyp2f1(shape, 0.5, shape + 1, 0.5)
    wanted = rng.random(n) < odds / (1 + odds)
    outer = np.empty(n)
    missing = np.arange(n)
    while len(missing):
        t = 0.5 * rng.random(len(missing)) ** (1 / shape)
        accepted = rng.random(len(missing)) < np.sqrt(0.5 / (1 - t))
        outer[missing[accepted]] = np.sqrt(1 - t[accepted])
        missing = missing[~accepted]
    return np.where(wanted, outer, inner)
