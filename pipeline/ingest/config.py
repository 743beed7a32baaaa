"""Settings of the ingest stage and of its source."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from zpoints.pipeline.parts import installed
from zpoints.pipeline.settings import NOT_IN_FINGERPRINT, Settings
from zpoints.storage.errors import instead

FORMATS = ("celeba", "torchvision", "kaggle", "parquet", "folder")
"""The formats that zpoints reads itself."""


def known_formats() -> tuple[str, ...]:
    """The values of `source.format`: those of installed packages come last."""
    return ("auto", *FORMATS, *(name for name, _ in installed.offered(installed.SOURCES)))


def _format(text: str) -> str:
    if text not in (known := known_formats()):
        raise ValueError(f"unknown format {text}; {instead(text, known)}")
    return text


class IngestConfig(Settings):
    """Which photographs become images of the store, and how they are cut."""

    source: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="location of the photographs: a folder, a zip or tar archive of one, or a "
        "parquet shard, on a disk or under s3://, gs:// or az://; with vectors, those that belong "
        "to them",
    )
    vectors: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="location of vectors that were made elsewhere and take the place of encoded "
        "photographs (.npy, .npz, Zarr, .parquet, a dataset of the library datasets on disk, or "
        ".h5ad)",
    )
    vectors_key: Annotated[str | None, NOT_IN_FINGERPRINT] = Field(
        None,
        description="array, variable or columns (e.g. x*) of the vectors; null where there is only "
        "one",
    )
    crop: int | None = Field(
        140, ge=16, description="side in pixels of the central square; null takes the largest one"
    )
    side: int = Field(
        64, ge=32, le=512, multiple_of=16, description="side of a stored image in pixels"
    )
    channels: Literal[1, 3] = Field(3, description="3 for colour, 1 for grey")
    limit: int | None = Field(
        None, ge=1, description="largest number of photographs, evenly spaced; null takes all"
    )
    chunk: int = Field(512, ge=1, le=65536, description="images per chunk of the store")


class SourceConfig(Settings):
    """Format of the source, and what to do about unreadable and changed photographs."""

    format: Annotated[str, AfterValidator(_format)] = Field(
        "auto",
        description=f"format of photographs and labels: {', '.join(FORMATS)}, or one of an "
        "installed package; auto recognises it",
    )
    labels: str | None = Field(
        None,
        description="CSV, TSV, JSON Lines or parquet file of labels for a folder; null reads all "
        "in the folder but parquet",
    )
    name_column: str | None = Field(
        None, description="column of that file with the file names; null finds it"
    )
    class_folders: Literal["auto", "classes", "ignore"] = Field(
        "auto",
        description="whether the folders in a folder of photographs are classes, which become the "
        "label class: auto judges by their number and names",
    )
    unused_tables: Literal["error", "ignore"] = Field(
        "error",
        description="what to do about tables of labels that give no label to any photograph: error "
        "stops, ignore continues without",
    )
    on_change: Literal["error", "reencode"] = Field(
        "error",
        description="what to do about stored photographs that were removed from or changed in the "
        "source: error stops, reencode follows the source",
    )
    strict: bool = Field(
        False, description="whether an unreadable photograph is an error; else it is quarantined"
    )
