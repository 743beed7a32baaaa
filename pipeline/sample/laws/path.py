"""Points along a line or an arc."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
import xarray as xr
from pydantic import Field, model_validator

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.parts.generator import (
    Floats,
    Generator,
    require_axes,
    require_latents,
    require_spread,
)
from zpoints.pipeline.sample.axes import axis_steps

Axis = Annotated[int, Field(ge=0)]


class Path(Generator):
    """A path in the plane of two components through the mean, or between two stored vectors.

    In a plane it joins two points of an ellipse around the mean, by a straight line or along the
    ellipse. Sample i is point i; after the last one the points repeat.
    """

    generator: Literal["path"] = "path"
    points: int = Field(
        default=64, ge=2, le=10**6, description="Number of points, both ends included."
    )
    between: tuple[str, str] | None = Field(
        default=None,
        description="Names of two stored vectors to join by a straight line; null: a path in a "
        "plane. The other settings describe the plane.",
    )
    form: Literal["arc", "line"] = Field(
        default="arc", description="arc: along the ellipse; line: straight between its ends."
    )
    axes: tuple[Axis, Axis] = Field(
        default=(0, 1), description="Numbers of the two components of the plane, from 0."
    )
    space: Literal["pc", "original"] = Field(
        default="pc", description="pc: principal components; original: components of z."
    )
    radius: float = Field(
        default=2.0,
        gt=0,
        allow_inf_nan=False,
        description="Half-axes of the ellipse, in standard deviations of the components.",
    )
    angles: tuple[float, float] = Field(
        default=(0.0, 180.0),
        description="Start and end of the path on the ellipse, in degrees from the first axis "
        "towards the second.",
    )

    @model_validator(mode="after")
    def _spans_a_plane(self) -> Self:
        if self.axes[0] == self.axes[1]:
            raise ValueError(f"axes {list(self.axes)} do not span a plane; name two components")
        if not np.isfinite(self.angles).all():
            raise ValueError(f"angles {list(self.angles)} are not finite")
        return self

    @property
    def reads(self) -> tuple[str, ...]:
        """The statistics; the latents too for a path between stored vectors."""
        return ("statistics",) if self.between is None else ("statistics", "latents")

    @property
    def size(self) -> int:
        """Number of points."""
        return self.points

    def fit(self, statistics: xr.Dataset, latents: xr.Dataset | None = None) -> "PathSampler":
        """Take the plane from the statistics, or the ends from the latents."""
        if self.between is not None:
            stored = require_latents(latents, self.generator)
            first, last = (_vector(stored, name) for name in self.between)
            return PathSampler(self.points, first, np.stack([last - first]), None)
        require_spread(statistics, self.generator)
        require_axes(statistics, self.axes, self.generator)
        mean = statistics["mean"].values
        steps = self.radius * axis_steps(statistics, self.axes, self.space)
        start, stop = np.radians(self.angles)
        if self.form == "arc":
            return PathSampler(self.points, mean, steps, (float(start), float(stop)))
        first, last = (np.array([np.cos(a), np.sin(a)]) @ steps for a in (start, stop))
        return PathSampler(self.points, mean + first, np.stack([last - first]), None)


def _vector(latents: xr.Dataset, name: str) -> Floats:
    """Read the vector (N,) of a name."""
    rows = np.flatnonzero(latents["image"].values == name)
    if not len(rows):
        raise SampleError(
            f"The generator 'path' cannot join {name!r}: no stored vector has this name; names "
            f"look like {str(latents['image'].values[0])!r}."
            if latents.sizes["image"]
            else "The generator 'path' cannot join two vectors: none are stored."
        )
    # In this thread, since a fit is part of a task.
    stored = latents["z"][int(rows[0])].compute(scheduler="synchronous")
    vector = np.asarray(stored.values, np.float64)
    if not np.isfinite(vector).all():
        raise SampleError(
            f"The generator 'path' cannot join {name!r}, whose latent vector is not finite: name "
            "another one."
        )
    return vector


@dataclass(frozen=True)
class PathSampler:
    """z = origin + t steps[0] for t from 0 to 1, or origin + cos(t) steps[0] + sin(t) steps[1].

    `origin` is (N,), `steps` (1 or 2, N); `arc` holds the first and last angle of an arc.
    """

    points: int
    origin: Floats
    steps: Floats
    arc: tuple[float, float] | None
    space: ClassVar[Literal["z", "pc"]] = "z"

    @property
    def constraint(self) -> str:
        """The form of the path."""
        return f"{self.points} points on {'a line' if self.arc is None else 'an arc'}"

    def draw(self, rng: np.random.Generator, samples: range) -> Floats:
        """Return the points (len(samples), N) of these numbers."""
        t = (np.asarray(samples) % self.points) / (self.points - 1)
        if self.arc is None:
            return self.origin + t[:, None] * self.steps
        angle = self.arc[0] + t * (self.arc[1] - self.arc[0])
        return self.origin + np.stack([np.cos(angle), np.sin(angle)], axis=1) @ self.steps
