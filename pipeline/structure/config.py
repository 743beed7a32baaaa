"""Settings of the structure stage."""

from pydantic import Field

from zpoints.pipeline.settings import Settings


class StructureConfig(Settings):
    """Settings of probes and clusters."""

    clusters: int = Field(default=10, ge=2, le=200, description="number of k-means clusters")
    epochs: int = Field(
        default=5,
        ge=1,
        le=100,
        description="passes of the linear probes over the training split; up to ten times as many "
        "over a small one",
    )
    seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="seed of the probes and of the clusters"
    )
