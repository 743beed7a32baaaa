"""Independent normals truncated to the region where u_i^2 + u_j^2 <= 1 for every pair.

Plain rejection fails: with the standard deviations of faces, almost no vector of 256 normals is in
the region. But the law factorises given the largest |u|. Let f_i and F_i be the density and the
distribution function of |u_i|, which is half-normal of scale s_i. The density of component i being
the largest, with |u_i| = m, is

    g_i(m) = f_i(m) prod_{j != i} F_j(c),   c = min(m, sqrt(1 - m^2)),   0 <= m <= 1,

since each other |u_j| has to be at most m and at most sqrt(1 - m^2). Given i and m, the others are
independent normals truncated to [-c, c]. So m is drawn from the sum of the g_i, i in proportion to
g_i(m), and the others by their inverse distribution functions. This is exact up to floating-point
rounding and needs no Markov chain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, erfinv, logsumexp

Floats = NDArray[np.float64]

_CELLS = 2048
_BEND = np.sqrt(0.5)  # where m and sqrt(1 - m^2) meet
_ROOT_2 = np.sqrt(2.0)


@dataclass(frozen=True)
class NormalInRegion:
    """The law for given scales, with a step function above the density of the largest |u|.

    Attributes
    ----------
    scale
        (K,) standard deviations of u before the truncation, above 0.
    edges
        (cells + 1,) ascending from 0 to 1.
    log_bound
        (cells,) upper bounds of the logarithm of sum_i g_i in each cell.
    """

    scale: Floats
    edges: Floats
    log_bound: Floats

    @classmethod
    def of(cls, scale: Floats) -> "NormalInRegion":
        """Bound the density from above in cells fine enough that most proposals are accepted.

        f_i falls with m and F_j(c) grows with c; c grows up to 1/sqrt(2) and falls from there.
        """
        finest = 1e-3 * min(1.0, scale.min())
        below = np.union1d(np.geomspace(finest, _BEND, _CELLS), np.linspace(0, _BEND, _CELLS))
        edges = np.concatenate([below, np.linspace(_BEND, 1, _CELLS)[1:]])
        left, right = edges[:-1], edges[1:]
        loosest = np.where(right <= _BEND, right, _smaller(left))
        return cls(scale, edges, logsumexp(_log_densities(left, loosest, scale), axis=1))

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Draw vectors (n, K) of the region."""
        largest, chosen = self._largest(rng, n)
        bound = _smaller(largest)[:, None]
        u = rng.random((n, len(self.scale)))
        u *= 2.0
        u -= 1.0
        u *= erf(bound / (_ROOT_2 * self.scale))
        u = np.clip(erfinv(u) * (_ROOT_2 * self.scale), -bound, bound)
        u[np.arange(n), chosen] = largest * rng.choice([-1.0, 1.0], size=n)
        return u

    def _largest(self, rng: np.random.Generator, n: int) -> tuple[Floats, NDArray[np.int64]]:
        """Draw the largest |u| of each vector, (n,), and the component that has it, (n,)."""
        width = np.diff(self.edges)
        mass = width * np.exp(self.log_bound - self.log_bound.max())
        reached = np.cumsum(mass) / mass.sum()
        largest, chosen = np.empty(n), np.empty(n, np.int64)
        missing = np.arange(n)
        while len(missing):
            cell = np.minimum(np.searchsorted(reached, rng.random(len(missing))), len(mass) - 1)
            m = self.edges[cell] + width[cell] * rng.random(len(missing))
            each = np.exp(
                _log_densities(m, _smaller(m), self.scale) - self.log_bound[cell][:, None]
            )
            summed = np.cumsum(each, axis=1)
            # One number both accepts and chooses: if accepted, it is uniform below the sum.
            height = rng.random(len(missing))
            accepted = height < summed[:, -1]
            done = missing[accepted]
            largest[done] = m[accepted]
            chosen[done] = np.sum(summed[accepted] <= height[accepted, None], axis=1)
            missing = missing[~accepted]
        return largest, chosen


def _smaller(m: Floats) -> Floats:
    """Bound that the largest |u| = m sets for the others."""
    return np.minimum(m, np.sqrt(1.0 - m * m))


def _log_densities(m: Floats, c: Floats, scale: Floats) -> Floats:
    """log g_i (len(m), K), up to a constant, for the largest |u| = m and the bound c > 0."""
    log_f = -0.5 * (m[:, None] / scale) ** 2 - np.log(scale)
    log_below = np.log(erf(c[:, None] / (_ROOT_2 * scale)))
    return log_f + log_below.sum(axis=1, keepdims=True) - log_below
