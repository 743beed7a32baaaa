"""Paths of photographs and of their labels: on a disk, in a bucket, or in an archive."""

from pathlib import Path
from typing import BinaryIO, cast

from zpoints.pipeline.errors import ConfigError
from zpoints.pipeline.ingest.files.bucket import BucketPath
from zpoints.pipeline.ingest.files.listed_path import ListedPath
from zpoints.pipeline.ingest.files.ranges import DiskRanges, Ranges
from zpoints.pipeline.ingest.limits import MOST_BYTES, check_size
from zpoints.storage.backend.buckets.schemes import in_bucket
from zpoints.storage.backend.local_path import local_path

SourcePath = Path | ListedPath
"""Readers use the methods that `pathlib.Path` and `ListedPath` share; the functions of this module
cover what the two do differently."""


def source_path(text: str) -> SourcePath:
    """The path that a user named: local, or a URL of a place in a bucket.

    Local paths become absolute, since workers have working folders of their own.

    Raises
    ------
    PlaceError
        If it is a URL of no known kind.
    """
    return BucketPath.of(text) if in_bucket(text) else local_path(text).absolute()


def existing_path(source: str | None) -> SourcePath:
    """The path of `ingest.source`.

    Raises
    ------
    ConfigError
        If it is not set, or there is nothing.
    """
    if source is None:
        raise ConfigError(
            "ingest.source is not set. Expected the folder of the photographs, e.g. "
            "--set ingest.source=CelebA. (zpoints demo draws its own.)"
        )
    path = source_path(source)
    if not path.exists():
        raise ConfigError(
            f"ingest.source = {path} does not exist. Expected the folder of the photographs."
        )
    return path


def stamp(path: SourcePath) -> str:
    """Text that changes when the file does; no content is read for it.

    Raises
    ------
    OSError
        If there is no such file.
    """
    if isinstance(path, ListedPath):
        return path.stamp()
    info = path.stat()
    return f"{info.st_size}-{info.st_mtime_ns}"


def read_bytes(path: SourcePath) -> bytes:
    """Content of a file.

    Raises
    ------
    OSError
        If there is no such file, it is damaged, or too large to be read whole.
    """
    if not isinstance(path, ListedPath):
        check_size(path.stat().st_size, MOST_BYTES)
    return path.read_bytes()


def random_access(path: SourcePath) -> str | BinaryIO:
    """The argument by which libraries open a file that they read in parts."""
    return cast(BinaryIO, ranges(path).open()) if isinstance(path, ListedPath) else str(path)


def ranges(path: SourcePath) -> Ranges:
    """A file, to be read in parts by several threads.

    Raises
    ------
    OSError
        If there is no such file, or it cannot be read in parts.
    """
    if isinstance(path, ListedPath):
        return path.ranges()
    with path.open("rb") as file:
        return DiskRanges(file)
