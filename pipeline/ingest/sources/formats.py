"""The formats in which photographs come, and the choice among their readers."""

from functools import cache
from typing import Any

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import FORMATS, SourceConfig
from zpoints.pipeline.ingest.files.archive import ArchivePath, as_folder
from zpoints.pipeline.ingest.files.file_names import is_foreign
from zpoints.pipeline.ingest.files.listing import list_folder
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.celeba import read_celeba
from zpoints.pipeline.ingest.sources.folder import read_folder
from zpoints.pipeline.ingest.sources.kaggle import read_kaggle
from zpoints.pipeline.ingest.sources.parquet import read_parquet
from zpoints.pipeline.ingest.sources.source import Reader, Source
from zpoints.pipeline.ingest.sources.torchvision import read_torchvision
from zpoints.pipeline.ingest.tables.interpret import SPLIT_NAMES
from zpoints.pipeline.parts.installed import SOURCES, Part, installed_parts

# The first two are special cases of the third; the last accepts any folder of photographs.
READERS: dict[str, Reader] = {
    "torchvision": read_torchvision,
    "kaggle": read_kaggle,
    "celeba": read_celeba,
    "parquet": read_parquet,
    "folder": read_folder,
}
"""By the value of ``source.format``, in the order in which they are tried."""

LAST = "folder"
"""The format that any folder of photographs has; those of installed packages come before it."""

EXPECTED = {
    "torchvision": "the root of torchvision.datasets.CelebA, with celeba/img_align_celeba in it",
    "kaggle": "a folder with img_align_celeba/img_align_celeba/ and list_attr_celeba.csv",
    "celeba": "a folder with img_align_celeba/ or img_align_celeba.zip",
    "parquet": "parquet files with a column of photographs, in a folder or in its data/",
    "folder": "a folder with photographs in it, or in folders in it",
}


@cache
def installed_readers() -> dict[str, Part]:
    """The readers of installed packages by the value of ``source.format``."""
    return {
        part.name: part for part in installed_parts(SOURCES, _accepted, taken={"auto", *FORMATS})
    }


def _accepted(name: str, value: Any) -> Reader:
    if not callable(value):
        raise TypeError(f"expected a function of a path and a SourceConfig, got {value!r}")
    return value


def open_source(path: SourcePath, config: SourceConfig) -> Source:
    """Open photographs with the configured reader, or the first that recognises their format.

    Raises
    ------
    SourceError
        If the path does not exist, no reader recognises the format, or it cannot be read.
    """
    try:
        source = _read(path, config)
    except PermissionError as error:
        raise SourceError(
            f"ingest.source = {path} cannot be listed ({error}). Expected a readable folder "
            "of photographs; grant access to it."
        ) from error
    if source.format != "folder" and (config.labels or config.name_column):
        raise SourceError(
            f"source.labels and source.name_column are for a plain folder, but {path} has the "
            f"format {source.format} ({source.why}). Leave them out, or set source.format=folder."
        )
    return source


def _read(named: SourcePath, config: SourceConfig) -> Source:
    if not named.exists():
        raise SourceError(
            f"ingest.source = {named} does not exist. Expected the folder of the photographs; "
            "name it with --set ingest.source=FOLDER."
        )
    places = _places(named)
    others = installed_readers()
    if config.format not in ("auto", *READERS, *others):
        raise SourceError(
            f"source.format = {config.format} is offered by an installed package that cannot be "
            "used here. Repair or reinstall the package, or set source.format=auto."
        )
    order = (*(name for name in READERS if name != LAST), *others, LAST)
    for format in order if config.format == "auto" else (config.format,):
        # Any folder holds folders of photographs: the last place is the one that is meant.
        for path in places[-1:] if format == LAST else places:
            if (source := _read_as(format, path, config)) is not None:
                return source
    if config.format in others:
        raise SourceError(
            f"ingest.source = {named} is not of source.format = {config.format}, "
            f"which the package {others[config.format].package} reads. Name another source, or "
            "set source.format=auto."
        )
    if config.format != "auto":
        raise SourceError(
            f"ingest.source = {named} is not of source.format = {config.format}. "
            f"Expected {EXPECTED[config.format]}; name that, or set source.format=auto."
        )
    raise SourceError(
        f"ingest.source = {named} has no known format: it holds no photographs."
        f"{_others(places[-1])} Expected one of these, or a zip or tar archive of it:\n  "
        + "\n  ".join(EXPECTED.values())
    )


def _read_as(format: str, path: SourcePath, config: SourceConfig) -> Source | None:
    """What the reader of a format returns."""
    if format in READERS:
        return READERS[format](path, config)
    part = installed_readers()[format]
    source = part.value(path, config)
    if source is not None and not isinstance(source, Source):
        raise SourceError(
            f"The reader {format!r} of the package {part.package} returned "
            f"{type(source).__name__}; expected a Source, or None for another format. Repair or "
            "remove the package."
        )
    return source


def _others(path: SourcePath) -> str:
    """What a folder holds instead of photographs, and what to do about it."""
    others = " ".join(list_folder(path, nested=True).notes()) if path.is_dir() else ""
    return others and (
        f" {others} Files count by their suffix, e.g. .jpg; convert photographs of other formats, "
        "unpack archives in the folder, or name one archive."
    )


def _places(path: SourcePath) -> list[SourcePath]:
    """The path itself; of an archive its top, and its only folder, if it holds nothing else.

    A folder packed by its name is alone in its archive. One that is named after a split tells
    something about the files in it, and stays part of their paths.
    """
    places = [as_folder(path)]
    while isinstance(place := places[-1], ArchivePath):
        folders = [folder for folder in place.folders() if not is_foreign(folder.name)]
        files = [name for name in place.files() if not is_foreign(name)]
        if files or len(folders) != 1 or folders[0].name.lower() in SPLIT_NAMES:
            break
        places.append(folders[0])
    return places
