"""CelebA as packed by Kaggle: CSV annotations, and a folder of photographs nested twice."""

from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.celeba import (
    IMAGES,
    aligned_photographs,
    aligned_source,
    renamed_source,
)
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.celeba import first_annotation_file

SUFFIXES = (".csv", ".txt")


def read_kaggle(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read Kaggle's format; ``path`` is its folder, or one of the two ``img_align_celeba``.

    A folder of photographs nested only once, or of another name, is accepted next to CSV
    annotations.

    Raises
    ------
    SourceError
        See `zpoints.pipeline.ingest.sources.celeba.read_celeba`.
    """
    home = path
    while home.name == IMAGES:
        home = home.parent
    photographs = home / IMAGES / IMAGES
    if photographs.is_dir():
        return aligned_source("Kaggle", photographs, home, config, suffixes=SUFFIXES)
    single = aligned_photographs(home)
    if single is not None and first_annotation_file(home, SUFFIXES[:1]) is not None:
        mark = " and CSV annotations next to it"
        return aligned_source("Kaggle", single, home, config, suffixes=SUFFIXES, mark=mark)
    return renamed_source("Kaggle", path, config, suffixes=SUFFIXES)
