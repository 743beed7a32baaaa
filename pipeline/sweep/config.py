"""Settings of the sweep."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from zpoints.pipeline.parts.generator import Generator
from zpoints.pipeline.sample.registry import GENERATORS, parameter_names
from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings
from zpoints.pipeline.sweep.grid import (
    Grid,
    default_grid,
    grid_laws,
    grid_size,
    law_of,
    plain,
)
from zpoints.storage.errors import instead
from zpoints.storage.schema.registry import VARIABLES

MOST_VALUES, MOST_POINTS = 100, 1_000
"""Values along a side of the grid, and points of it; each takes seconds to minutes."""
Values = Annotated[tuple[Any, ...], Field(min_length=1, max_length=MOST_VALUES)]
STORED = {name for v in VARIABLES["sweep"].values() for name in (v.name, *v.dims)}
"""Names that parameters cannot have in the store."""
ELLIPSE = "ellipse"
"""The only generator with a default grid."""


class SweepConfig(Settings):
    """Grid of parameters of one generator."""

    enabled: Annotated[bool, NOT_IN_FINGERPRINT] = Field(
        False, description="include the sweep in zpoints run; zpoints sweep CONFIG always makes it"
    )
    generator: str = Field(ELLIPSE, description="generator whose parameters vary")
    parameters: Annotated[dict[str, Any], NOT_IN_FINGERPRINT] = Field(
        {}, description="its parameters that stay the same at every point; defaults where omitted"
    )
    grid: dict[str, Values] | None = Field(
        None,
        validate_default=True,
        description="values of each parameter that varies, e.g. {K: [50, null], fact: [0.6, 0.8]}, "
        f"at most {MOST_POINTS:,} points; null, for ellipse: its three laws, K = 20, 50, 80, 120, "
        "180 and 256 as far as more components vary, and all that vary, and fact = 0.3, 0.45, 0.6, "
        "0.8, 1 and 1.2",
    )
    count: int = Field(500, ge=2, le=5_000, description="vectors per point of the grid")
    images: int = Field(
        10, ge=1, le=100, description="images kept of each point, the first ones, if decoded"
    )
    neighbours: int = Field(
        5, ge=1, le=100, description="k of precision, recall, density and coverage"
    )
    seed: int = Field(
        0, ge=0, le=2**63 - 1, description="seed of the vectors, the same at every point"
    )
    faces: bool = Field(
        False, description="measure the face rate too, which then takes most of the time"
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], NOT_IN_FINGERPRINT] = Field(
        "auto", description="auto: CUDA if available"
    )

    @property
    def size(self) -> int:
        """Number of points; the most there can be if it follows from the vectors."""
        return grid_size(default_grid(self.parameters, 2**31) if self.grid is None else self.grid)

    @property
    def known_laws(self) -> tuple[Generator, ...]:
        """Generators of all points; a single one where the grid follows from the vectors."""
        return tuple(grid_laws(self.generator, self.parameters, self.grid or {}))

    def grid_for(self, varying: int) -> Grid:
        """The grid for vectors that vary along a number of principal components."""
        return default_grid(self.parameters, varying) if self.grid is None else self.grid

    @field_validator("generator")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in GENERATORS:
            raise ValueError(f"unknown generator {name!r}; {instead(name, GENERATORS)}")
        return name

    @field_validator("parameters")
    @classmethod
    def _are_of_the_generator(
        cls, parameters: dict[str, Any], info: ValidationInfo
    ) -> dict[str, Any]:
        if (name := info.data.get("generator")) is None:  # refused already
            return parameters
        _refuse_names(parameters, ("generator",), "sweep.generator names it")
        try:
            law = law_of(name, parameters)
        except ValidationError as error:
            if any(fault["type"] != "missing" for fault in error.errors()):
                raise
            return parameters  # the grid has the others
        return {key: plain(law, key) for key in parameters}

    @field_validator("grid")
    @classmethod
    def _is_of_the_generator(
        cls, grid: dict[str, Values] | None, info: ValidationInfo
    ) -> dict[str, Values] | None:
        if not {"generator", "parameters"} <= set(info.data):  # refused already
            return grid
        name, parameters = info.data["generator"], info.data["parameters"]
        if grid is None and name == ELLIPSE:
            return None
        if not grid:
            takes = ", ".join(parameter_names(name)) or "no parameters"
            raise ValueError(f"the generator {name} needs values of a parameter; it takes {takes}")
        _refuse_names(grid, ("generator",), "sweep.generator names it")
        _refuse_names(grid, parameters, "it is in sweep.parameters too; name it in one of them")
        _refuse_names(grid, STORED, "the store needs the name for something else")
        _refuse_repeated(grid)
        if (points := grid_size(grid)) > MOST_POINTS:
            raise ValueError(
                f"{points:,} points; expected at most {MOST_POINTS:,}, with fewer values"
            )
        first = {**parameters, **{key: values[0] for key, values in grid.items()}}
        grid = {
            key: tuple(plain(law_of(name, {**first, key: value}), key) for value in values)
            for key, values in grid.items()
        }
        tuple(grid_laws(name, parameters, grid))  # some parameters exclude others
        return grid


def _refuse_repeated(grid: dict[str, Values]) -> None:
    for name, values in grid.items():
        if repeated := [value for k, value in enumerate(values) if value in values[:k]]:
            raise ValueError(f"{name} has {repeated[0]} twice; list each value once")


def _refuse_names(names: Iterable[str], refused: Iterable[str], why: str) -> None:
    if found := set(names) & set(refused):
        raise ValueError(f"{min(found)} cannot be set here: {why}")
