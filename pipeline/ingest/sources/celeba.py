"""CelebA's official format, and the annotation files that its other packings share.

References
----------
Liu, Luo, Wang, Tang (2015), Deep learning face attributes in the wild, ICCV.
"""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.archive import SUFFIXES, ArchivePath, as_folder
from zpoints.pipeline.ingest.files.listing import list_folder
from zpoints.pipeline.ingest.files.path import SourcePath
from zpoints.pipeline.ingest.sources.annotations import LANDMARKS, SPLIT_NAMES, join
from zpoints.pipeline.ingest.sources.source import Annotations, Source
from zpoints.pipeline.labels.annotated_rows import marker

IMAGES = "img_align_celeba"
FOLDERS = ("", "Img", "Anno", "Eval")  # the official download has the last three


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file of CelebA: a file name and integers per row.

    Attributes
    ----------
    stem
        File name without suffix.
    missing
        What the store lacks without the file.
    columns
        Names of the integers if a text file has no header.
    """

    stem: str
    missing: str
    columns: tuple[str, ...] = ()


ATTRIBUTES = AnnotationFile("list_attr_celeba", "no attributes")
PARTITION = AnnotationFile("list_eval_partition", "no split", ("split",))
IDENTITY = AnnotationFile("identity_CelebA", "no identities", ("identity",))
POINTS = AnnotationFile("list_landmarks_align_celeba", "no landmarks")
ANNOTATION_FILES = (ATTRIBUTES, PARTITION, IDENTITY, POINTS)


def read_celeba(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read the official format: ``img_align_celeba/`` or its archive, and text annotations.

    ``path`` is the folder that holds them, or one of these two next to the annotations. Any archive
    next to annotations is taken for that of the photographs.

    Raises
    ------
    SourceError
        If there are no photographs, the archive is damaged, or an annotation file is not UTF-8
        or malformed.
    """
    if path.name == IMAGES and path.is_dir() and not (path / IMAGES).exists():
        return aligned_source("CelebA", path, path.parent)
    for folder in FOLDERS:
        if (photographs := aligned_photographs(path / folder)) is not None:
            return aligned_source("CelebA", photographs, path)
    if isinstance(path, ArchivePath) and _is_of_photographs(path, config):
        return aligned_source("CelebA", path, path)
    return None


def _is_of_photographs(path: ArchivePath, config: SourceConfig) -> bool:
    """Whether an archive holds aligned photographs in folders of any name."""
    if any(folder.rpartition("/")[2] == IMAGES for folder in path.contents.folders):
        return False
    named = path.archive.name.startswith(f"{IMAGES}.")
    return named or config.format == "celeba" or is_annotated(path.archive.parent)


def aligned_photographs(home: SourcePath) -> SourcePath | None:
    """The folder ``img_align_celeba`` in a folder, or else its archive."""
    folder = home / IMAGES
    if folder.exists():
        return folder
    archives = (home / f"{IMAGES}{suffix}" for suffix in SUFFIXES)
    return next((as_folder(archive) for archive in archives if archive.is_file()), None)


def is_annotated(home: SourcePath, suffixes: Sequence[str] = (".txt",)) -> bool:
    """Whether a folder holds an annotation file of CelebA."""
    return any(
        (home / folder / f"{file.stem}{suffix}").is_file()
        for file in ANNOTATION_FILES
        for folder in FOLDERS
        for suffix in suffixes
    )


def aligned_source(
    format: str,
    photographs: SourcePath,
    home: SourcePath,
    *,
    suffixes: Sequence[str] = (".txt",),
    mark: str = "",
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
    suffixes
        Suffixes of the annotation files, in order of preference.
    mark
        Further evidence of the format, for messages.

    Raises
    ------
    SourceError
        See `read_celeba`.
    """
    packed = isinstance(photographs, ArchivePath)
    what = "archive" if isinstance(photographs, ArchivePath) and not photographs.key else "folder"
    why = f"found the {what} {photographs}{mark}"
    if isinstance(home, ArchivePath) and not is_annotated(home, suffixes):
        home = home.archive.parent
    listing = list_folder(photographs, nested=packed)
    if not listing.keys:
        raise SourceError(
            f"{format} format: {why}, but it holds no photographs such as 000001.jpg. Expected "
            "CelebA's aligned photographs; unpack or fetch them again."
        )
    names = listing.names
    labels = _read_labels(home, _row_names(names), suffixes)
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


def _row_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """For each photograph its name in the annotations, which name no folders.

    A file name that several photographs in an archive have is that of none.
    """
    files = [name.rpartition("/")[2] for name in names]
    count = Counter(files)
    return tuple(
        file if count[file] == 1 else name for name, file in zip(names, files, strict=True)
    )


def _read_labels(home: SourcePath, names: tuple[str, ...], suffixes: Sequence[str]) -> Annotations:
    parts: list[pd.DataFrame] = []
    notes: list[str] = []
    landmarks = None
    for file in ANNOTATION_FILES:
        files = [home / f / (file.stem + s) for s in suffixes for f in FOLDERS]
        path = next((p for p in files if p.is_file()), None)
        if path is None:
            notes.append(f"{files[0].name} not found in {home}: {file.missing} in the store.")
            continue
        joined = join(_parsed(_text(path), file, path), names, origin=path.name, fill=-1)
        notes += joined.notes
        if file is POINTS:
            points = joined.rows.to_numpy(np.int16)
            landmarks = points.reshape(len(names), len(LANDMARKS), 2)
        elif file is ATTRIBUTES:
            parts.append((joined.rows == 1).assign(**marker(joined.present)))
        elif file is PARTITION:
            splits = {-1: "", **{code: SPLIT_NAMES[str(code)] for code in range(3)}}
            parts.append(joined.rows.replace(splits))
        else:
            parts.append(joined.rows)
    rows = pd.concat(parts, axis="columns") if parts else pd.DataFrame(index=list(names))
    return Annotations(rows, landmarks, tuple(notes))


def _text(path: SourcePath) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path} cannot be read as text ({error}). Expected the official file, which is UTF-8; "
            "replace it, or remove it to continue without these labels."
        ) from error


def _parsed(text: str, file: AnnotationFile, path: SourcePath) -> pd.DataFrame:
    """int32 columns, indexed by file name."""
    try:
        rows = _csv_rows(text, file) if path.suffix == ".csv" else _text_rows(text, file)
        _check(rows, file)
    except (ValueError, IndexError, KeyError) as error:
        raise SourceError(
            f"{path} does not have CelebA's format ({error}). Expected the official file; "
            "replace it, or remove it to continue without these labels."
        ) from error
    return rows


def _text_rows(text: str, file: AnnotationFile) -> pd.DataFrame:
    """Without `file.columns` the first line is the number of rows, the second the header."""
    if file.columns:
        return _integers(text, list(file.columns), r"\s+")
    _, header, rows = text.split("\n", 2)
    return _integers(rows, header.split(), r"\s+")


def _csv_rows(text: str, file: AnnotationFile) -> pd.DataFrame:
    header, rows = text.split("\n", 1)
    _, *columns = (column.strip() for column in next(csv.reader([header])))
    return _integers(rows, list(file.columns) or columns, ",")


def _integers(rows: str, columns: list[str], separator: str) -> pd.DataFrame:
    table = pd.read_csv(
        io.StringIO(rows),
        sep=separator,
        header=None,
        names=["name", *columns],
        dtype={"name": str},
        skipinitialspace=True,
    )
    if not isinstance(table.index, pd.RangeIndex):  # pandas makes an index of surplus fields
        raise ValueError(f"more than {len(columns)} values in a row")
    return table.assign(name=table["name"].str.strip()).set_index("name").astype(np.int32)


def _check(rows: pd.DataFrame, file: AnnotationFile) -> None:
    if file is ATTRIBUTES and not rows.isin((-1, 0, 1)).all(axis=None):
        raise ValueError("an attribute other than -1 and 1")
    if file is PARTITION and not rows["split"].isin((0, 1, 2)).all():
        raise ValueError("a split other than 0, 1 and 2")
    if file is POINTS and rows.shape[1] != 2 * len(LANDMARKS):
        raise ValueError(f"{rows.shape[1]} columns instead of x and y of 5 landmarks")
