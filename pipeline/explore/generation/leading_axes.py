"""Vectors along the leading principal components, inside the allowed region."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.explore.python_lines import opened
from zpoints.pipeline.explore.space import Space
from zpoints.pipeline.sample.laws.ellipses.pair_condition import (
    PairCondition,
    shrink_pairs,
    violating_pairs,
)

Floats = NDArray[np.float64]

AXES = 10
"""Principal components that have a slider."""
FACT = 0.7
"""Half-axes in units of the widths at half maximum, as the generator `ellipse` has by default."""


@dataclass(frozen=True)
class LeadingAxes:
    """The leading principal components, in units of their standard deviations.

    Attributes
    ----------
    basis
        Principal components that vary, at most ten of them.
    limits
        (axis) half-axes of the allowed region, in standard deviations; no two coordinates u_i =
        s_i / limits_i may have u_i^2 + u_j^2 > 1.
    ratios
        (axis) shares of the total variance.
    """

    basis: Basis
    limits: Floats
    ratios: Floats

    @classmethod
    def of(
        cls, statistics: xr.Dataset, *, fact: float = FACT, level: float | None = None
    ) -> "LeadingAxes":
        """The axes of stored statistics.

        Parameters
        ----------
        statistics
            The `statistics` group.
        fact
            Half-axes in units of the widths at half maximum.
        level
            Half-axes in standard deviations instead, the level of confidence ellipses.
        """
        whole = Basis.from_statistics(statistics)
        count = min(AXES, whole.rank)
        basis = whole.leading(count)
        if level is not None:
            limits = np.full(count, float(level))
        else:
            condition = PairCondition.from_statistics(statistics, K=count, fact=fact)
            limits = condition.half_axes / basis.deviations
        return cls(basis, limits, whole.explained_variance_ratio[:count])

    def held_inside(self, steps: Floats, moved: int) -> Floats:
        """The coordinates, with the one that was moved in its allowed interval.

        Parameters
        ----------
        steps
            (axis) in standard deviations.
        moved
            Number of the axis that was moved.
        """
        others = np.delete(steps / self.limits, moved)
        room = np.sqrt(max(0.0, 1 - float(np.max(others**2, initial=0.0))))
        held = steps.copy()
        most = room * self.limits[moved]
        held[moved] = np.clip(steps[moved], -most, most)
        return held

    def violations(self, steps: Floats) -> int:
        """Number of pairs of these axes that are outside their ellipse."""
        return int(violating_pairs(np.square(steps / self.limits)[None] * (1 - 1e-9))[0])

    def random_inside(self, seed: int) -> Floats:
        """Coordinates (axis) inside all ellipses, drawn as the generator `ellipse` does."""
        rng = np.random.default_rng(seed)
        u = rng.uniform(-1.0, 1.0, (1, len(self.limits)))
        shrink_pairs(u, rng)
        return np.asarray(u[0] * self.limits)

    def vector(self, steps: Floats, start: Floats | None = None) -> Floats:
        """The vector (component) at these coordinates.

        Parameters
        ----------
        steps
            (axis) in standard deviations.
        start
            (component) vector whose further coordinates stay; the mean if omitted.
        """
        origin = self.basis.mean if start is None else start
        own = self.basis.project(origin[None])[0]
        moved = steps * self.basis.deviations - own
        return np.asarray(origin + moved @ self.basis.loadings)

    def steps_of(self, z: Floats) -> Floats:
        """Coordinates (axis) of a vector (component), in standard deviations."""
        return np.asarray(self.basis.project(z[None])[0] / self.basis.deviations)


def axes_code(space: Space, steps: Floats, start: str | None = None) -> str:
    """Python that decodes the vector at these coordinates.

    Parameters
    ----------
    space
        Where the statistics are.
    steps
        (axis) in standard deviations.
    start
        Name of the image whose further coordinates stay; the mean if omitted.
    """
    values = ", ".join(f"{float(step):.12g}" for step in steps)
    origin = (
        'start = store.statistics["mean"].values'
        if start is None
        else f"start = store.latents.z.sel(image={start!r}).values.astype(float)"
    )
    return "\n".join(
        (
            opened(space, "import numpy as np"),
            f"pcs = store.statistics.isel(pc=slice({len(steps)}))",
            origin,
            f"steps = np.array([{values}])  # in standard deviations",
            "v = steps * np.sqrt(pcs.explained_variance.values)",
            f"v -= store.project(start, {len(steps)}).values",
            "image = store.decode(start + v @ pcs.loadings.values)",
        )
    )
