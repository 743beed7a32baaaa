"""The settings of the analyze stage."""

from typing import Literal

from pydantic import Field

from pipeline.settings import Settings


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
