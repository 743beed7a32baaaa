"""Where photographs and their labels lie: on a disk, or in a bucket."""

from pathlib import Path
from typing import BinaryIO, cast

from zpoints.pipeline.ingest.files.bucket import S3Path
from zpoints.storage.backend.s3 import SCHEME

SourcePath = Path | S3Path
"""Readers ask a place what `S3Path` can answer, in the words of `pathlib`; for what the two do in
different ways there are the functions of this module."""


def source_path(text: str) -> SourcePath:
    """The place that a user named: a path, or ``s3://bucket/prefix``.

    Paths are absolute, since tasks take them to workers that have working folders of their own.
    """
    return S3Path.of(text) if text.startswith(SCHEME) else Path(text).expanduser().absolute()


def stamp(place: SourcePath) -> str:
    """A text that changes when the file does; no content is read for it.

    Raises
    ------
    OSError
        If it is not there.
    """
    if isinstance(place, S3Path):
        return place.stamp()
    info = place.stat()
    return f"{info.st_size}-{info.st_mtime_ns}"


def random_access(place: SourcePath) -> str | BinaryIO:
    """What libraries open a file by that they read in parts."""
    return cast(BinaryIO, place.open()) if isinstance(place, S3Path) else str(place)
