"""The formats in which photographs come, and the choice among their readers."""

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.celeba import read_celeba
from zpoints.pipeline.ingest.sources.folder import read_folder
from zpoints.pipeline.ingest.sources.kaggle import read_kaggle
from zpoints.pipeline.ingest.sources.parquet import read_parquet
from zpoints.pipeline.ingest.sources.source import Reader, Source
from zpoints.pipeline.ingest.sources.torchvision import read_torchvision

# The first two are special cases of the third; the last accepts any folder of photographs.
READERS: dict[str, Reader] = {
    "torchvision": read_torchvision,
    "kaggle": read_kaggle,
    "celeba": read_celeba,
    "parquet": read_parquet,
    "folder": read_folder,
}
"""By the value of ``source.format``, in the order in which they are tried."""

EXPECTED = {
    "torchvision": "the root of torchvision.datasets.CelebA, with celeba/img_align_celeba in it",
    "kaggle": "a folder with img_align_celeba/img_align_celeba/ and list_attr_celeba.csv",
    "celeba": "a folder with img_align_celeba/ or img_align_celeba.zip",
    "parquet": "parquet files with a column of photographs, in a folder or in its data/",
    "folder": "a folder with photographs in it, or in folders in it",
}


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


def _read(path: SourcePath, config: SourceConfig) -> Source:
    if not path.exists():
        raise SourceError(
            f"ingest.source = {path} does not exist. Expected the folder of the photographs; "
            "name it with --set ingest.source=FOLDER."
        )
    if config.format != "auto":
        source = READERS[config.format](path, config)
        if source is None:
            raise SourceError(
                f"ingest.source = {path} is not of source.format = {config.format}. "
                f"Expected {EXPECTED[config.format]}; name that, or set source.format=auto."
            )
        return source
    for reader in READERS.values():
        if (source := reader(path, config)) is not None:
            return source
    raise SourceError(
        f"ingest.source = {path} has no known format: it holds no photographs. Expected "
        f"one of:\n  " + "\n  ".join(EXPECTED.values())
    )
