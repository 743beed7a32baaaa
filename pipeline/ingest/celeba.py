"""CelebA's official form: aligned photographs with space-separated annotation files.

References
----------
Liu, Luo, Wang, Tang (2015), Deep learning face attributes in the wild, ICCV.
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.ingest.errors import SourceError
from pipeline.ingest.files import FolderFiles, PhotographFiles, ZipFiles, digest
from pipeline.ingest.source import Source

SPLITS = ("train", "validation", "test")
LANDMARKS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"
IDENTITY = "identity_CelebA.txt"
LANDMARK_FILE = "list_landmarks_align_celeba.txt"
ABSENT = {
    ATTRIBUTES: "no attributes",
    PARTITION: "no split",
    IDENTITY: "no identities",
    LANDMARK_FILE: "no landmarks",
}
FOLDERS = ("", "Img", "Anno", "Eval")  # the official download has the last three


def read_celeba(path: Path) -> Source | None:
    """Read CelebA's official form at ``path``, or return None where it is something else.

    ``path`` is the folder that holds ``img_align_celeba/`` or ``img_align_celeba.zip``, or one of
    these two themselves with the annotation files beside it.

    Raises
    ------
    SourceError
        If there are no photographs, the archive is damaged, or an annotation file is no text,
        malformed, or lacks photographs.
    """
    found = _find_photographs(path)
    if found is None:
        return None
    files, home, why = found
    signature = files.signature()
    if not signature:
        raise SourceError(f"{why}, but it holds no .jpg or .png photographs.")
    names = tuple(sorted(signature))
    tables, notes, texts = _read_annotations(home, names)
    landmarks = tables.pop(LANDMARK_FILE, None)
    labels = pd.concat(tables.values(), axis="columns") if tables else pd.DataFrame(index=names)
    return Source(
        form="CelebA",
        why=why,
        files=files,
        names=names,
        labels=labels,
        landmarks=None if landmarks is None else _landmark_array(landmarks),
        notes=notes,
        digest=digest([*(f"{name} {signature[name]}" for name in names), *texts]),
    )


def _find_photographs(path: Path) -> tuple[PhotographFiles, Path, str] | None:
    if path.suffix == ".zip" and path.is_file():
        return ZipFiles(path), path.parent, f"found the archive {path}"
    if path.name == "img_align_celeba" and path.is_dir() and not (path / path.name).exists():
        return FolderFiles(path), path.parent, f"found the folder {path}"
    for folder in FOLDERS:
        inside = path / folder / "img_align_celeba"
        if inside.is_dir():
            return FolderFiles(inside), path, f"found the folder {inside}"
        archive = inside.with_suffix(".zip")
        if archive.is_file():
            return ZipFiles(archive), path, f"found the archive {archive}"
    return None


def _read_annotations(
    home: Path, names: tuple[str, ...]
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...], list[str]]:
    """Annotation tables joined to ``names``, lines about missing files, and the texts' digests."""
    readers = {
        ATTRIBUTES: _attributes,
        PARTITION: _partition,
        IDENTITY: _identity,
        LANDMARK_FILE: _landmarks,
    }
    tables, notes, texts = {}, [], []
    for name, reader in readers.items():
        path = next((p for f in FOLDERS if (p := home / f / name).is_file()), None)
        if path is None:
            notes.append(f"{name} not found in {home}: {ABSENT[name]} in the store.")
            continue
        text = _text(path)
        tables[name] = _join(_parsed(reader, text, path), names, path)
        texts.append(digest([name, text]))
    return tables, tuple(notes), texts


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(
            f"{path} cannot be read as text ({error}). Expected the official file, which is UTF-8; "
            "replace it, or remove it to go on without these labels."
        ) from error


def _parsed(reader: Callable[[str], pd.DataFrame], text: str, path: Path) -> pd.DataFrame:
    try:
        return reader(text)
    except (ValueError, IndexError, KeyError) as error:
        raise SourceError(
            f"{path} does not have CelebA's format ({error}). Expected the official file; "
            "replace it, or remove it to go on without these labels."
        ) from error


def _join(table: pd.DataFrame, names: tuple[str, ...], path: Path) -> pd.DataFrame:
    """The rows of ``names``, by file name and never by position."""
    repeated = table.index[table.index.duplicated()]
    if len(repeated):
        raise SourceError(f"{path} names {len(repeated)} photographs twice, e.g. {repeated[0]}.")
    missing = pd.Index(names).difference(table.index)
    if len(missing):
        raise SourceError(
            f"{path} has no row for {len(missing)} of {len(names)} photographs, "
            f"e.g. {missing[0]}. Complete it, or remove it to go on without these labels."
        )
    return table.loc[list(names)]


def _table_with_header(text: str) -> pd.DataFrame:
    """A line with the number of rows, a line of column names, then name and integers per line."""
    _, header, rows = text.split("\n", 2)
    columns = header.split()
    return _integers(rows, columns)


def _integers(rows: str, columns: list[str]) -> pd.DataFrame:
    """Rows of a file name and integers, indexed by file name."""
    table = pd.read_csv(
        io.StringIO(rows), sep=r"\s+", header=None, names=["name", *columns], dtype={"name": str}
    )
    return table.set_index("name").astype(np.int32)


def _attributes(text: str) -> pd.DataFrame:
    table = _table_with_header(text)
    if not table.isin((-1, 1)).all(axis=None):
        raise ValueError("an attribute other than -1 and 1")
    return table == 1


def _partition(text: str) -> pd.DataFrame:
    codes = _integers(text, ["split"])
    if not codes["split"].isin((0, 1, 2)).all():
        raise ValueError("a split other than 0, 1 and 2")
    return codes.replace(dict(enumerate(SPLITS)))


def _identity(text: str) -> pd.DataFrame:
    return _integers(text, ["identity"])


def _landmarks(text: str) -> pd.DataFrame:
    points = _table_with_header(text)
    if points.shape[1] != 2 * len(LANDMARKS):
        raise ValueError(f"{points.shape[1]} columns instead of x and y of 5 landmarks")
    return points


def _landmark_array(table: pd.DataFrame) -> np.ndarray:
    return table.to_numpy().reshape(len(table), len(LANDMARKS), 2).astype(np.int16)
