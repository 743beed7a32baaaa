"""The settings of the analyze stage."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings import Settings

Number = Annotated[int, Field(ge=0)]
Pair = tuple[Number, Number]

MOST_PAIRS = 120


class PairsConfig(Settings):
    """Settings of the pair densities."""

    bins: int = Field(
        default=48,
        ge=10,
        le=128,
        description="sampling intervals of each component of a pair",
    )
    reach: float = Field(
        default=4.0,
        gt=0,
        le=20,
        description="how far they reach to either side of the mean, in standard deviations",
    )
    components: int = Field(
        default=6,
        ge=2,
        le=16,
        description="all pairs among so many are counted: the most dominant components, and the "
        "leading principal components",
    )
    original: list[Pair] | None = Field(
        default=None,
        max_length=MOST_PAIRS,
        description="pairs [i, j] of components to count instead, numbered from 0 as in the store",
    )
    pc: list[Pair] | None = Field(
        default=None,
        max_length=MOST_PAIRS,
        description="pairs [k, l] of principal components to count instead, numbered from 0 as in "
        "the store",
    )


class PcaConfig(Settings):
    """Settings of the principal components."""

    solver: Literal["exact", "incremental"] = Field(
        default="exact",
        description="exact (of the merged covariance) or incremental (dask-ml's IncrementalPCA, "
        "a pass of its own; the report compares both)",
    )


class AnalyzeConfig(Settings):
    """Settings of the latent statistics."""

    bins: int = Field(
        default=100,
        ge=10,
        le=1000,
        description="sampling intervals of each number distribution, over 10 standard deviations",
    )
    pca: PcaConfig = Field(default=PcaConfig(), description="principal components")
    pairs: PairsConfig = Field(
        PairsConfig(), description="number distributions of pairs of components"
    )
