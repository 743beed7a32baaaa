"""Settings of the ingest."""

from typing import Annotated, Literal

from pydantic import Field

from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings


class IngestConfig(Settings):
    """Which photographs become the images of the store, and how they are cut."""

    source: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="where the photographs lie: a folder, a zip archive or a parquet shard, on a "
        "disk or under s3://bucket",
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


class SourceConfig(Settings):
    """In which form the photographs come, and what to do about broken and changed ones."""

    format: Literal["auto", "celeba", "torchvision", "kaggle", "parquet", "folder"] = Field(
        "auto", description="form of the photographs and labels; auto recognises it"
    )
    labels: str | None = Field(
        None, description="CSV of labels for a folder; null looks for one in the folder"
    )
    name_column: str | None = Field(
        None, description="column of that CSV with the file names; null finds it"
    )
    on_change: Literal["error", "reencode"] = Field(
        "error", description="photographs removed from or changed in the source since stored"
    )
    strict: bool = Field(
        False, description="an unreadable photograph is an error rather than quarantined"
    )
