"""CelebA as packed by Kaggle: CSV annotations, and a folder of photographs nested twice."""

from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.celeba import (
    IMAGES,
    aligned_photographs,
    aligned_source,
    is_annotated,
)
from zpoints.pipeline.ingest.sources.source import Source

SUFFIXES = (".csv", ".txt")


def read_kaggle(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read Kaggle's format; ``path`` is its folder, or one of the two ``img_align_celeba``.

    A folder of photographs nested only once is accepted next to CSV annotations.

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
        mark = ""
    elif is_annotated(home, (".csv",)) and (single := aligned_photographs(home)) is not None:
        photographs, mark = single, " and CSV annotations next to it"
    else:
        return None
    return aligned_source("Kaggle", photographs, home, suffixes=SUFFIXES, mark=mark)
