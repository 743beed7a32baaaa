"""The source's method: every pair of leading principal components inside its ellipse."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import xarray as xr
from pydantic import Field

from pipeline.analyze.pca import varying_components
from pipeline.sample.errors import SampleError
from pipeline.sample.generator import Floats, Generator, require_spread
from pipeline.sample.pairs import shrink_pairs, uniform_in_region

# Coordinates shrink by this factor, so that rounding them to float32 keeps the pair condition.
_ROUNDING_MARGIN = 1 - 2.0**-22


class Ellipse(Generator):
    """Pairs of the K leading PCA coordinates inside ellipses of half-axes a_i = fact * hw_i."""

    generator: Literal["ellipse"] = "ellipse"
    K: int = Field(
        default=105,
        ge=1,
        description="Number of leading principal components kept (1 to all; source: 50 to 256).",
    )
    fact: float = Field(
        default=0.7,
        gt=0,
        allow_inf_nan=False,
        description="Half-axes in units of the full width at half maximum (source: 0.6 to 0.8).",
    )
    law: Literal["pairwise", "uniform"] = Field(
        default="pairwise",
        description="pairwise: the source's redrawing of pairs; uniform: uniform on the region.",
    )

    def fit(self, statistics: xr.Dataset) -> "EllipseSampler":
        """Take the widths hw of the leading principal components from the statistics."""
        require_spread(statistics, self.generator)
        available = int(varying_components(statistics["explained_variance"].values).sum())
        if available < self.K:
            raise SampleError(
                f"The generator 'ellipse' was to keep K = {self.K} principal components, but the "
                f"latent vectors vary along {available} only: set K to at most {available}."
            )
        hw = statistics["pc_hw"].values
        return EllipseSampler(
            half_axes=self.fact * hw[: self.K],
            components=len(hw),
            law=self.law,
            fact=self.fact,
        )


@dataclass(frozen=True)
class EllipseSampler:
    """v_i = a_i u_i for the K = len(half_axes) leading components, 0 for the others."""

    half_axes: Floats
    components: int
    law: Literal["pairwise", "uniform"]
    fact: float
    space: ClassVar[Literal["z", "pc"]] = "pc"

    @property
    def constraint(self) -> str:
        """The pair condition."""
        return (
            f"u_i^2 + u_j^2 <= 1 for every pair of the {len(self.half_axes)} leading principal "
            f"components, u_i = v_i / ({self.fact:g} hw_i); v_k = 0 for the others"
        )

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Draw n vectors (n, N) of PCA coordinates."""
        kept = len(self.half_axes)
        if self.law == "uniform":
            u = uniform_in_region(rng, n, kept)
        else:
            u = rng.random((n, kept))
            u *= 2.0
            u -= 1.0
            shrink_pairs(u, rng)
        v = np.zeros((n, self.components))
        np.multiply(u, self.half_axes * _ROUNDING_MARGIN, out=v[:, :kept])
        return v
