"""The folder that ``torchvision.datasets.CelebA`` downloads to: ``celeba/`` in its ``root``."""

from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.celeba import (
    IMAGES,
    TEXT,
    aligned_photographs,
    aligned_source,
    renamed_source,
)
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.celeba import first_annotation_file

FOLDER = "celeba"
MARK = "list_bbox_celeba.txt"  # the official download keeps it in Anno/


def read_torchvision(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read torchvision's layout; ``path`` is its ``root``, or the folder ``celeba`` in it.

    Raises
    ------
    SourceError
        See `zpoints.pipeline.ingest.sources.celeba.read_celeba`.
    """
    home, photographs = path / FOLDER, _photographs(path / FOLDER)
    mark = f" in torchvision's folder {FOLDER}/"
    if photographs is None and first_annotation_file(home, TEXT) is not None:
        return renamed_source("torchvision", home, config, suffixes=TEXT)
    if photographs is None:
        home, photographs = path, _photographs(path)
        marked = (path / MARK).is_file()
        mark = f" and {MARK} next to it" if marked else ""
        if not marked and config.format != "torchvision":
            return None
    if photographs is None:
        return None
    return aligned_source("torchvision", photographs, home, config, mark=mark)


def _photographs(folder: SourcePath) -> SourcePath | None:
    kaggle = (folder / IMAGES / IMAGES).exists()
    return None if kaggle else aligned_photographs(folder)
