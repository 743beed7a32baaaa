"""The settings of the analyze stage."""

from pydantic import Field

from pipeline.settings import Settings


class AnalyzeConfig(Settings):
    """Settings of the latent statistics."""

    bins: int = Field(
        default=100,
        ge=10,
        le=1000,
        description="Sampling intervals of each number distribution, over 10 standard deviations.",
    )
    dominant_mu: float = Field(
        default=0.25,
        gt=0,
        description="A component is dominant from this |mu| on (latent units, above 0).",
    )
    dominant_hw: float = Field(
        default=1.5,
        gt=0,
        description="A component is dominant from this full width hw on (latent units, above 0).",
    )
