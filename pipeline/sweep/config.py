"""Settings of the sweep."""

from typing import Annotated, Literal

from pydantic import Field

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings

Law = Literal["pairwise", "uniform", "normal"]
Components = Annotated[int, Field(ge=1)]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]

MOST_VALUES = 100
"""Values along a side of the grid; each point takes seconds to minutes."""


class SweepConfig(Settings):
    """Grid of laws, K and fact for the generator `ellipse`."""

    enabled: Annotated[bool, NOT_IN_FINGERPRINT] = Field(
        False, description="include the sweep in zpoints run; zpoints sweep CONFIG always makes it"
    )
    laws: tuple[Law, ...] = Field(
        ("pairwise", "uniform", "normal"),
        min_length=1,
        max_length=3,
        description="laws of the vectors",
    )
    K: tuple[Components, ...] | None = Field(
        None,
        min_length=1,
        max_length=MOST_VALUES,
        description="leading principal components kept (each 1 to train.z_dim); null: those of 20, "
        "50, 80, 120, 180 and 256 that are fewer than all that vary, and all that vary",
    )
    fact: tuple[Factor, ...] = Field(
        (0.3, 0.45, 0.6, 0.8, 1.0, 1.2),
        min_length=1,
        max_length=MOST_VALUES,
        description="half-axes in units of the full width at half maximum (each above 0)",
    )
    count: int = Field(500, ge=2, le=5_000, description="vectors per point of the grid")
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
