"""CelebA's official format, and the aligned photographs that its other packings share.

References
----------
Liu, Luo, Wang, Tang (2015), Deep learning face attributes in the wild, ICCV.
"""

import posixpath
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import PurePosixPath

import pandas as pd

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.archive import SUFFIXES, ArchivePath, as_folder
from zpoints.pipeline.ingest.files.bucket import BucketPath
from zpoints.pipeline.ingest.files.listing import list_folder
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.celeba import (
    ANNOTATION_FILES,
    FOLDERS,
    first_annotation_file,
    read_annotation_files,
)
from zpoints.pipeline.ingest.tables.unused import UnusedTableError

IMAGES = "img_align_celeba"
TEXT = (".txt",)


def read_celeba(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read the official format: ``img_align_celeba/`` or its archive, and text annotations.

    ``path`` is the folder that holds them, or one of these two next to the annotations. The
    photographs may have been stored again in another format, and in a folder or an archive of
    another name.

    Raises
    ------
    SourceError
        If there are no photographs, the archive is damaged, or an annotation file is not UTF-8,
        malformed, or about none of the photographs.
    """
    if path.name == IMAGES and path.is_dir() and not (path / IMAGES).exists():
        return aligned_source("CelebA", path, _home(path, path.parent, TEXT), config)
    for folder in FOLDERS:
        if (photographs := aligned_photographs(path / folder)) is not None:
            return aligned_source("CelebA", photographs, _home(path, path, TEXT), config)
    if isinstance(path, ArchivePath) and _is_named(path, config):
        return aligned_source("CelebA", path, path, config)
    return renamed_source("CelebA", path, config, suffixes=TEXT)


def _is_named(path: ArchivePath, config: SourceConfig) -> bool:
    """Whether an archive is by its name that of the photographs, in folders of any name."""
    if any(folder.rpartition("/")[2] == IMAGES for folder in path.contents.folders):
        return False
    return path.archive.name.startswith(f"{IMAGES}.") or config.format == "celeba"


def aligned_photographs(home: SourcePath) -> SourcePath | None:
    """The folder ``img_align_celeba`` in a folder, or else its archive."""
    folder = home / IMAGES
    if folder.exists():
        return folder
    archives = (home / f"{IMAGES}{suffix}" for suffix in SUFFIXES)
    return next((as_folder(archive) for archive in archives if archive.is_file()), None)


def renamed_source(
    format: str, path: SourcePath, config: SourceConfig, *, suffixes: Sequence[str]
) -> Source | None:
    """Read aligned photographs in a place of another name, known by their annotation files.

    Parameters
    ----------
    format
        Name of the format, for messages.
    path
        The folder of annotations and photographs, or one in it that holds the photographs, or their
        archive next to the annotations.
    config
        With labels of its own the folder does not count as CelebA.
    suffixes
        Suffixes of the annotation files, in order of preference; one with the first must exist.

    Returns
    -------
    Source or None
        None if there is no such file, or no photographs.
    """
    if not path.is_dir() or config.labels or config.name_column:
        return None
    for home in (path, *_homes(path)):
        annotations = first_annotation_file(home, suffixes[:1])
        within = path if isinstance(path, ArchivePath) else home
        photographs = _renamed_photographs(within) if annotations is not None else None
        inside = home == path or f"{photographs}/".startswith(f"{path}/")
        if annotations is None or photographs is None or not inside:
            continue
        mark = f" and {annotations.name} in {annotations.parent}"
        read = partial(aligned_source, format, photographs, home, suffixes=suffixes, mark=mark)
        if home == path:
            return read(config, nested=True)
        try:
            return read(config.model_copy(update={"unused_tables": "error"}), nested=True)
        except UnusedTableError:
            continue  # the annotations next to this place are about other photographs
    return None


def _home(path: SourcePath, usual: SourcePath, suffixes: Sequence[str]) -> SourcePath:
    """The folder of the annotations, which may be above; the usual one if there are none."""
    homes = (home for home in (path, *_homes(path)) if first_annotation_file(home, suffixes))
    return next(homes, usual)


def _homes(path: SourcePath) -> Iterator[SourcePath]:
    """Folders around one of photographs, or around their archive, that may hold the annotations.

    Around a folder in a bucket only where the names of CelebA say so: it may be huge, or closed.
    """
    place = path.archive if isinstance(path, ArchivePath) else path
    inner = place.parent.name in FOLDERS[1:]
    named = inner or path.name in FOLDERS[1:] or path.name.startswith(IMAGES)
    if named or not isinstance(path, BucketPath):
        yield place.parent
    if inner:
        yield place.parent.parent


def _renamed_photographs(home: SourcePath) -> SourcePath | None:
    """The folder that holds all photographs below a folder; None if there are none.

    Folders whose names begin with ``img_align_celeba`` are preferred, e.g. that of the PNGs.
    """
    paths = list_folder(home, nested=True).inner_paths
    folders = sorted({posixpath.dirname(path) for path in paths})
    named = [f for f in folders if any(part.startswith(IMAGES) for part in f.split("/"))]
    if named:
        first = named[0].split("/")
        top = next(k for k, part in enumerate(first) if part.startswith(IMAGES))
        inside = "/".join(first[: top + 1])
        folders = [f for f in named if f == inside or f.startswith(f"{inside}/")]
    elif archives := [
        a for f in FOLDERS for s in SUFFIXES for a in (home / f).glob(f"{IMAGES}*{s}")
    ]:
        return as_folder(archives[0])
    if not folders:
        return None
    common = "" if "" in folders else posixpath.commonpath(folders)
    return home / common if common else home


def aligned_source(
    format: str,
    photographs: SourcePath,
    home: SourcePath,
    config: SourceConfig,
    *,
    suffixes: Sequence[str] = TEXT,
    mark: str = "",
    nested: bool = False,
) -> Source:
    """Read aligned photographs and their annotation files.

    Parameters
    ----------
    format
        Name of the format, for messages.
    photographs
        Folder or archive of the photographs.
    home
        Folder of the annotation files; if it is in an archive without any, the folder of that.
    config
        Whether annotation files must give labels.
    suffixes
        Suffixes of the annotation files, in order of preference.
    mark
        Further evidence of the format, for messages.
    nested
        Whether photographs may be in folders inside, as they always may in an archive.

    Raises
    ------
    SourceError
        See `read_celeba`.
    """
    packed = isinstance(photographs, ArchivePath)
    what = "archive" if isinstance(photographs, ArchivePath) and not photographs.key else "folder"
    why = f"found the {what} {photographs}{mark}"
    if isinstance(home, ArchivePath):
        home = _home(home, home.archive.parent, suffixes)
    listing = list_folder(photographs, nested=nested or packed)
    if not (listing.keys or listing.refused):
        listing = list_folder(photographs, nested=True)  # sorted into folders
    if not listing.keys:
        raise SourceError(
            f"{format} format: {why}, but it holds no photographs such as 000001.jpg. Expected "
            "CelebA's aligned photographs; unpack or fetch them again."
        )
    names = listing.names
    required = config.unused_tables == "error"
    labels = read_annotation_files(home, listing.inner_paths, suffixes, required=required)
    stems = {file.stem for file in ANNOTATION_FILES}
    listing.others = [other for other in listing.others if PurePosixPath(other).stem not in stems]
    return Source(
        format=format,
        why=why,
        files=listing.files,
        names=names,
        keys=tuple(listing.keys[name] for name in names),
        signatures=tuple(listing.signatures[name] for name in names),
        labels=labels.rows.set_axis(pd.Index(names, dtype=labels.rows.index.dtype)),
        landmarks=labels.landmarks,
        notes=(*listing.notes(), *labels.notes),
        refused=tuple(listing.refused),
        names_may_change=packed,
    )
