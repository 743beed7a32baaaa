"""The pair condition in terms of confidence ellipses of the original coordinates."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from numba import njit
from pydantic import Field

from zpoints.pipeline.parts.generator import Floats, require_spread
from zpoints.pipeline.sample.laws.law import Law

# A stronger correlation counts as this one: the inside of its ellipse is lost in float32.
_STRONGEST = 1 - 1e-9
_LEAST_SWEEPS, _MOST_SWEEPS = 30, 1000
# Chains that advance together, and random numbers that are drawn ahead for them.
_MOST_TOGETHER, _MOST_NUMBERS = 64, 2**22


class EllipseOriginal(Law):
    """Uniform on the vectors all of whose N(N-1)/2 pairs are in their confidence ellipses.

    Each vector is the end of a separate Markov chain that starts at the mean. Gibbs sampling
    redraws one component after another, uniformly in the interval that the others allow. The
    region is convex, so the uniform law is the only stationary one; `sweeps` determines how
    closely it is reached. On faces (256 components, correlations up to 0.89) the slowest direction
    has an integrated autocorrelation time of 5 sweeps; most have 1. That time grows with
    1 / (1 - r) for the largest absolute correlation r, and so does the default of `sweeps`, up to
    a bound. Beyond the bound the vectors are closer to the mean than uniform ones, in the
    direction that the two components share; the run and the constraint report it.

    A component without variance keeps its mean.
    """

    generator: Literal["ellipse_original"] = "ellipse_original"
    level: float = Field(
        default=3.0,
        gt=0,
        allow_inf_nan=False,
        description="Half-axes of the ellipses in standard deviations, above 0.",
    )
    sweeps: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Redraws of every component; null: 4 / (1 - largest absolute correlation), "
        f"{_LEAST_SWEEPS} to {_MOST_SWEEPS}.",
    )

    def fit_law(
        self, statistics: xr.Dataset, latents: xr.Dataset | None = None
    ) -> "EllipseOriginalSampler":
        """Take means, variances and correlations from the statistics."""
        require_spread(statistics, self.generator)
        correlation = _correlation(statistics)
        return EllipseOriginalSampler(
            mean=statistics["mean"].values,
            deviation=np.sqrt(statistics["variance"].values),
            correlation=correlation,
            level=self.level,
            sweeps=self.sweeps or min(_wanted_sweeps(correlation), _MOST_SWEEPS),
            remark=self.remark(statistics),
        )

    def remark(self, statistics: xr.Dataset) -> str | None:
        """Report a default of fewer sweeps than the strongest correlation requires."""
        correlation = _correlation(statistics)
        wanted = _wanted_sweeps(correlation)
        if self.sweeps or wanted <= _MOST_SWEEPS:
            return None
        i, j = np.unravel_index(np.argmax(np.abs(correlation)), correlation.shape)
        return (
            f"{_MOST_SWEEPS:,} sweeps, not the {wanted:,} that the correlation "
            f"{correlation[i, j]:.9g} of components {i} and {j} requires, leave the vectors too "
            "close to the mean: set sweeps, or leave this generator out"
        )


def _correlation(statistics: xr.Dataset) -> Floats:
    """Correlations (N, N), at most `_STRONGEST`; 0 on the diagonal and for constant components."""
    varying = statistics["variance"].values > 0
    correlation = np.where(np.outer(varying, varying), statistics["correlation"].values, 0.0)
    np.fill_diagonal(correlation, 0.0)
    return np.clip(correlation, -_STRONGEST, _STRONGEST)


def _wanted_sweeps(correlation: Floats) -> int:
    return max(_LEAST_SWEEPS, int(np.ceil(4 / (1 - np.abs(correlation).max()))))


@dataclass(frozen=True)
class EllipseOriginalSampler:
    """z_i = mean_i + level deviation_i x_i with x uniform on the region of level 1.

    `mean` and `deviation` are (N,), `correlation` (N, N) with a diagonal of 0; `remark` reports too
    few sweeps.
    """

    mean: Floats
    deviation: Floats
    correlation: Floats
    level: float
    sweeps: int
    remark: str | None
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """The pair condition."""
        condition = (
            f"every pair of components within its confidence ellipse of level {self.level:g} "
            "in original coordinates"
        )
        return f"{condition} ({self.remark})" if self.remark else condition

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), N)."""
        x = np.zeros((len(samples), len(self.mean)))
        redraw_components(x, self.correlation, self.sweeps, rng)
        return self.mean + x * (self.level * self._margin() * self.deviation)

    def _margin(self) -> float:
        """Factor that shrinks x so that rounding z to float32 keeps every pair in its ellipse.

        Rounding moves z_i by at most 2^-24 (|mean_i| + level deviation_i), and the ellipse of a
        pair measures a step by at most its length over sqrt(1 - |correlation|).
        """
        varying = self.deviation > 0
        reach = self.level * self.deviation[varying]
        step = 2.0**-24 * (np.abs(self.mean[varying]) + reach) / reach
        tight = 1 - np.abs(self.correlation[np.ix_(varying, varying)])
        length = np.hypot(step[:, None], step) / np.sqrt(tight)
        return float(1 / (1 + 2 * np.max(length, initial=0.0)))


@njit(nogil=True, cache=True, fastmath=True)
def allowed(correlation, breadth, x, room, low, high):  # type: ignore[no-untyped-def]
    """Intervals that all other components allow one of them, for several vectors.

    The ellipse x_i^2 - 2 c x_i x_j + x_j^2 <= 1 - c^2 of the correlation c bounds x_i by
    c x_j -+ sqrt(1 - c^2) sqrt(1 - x_j^2).

    Parameters
    ----------
    correlation
        (N,) correlations c of all components with the component; 0 for the component itself.
    breadth
        (N,) sqrt(1 - c^2).
    x
        (N, vector) components; 0 for the component itself.
    room
        (N, vector) sqrt(1 - x^2).
    low, high
        (vector,) bounds, written in place.
    """
    low[:] = -1.0
    high[:] = 1.0
    for j in range(len(x)):
        c, b = correlation[j], breadth[j]
        for k in range(len(low)):
            middle, half = c * x[j, k], b * room[j, k]
            low[k] = max(low[k], middle - half)
            high[k] = min(high[k], middle + half)


@njit(nogil=True, cache=True)
def redraw_components(x, correlation, sweeps, rng):  # type: ignore[no-untyped-def]
    """Redraw every component of every row of x (n, N) in turn, `sweeps` times, in place.

    Rows advance together in groups, side by side in memory, for the vector units of the processor.
    Each uses the random numbers that it would use if one row were finished after the other.

    Parameters
    ----------
    x
        (n, N) float64 inside the region of level 1; each row is a separate chain.
    correlation
        (N, N) float64 with a diagonal of 0.
    sweeps
        Number of redraws of each component.
    rng
        `numpy.random.Generator`.
    """
    n, components = x.shape
    breadth = np.sqrt(1.0 - correlation * correlation)
    together = max(1, min(_MOST_TOGETHER, _MOST_NUMBERS // (sweeps * components)))
    ahead = max(1, min(sweeps, _MOST_NUMBERS // (together * components)))
    for start in range(0, n, together):
        chains = np.ascontiguousarray(x[start : start + together].T)
        room = np.sqrt(1.0 - chains * chains)
        low, high = np.empty(chains.shape[1]), np.empty(chains.shape[1])
        for sweep in range(sweeps):
            if sweep % ahead == 0:
                shares = rng.random((chains.shape[1], min(ahead, sweeps - sweep), components))
            for i in range(components):
                chains[i], room[i] = 0.0, 1.0
                allowed(correlation[i], breadth[i], chains, room, low, high)
                for k in range(len(low)):
                    chains[i, k] = low[k] + (high[k] - low[k]) * shares[k, sweep % ahead, i]
                    room[i, k] = np.sqrt(1.0 - chains[i, k] * chains[i, k])
        x[start : start + together] = chains.T
