"""The source's method: every pair of leading principal components inside its ellipse."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.parts.generator import (
    ROUNDING_MARGIN,
    Floats,
    Sampler,
    require_spread,
)
from zpoints.pipeline.sample.laws.ellipses.core import (
    CORE_VECTORS,
    CoreSampler,
    core_memory,
    core_statistics,
)
from zpoints.pipeline.sample.laws.ellipses.pair_condition import (
    PairCondition,
    shrink_pairs,
    uniform_in_region,
)
from zpoints.pipeline.sample.laws.ellipses.truncated_normal import NormalInRegion
from zpoints.pipeline.sample.laws.law import Law

MOST_LEADING = 105
"""The source's number of components; the default of K if as many vary."""


class Ellipse(Law):
    """Pairs of the K leading PCA coordinates inside ellipses with half-axes a_i = fact * hw_i.

    In units of sigma the half-axes are fact * 2.355 sigma_i, which is the same for a normal
    distribution. Peaked ones are narrower at half maximum than their sigma suggests.
    """

    generator: Literal["ellipse"] = "ellipse"
    K: int | None = Field(
        default=None,
        ge=1,
        description="Number of leading principal components kept (1 to all; source: 50 to 256); "
        f"null: {MOST_LEADING}, or all that vary if fewer do.",
    )
    fact: float = Field(
        default=0.7,
        gt=0,
        allow_inf_nan=False,
        description="Half-axes in units of the full width at half maximum (source: 0.6 to 0.8).",
    )
    widths: Literal["hw", "sigma"] = Field(
        default="hw",
        description="hw: the measured widths at half maximum; sigma: 2.355 standard deviations, "
        "the width of a normal distribution.",
    )
    law: Literal["pairwise", "uniform", "normal"] = Field(
        default="pairwise",
        description="pairwise: the source's redrawing of pairs; uniform: uniform on the region; "
        "normal: the normal distribution with the measured variances, truncated to the region.",
    )
    core: bool = Field(
        default=False,
        description="Use widths and variances of the core (analyze.core_level) only.",
    )
    pca: Literal["all", "core"] = Field(
        default="all",
        description="all: principal components of all vectors; core: mean, principal components "
        f"and widths of the core alone, as in the source (of {CORE_VECTORS:,} training vectors).",
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics; the vectors too for axes of the core."""
        return ("statistics",) if self.pca == "all" else ("statistics", "latents")

    def fit_memory(self, images: int, components: int) -> int:
        """The vectors of the core, if it has axes of its own."""
        return 0 if self.pca == "all" else core_memory(images, components)

    def fit_law(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> Sampler:
        """Take the widths hw of the leading principal components from the statistics."""
        require_spread(statistics, self.generator)
        if self.pca == "all":
            return self._fitted(statistics, core=self.core)
        described = core_statistics(statistics, latents)
        law = self._fitted(described, core=False)
        return CoreSampler(law, Basis.from_statistics(described), int(described["count"][0]))

    def _fitted(self, statistics: xr.Dataset, *, core: bool) -> Sampler:
        basis, kept = Basis.from_statistics(statistics), self.kept(statistics)
        if basis.rank < kept:
            raise SampleError(
                f"The generator 'ellipse' cannot keep K = {kept} principal components, since the "
                f"latent vectors vary along {basis.rank} only: set K to at most {basis.rank}."
            )
        if core:
            _require_core(statistics)
        condition = PairCondition.from_statistics(
            statistics, K=kept, fact=self.fact, core=core, widths=self.widths
        )
        if self.law == "normal":
            deviations = statistics["core_pc_std"].values if core else basis.deviations
            normal = NormalInRegion.of(deviations[:kept] / condition.half_axes)
            return NormalEllipseSampler(condition.half_axes, condition.description, normal)
        return EllipseSampler(condition.half_axes, condition.description, self.law)

    def kept(self, statistics: xr.Dataset) -> int:
        """K, or if it is null the number of components that vary, at most 105."""
        return self.K or max(1, min(MOST_LEADING, Basis.from_statistics(statistics).rank))


@dataclass(frozen=True)
class EllipseSampler:
    """v_i = a_i u_i for the K = len(half_axes) leading components, 0 for the others."""

    half_axes: Floats
    constraint: str
    law: Literal["pairwise", "uniform"]
    space: ClassVar[Literal["z", "pc"]] = "pc"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), K) of PCA coordinates."""
        n, kept = len(samples), len(self.half_axes)
        if self.law == "uniform":
            u = uniform_in_region(rng, n, kept)
        else:
            u = rng.random((n, kept))
            u *= 2.0
            u -= 1.0
            shrink_pairs(u, rng)
        u *= self.half_axes * ROUNDING_MARGIN
        return u


@dataclass(frozen=True)
class NormalEllipseSampler:
    """v_i = a_i u_i, with u normal and truncated to the region."""

    half_axes: Floats
    constraint: str
    normal: NormalInRegion
    space: ClassVar[Literal["z", "pc"]] = "pc"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Draw vectors (len(samples), K) of PCA coordinates."""
        return self.normal.draw(rng, len(samples)) * (self.half_axes * ROUNDING_MARGIN)


def _require_core(statistics: xr.Dataset) -> None:
    """Refuse a core of fewer than two vectors."""
    if (count := int(statistics["core_count"])) < 2:
        raise SampleError(
            f"Cannot fit the generator 'ellipse' to the core, which holds {count} of the z-points; "
            "expected at least 2: raise analyze.core_level, or set core to false."
        )
