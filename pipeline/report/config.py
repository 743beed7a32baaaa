"""The report section of a run's configuration."""

from typing import Annotated

from pydantic import Field

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings

PositiveLimit = Annotated[float, Field(gt=0)]


class ReportConfig(Settings):
    """What the report shows, and how much of it."""

    folder: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        default=None, description="where the page lies; null means the folder report in the root"
    )
    faces: int = Field(default=30, ge=1, le=400, description="generated images shown per generator")
    reconstructions: int = Field(
        default=20,
        ge=1,
        le=200,
        description="held-out images shown above their reconstructions",
    )
    components: int = Field(
        default=12,
        ge=1,
        le=48,
        description="dominant components, and leading principal components, whose number "
        "distributions are drawn one by one",
    )
    leading: int = Field(
        default=6,
        ge=2,
        le=10,
        description="components whose pairs are drawn with confidence ellipses",
    )
    scatter_points: int = Field(
        default=2000,
        ge=10,
        le=100_000,
        description="latent vectors, and vectors per generator, drawn as points",
    )
    ellipse_level: float = Field(
        default=2.2,
        gt=0,
        le=6,
        description="level d of the confidence ellipses, in standard deviations;"
        " an ellipse encloses 1 - exp(-d^2/2) of a normal distribution.",
    )
    uniform_limits: tuple[PositiveLimit, ...] = Field(
        default=(12.0, 3.0, 2.0, 1.5, 1.0),
        max_length=7,
        description="limits b of the uniform vectors whose radii stand beside those of the data "
        "(each above 0; at most 7).",
    )
    uniform_vectors: int = Field(
        default=1_000_000,
        ge=1000,
        le=100_000_000,
        description="uniform vectors drawn for each limit b of the hit table",
    )
    attributes: tuple[str, ...] | None = Field(
        default=None,
        max_length=12,
        description="attributes that are added to held-out images; null takes a few visible ones",
    )
    attribute_images: int = Field(
        default=5, ge=1, le=50, description="held-out images that attributes are added to"
    )
    interpolations: int = Field(
        default=3, ge=0, le=25, description="pairs of held-out images with the ways between them"
    )
    dominant_mu: float = Field(
        default=0.25, gt=0, description="a component is dominant from this |mu| on"
    )
    dominant_hw: float = Field(
        default=1.5, gt=0, description="a component is dominant from this hw on"
    )
