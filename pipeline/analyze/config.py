"""The settings of the analyze stage."""

from pydantic import Field

from pipeline.settings import Settings


class AnalyzeConfig(Settings):
    """Settings of the latent statistics."""

    bins: int = Field(
        default=100,
        ge=10,
        le=1000,
        description="sampling intervals of each number distribution, over 10 standard deviations",
    )
