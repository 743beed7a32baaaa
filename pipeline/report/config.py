"""Settings of the report."""

from typing import Annotated

from pydantic import Field

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings

PositiveLimit = Annotated[float, Field(gt=0)]


class ReportConfig(Settings):
    """What the report shows, and how much of it."""

    folder: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        default=None,
        description="folder of the report, or URL of a prefix in a bucket; null: the folder report "
        "in the root",
    )
    faces: int = Field(default=30, ge=1, le=400, description="generated images shown per generator")
    reconstructions: int = Field(
        default=20,
        ge=1,
        le=200,
        description="held-out images shown with their reconstructions",
    )
    components: int = Field(
        default=12,
        ge=1,
        le=48,
        description="number distributions drawn of dominant components, and as many of leading "
        "principal components",
    )
    leading: int = Field(
        default=6,
        ge=2,
        le=10,
        description="leading components that are drawn in pairs with confidence ellipses",
    )
    scatter_points: int = Field(
        default=2000,
        ge=10,
        le=100_000,
        description="latent vectors drawn as points, and vectors of each generator",
    )
    cloud_points: int = Field(
        default=60_000,
        ge=10,
        le=1_000_000,
        description="latent vectors whose density is drawn behind a few vectors of a generator",
    )
    drawn_points: int = Field(
        default=20, ge=1, le=99, description="vectors of a generator drawn on that density"
    )
    points: int = Field(
        default=20_000,
        ge=0,
        le=20_000,
        description="latent vectors on the page points.html, which opens from a file; 0: no page",
    )
    thumbnails: int = Field(
        default=20_000,
        ge=0,
        le=20_000,
        description="points of that page with a small photograph, all of which are in one file "
        "(20,000 take about 6 MB); 0: none",
    )
    ellipse_level: float = Field(
        default=2.2,
        gt=0,
        le=6,
        description="level d of the confidence ellipses, in standard deviations; an ellipse "
        "encloses 1 - exp(-d^2/2) of a normal distribution",
    )
    uniform_limits: tuple[PositiveLimit, ...] = Field(
        default=(12.0, 3.0, 2.0, 1.5, 1.0),
        max_length=7,
        description="limits b of the uniform vectors whose radii are compared with those of the "
        "data (each above 0; at most 7)",
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
        description="attributes added to held-out images; null: a few visible ones",
    )
    attribute_images: int = Field(
        default=5, ge=1, le=50, description="held-out images to which attributes are added"
    )
    interpolations: int = Field(
        default=3, ge=0, le=25, description="pairs of held-out images that are interpolated"
    )
    dominant_mu: float = Field(
        default=0.25, gt=0, description="|mu| from which a component is dominant, latent units"
    )
    dominant_hw: float = Field(
        default=1.5, gt=0, description="hw from which a component is dominant, latent units"
    )
