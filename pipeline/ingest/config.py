"""Settings of the ingest."""

from typing import Literal

from pydantic import Field

from pipeline.settings import Settings


class IngestConfig(Settings):
    """Which photographs become the images of the store, and how they are cut."""

    source: str | None = Field(
        None, description="folder with img_align_celeba/ or img_align_celeba.zip in it"
    )
    crop: int | None = Field(
        140, ge=16, description="side in pixels of the central square; null takes the largest one"
    )
    side: int = Field(
        64, ge=32, le=512, multiple_of=16, description="side of a stored image in pixels"
    )
    channels: Literal[1, 3] = Field(3, description="3 for colour, 1 for grey")
    limit: int | None = Field(
        None, ge=1, description="at most so many photographs, evenly spaced; null takes all"
    )
    chunk: int = Field(512, ge=1, le=65536, description="images per chunk of the store")
