"""All combinations of evenly spaced values along chosen axes."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from zpoints.pipeline.parts.generator import (
    Floats,
    Generator,
    require_axes,
    require_spread,
)
from zpoints.pipeline.sample.axes import axis_steps

MOST_AXES = 4096
"""Latent vectors have no more components."""


class Grid(Generator):
    """All combinations of evenly spaced points along chosen axes, and the mean along the others.

    Sample i is combination i, with the last axis varying fastest; after the last combination they
    repeat.
    """

    generator: Literal["grid"] = "grid"
    axes: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1),
        min_length=1,
        max_length=MOST_AXES,
        description="Numbers of the components that vary, from 0, each at most once.",
    )
    space: Literal["pc", "original"] = Field(
        default="pc", description="pc: principal components; original: components of z."
    )
    points: int = Field(default=8, ge=2, le=10**6, description="Points per axis.")
    reach: float = Field(
        default=2.0,
        gt=0,
        allow_inf_nan=False,
        description="Distance of the outermost points from the mean, in standard deviations.",
    )
    limit: int = Field(
        default=100_000, ge=1, le=10**9, description="Largest allowed number of points in all."
    )

    @model_validator(mode="after")
    def _is_of_feasible_size(self) -> Self:
        if len(set(self.axes)) < len(self.axes):
            raise ValueError(f"axes {list(self.axes)} name a component twice")
        if self.size > self.limit:
            count = f"{self.points}^{len(self.axes)}"
            exact = f" = {self.size:,}" if self.size < 10**15 else ""
            raise ValueError(
                f"{self.points} points on {len(self.axes)} axes are {count}{exact} vectors, more "
                f"than limit = {self.limit:,}; lower points, name fewer axes, or raise limit"
            )
        return self

    @property
    def size(self) -> int:
        """Number of combinations."""
        return int(self.points) ** len(self.axes)

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> "GridSampler":
        """Take mean and standard deviations from the statistics."""
        require_spread(statistics, self.generator)
        require_axes(statistics, self.axes, self.generator)
        return GridSampler(
            mean=statistics["mean"].values,
            steps=axis_steps(statistics, self.axes, self.space),
            values=np.linspace(-self.reach, self.reach, self.points),
        )


@dataclass(frozen=True)
class GridSampler:
    """z = mean (N,) + values @ steps for each combination of the values (points,).

    `steps` (axes, N) holds one standard deviation along each axis.
    """

    mean: Floats
    steps: Floats
    values: Floats
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """The grid."""
        return (
            f"all combinations of {len(self.values)} values within {self.values[-1]:g} standard "
            f"deviations on {len(self.steps)} axes, the mean on the others"
        )

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Return the combinations (len(samples), N) of these numbers."""
        shape = (len(self.values),) * len(self.steps)
        numbers = np.unravel_index(np.asarray(samples) % np.prod(shape), shape)
        return self.mean + self.values[np.stack(numbers, axis=1)] @ self.steps
