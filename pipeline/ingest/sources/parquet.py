"""Parquet shards as the Hugging Face ``datasets`` library writes them."""

import json
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as types

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.ingest.config import SourceConfig
from zpoints.pipeline.ingest.files.listed_path import ListedPath
from zpoints.pipeline.ingest.files.path import SourcePath, stamp
from zpoints.pipeline.ingest.files.photographs import digest
from zpoints.pipeline.ingest.limits import refuse_columns
from zpoints.pipeline.ingest.sources.parquet_shards import ParquetFiles, open_shard
from zpoints.pipeline.ingest.sources.source import Source
from zpoints.pipeline.ingest.tables.annotations import merged
from zpoints.pipeline.ingest.tables.interpret import SPLIT_COLUMNS, SPLIT_NAMES, interpret
from zpoints.pipeline.ingest.tables.join import listed
from zpoints.pipeline.progress import counted

DEPTHS = ("*.parquet", "*/*.parquet", "*/*/*.parquet")
"""Shards are in the folder, in ``data/``, in a folder per split, or per configuration and split."""

FORMAT = "Hugging Face parquet"

SPLIT_WORDS = {word: split for word, split in SPLIT_NAMES.items() if word.isalpha()}
SPLIT_WORDS |= {"eval": "test", "evaluation": "test"}  # as the library names them in paths


@dataclass(frozen=True)
class Shard:
    """The content of a shard except the photographs.

    Attributes
    ----------
    name
        Path relative to the source's folder.
    stamp
        Size and time of modification.
    column
        Path of the column with the bytes; empty where there is none.
    paths
        (row,) original path of each photograph, None where unknown.
    labels
        Columns that may be labels, one row per photograph.
    left_out
        Names of the other columns.
    """

    name: str
    stamp: str
    column: str
    paths: np.ndarray
    labels: pd.DataFrame
    left_out: tuple[str, ...]


def read_parquet(path: SourcePath, config: SourceConfig) -> Source | None:
    """Read parquet shards, or a single one; photographs keep the order of shards and rows.

    Names are the photographs' paths if all rows have distinct ones, else
    ``<shard without suffix>/<row>``.

    Raises
    ------
    SourceError
        If a shard is damaged, or the names of the columns of photographs differ.
    """
    folder, names = _shard_names(path)
    if not names:
        return None
    found = [_read_shard(folder, name) for name in names]
    shards = [shard for shard in found if shard.column and len(shard.paths)]
    if not shards:
        return None
    columns = sorted({shard.column for shard in shards})
    if len(columns) > 1:
        raise SourceError(
            f"{path} holds shards whose photographs are in different columns "
            f"({', '.join(columns)}). Expected shards of one data set; name its folder."
        )
    keys = [f"{shard.name}#{row}" for shard in shards for row in range(len(shard.paths))]
    photographs, notes = _names(shards)
    table = pd.concat([shard.labels for shard in shards], ignore_index=True)
    table = table.set_axis(pd.Index(photographs))
    given = interpret(table, present=np.ones(len(keys), bool), origin=FORMAT)
    labels = merged({FORMAT: given})
    left_out = sorted({column for shard in shards for column in shard.left_out})
    if left_out:
        notes.append(f"Columns of other types were left out: {listed(left_out)}.")
    if without := [shard.name for shard in found if shard not in shards]:
        notes.append(f"{counted(len(without), 'file')} without photographs, e.g. {without[0]}.")
    if isinstance(path, ListedPath):
        notes += path.notes()
    return Source(
        format=FORMAT,
        why=f"found {counted(len(shards), 'parquet file')} in {path} with photographs in "
        f"{columns[0]}",
        files=ParquetFiles(folder, columns[0], digest(f"{s.name} {s.stamp}" for s in shards)),
        names=tuple(photographs),
        keys=tuple(keys),
        signatures=tuple(f"{s.stamp}-{row}" for s in shards for row in range(len(s.paths))),
        labels=labels.rows,
        landmarks=labels.landmarks,
        notes=(*notes, *labels.notes),
        refused=(),
    )


def _shard_names(path: SourcePath) -> tuple[SourcePath, list[str]]:
    """Folder of the shards, and their paths in it."""
    if path.is_file():
        return path.parent, [path.name] if path.suffix == ".parquet" else []
    found = (str(p).removeprefix(f"{path}/") for depth in DEPTHS for p in path.glob(depth))
    return path, sorted(n for n in found if not any(x[0] == "." for x in n.split("/")))


def _names(shards: list[Shard]) -> tuple[list[str], list[str]]:
    """Names of the photographs, and a note if they are not the paths."""
    paths = pd.Series(np.concatenate([shard.paths for shard in shards]), dtype=object)
    repeated = paths[paths.notna() & paths.duplicated()]
    if paths.notna().all() and paths.ne("").all() and not len(repeated):
        return list(paths), []
    stems = ((shard.name.removesuffix(".parquet"), len(shard.paths)) for shard in shards)
    names = [f"{stem}/{row}" for stem, count in stems for row in range(count)]
    reason = (
        f"several rows have the path {repeated.iloc[0]}" if len(repeated) else "some rows have none"
    )
    return names, [f"Photographs are named by shard and row, not by path: {reason}."]


def _read_shard(folder: SourcePath, name: str) -> Shard:
    path = folder / name
    try:
        changed = stamp(path)
        with open_shard(path) as file:
            schema = file.schema_arrow
            image, column = _image_column(schema)
            labels = [f.name for f in schema if _is_label(f.type)]
            _refuse_columns(path, len(labels))
            inner = f"{image}.path" if column == f"{image}.bytes" else ""
            has_path = inner and schema.field(image).type.get_field_index("path") >= 0
            table = file.read([*labels, inner] if has_path else labels, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(
            f"{path} cannot be read ({error}). Expected a complete parquet file; fetch it again, "
            "or remove it."
        ) from error
    rows = file.metadata.num_rows
    paths = np.full(rows, None, dtype=object)
    if has_path:
        paths = pc.struct_field(table.column(image), "path").to_numpy()
    frame = _with_class_names(schema, table.select(labels).to_pandas(ignore_metadata=True))
    if not {str(column).lower() for column in frame} & set(SPLIT_COLUMNS) and (
        split := _split(name)
    ):
        frame["split"] = split
    left_out = {field.name for field in schema} - {image, *labels}
    return Shard(name, changed, column, paths, frame, tuple(sorted(left_out)))


def read_parquet_cells(path: SourcePath) -> pd.DataFrame:
    """All cells as text of a table without photographs; columns of other types are left out.

    Raises
    ------
    OSError, ValueError
        If the file is damaged or has too many columns.
    """
    try:
        with open_shard(path) as file:
            schema = file.schema_arrow
            labels = [field.name for field in schema if _is_label(field.type)]
            refuse_columns(len(labels))
            table = file.read(labels, use_threads=False)
    except pa.ArrowException as error:
        raise ValueError(str(error)) from error
    frame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    cells = _with_class_names(schema, frame)
    return cells.astype(object).map(str).mask(cells.isna(), "")


def _refuse_columns(path: SourcePath, count: int) -> None:
    try:
        refuse_columns(count)
    except ValueError as error:
        raise SourceError(f"{path} cannot be read: {error}.") from error


def _image_column(schema: pa.Schema) -> tuple[str, str]:
    """Name of the column with photographs, and path of its bytes; ``image`` takes precedence."""
    for field in sorted(schema, key=lambda field: field.name != "image"):
        if types.is_struct(field.type):
            index = field.type.get_field_index("bytes")
            if index >= 0 and _is_binary(field.type.field(index).type):
                return field.name, f"{field.name}.bytes"
        elif _is_binary(field.type):
            return field.name, field.name
    return "", ""


def _is_binary(kind: pa.DataType) -> bool:
    return types.is_binary(kind) or types.is_large_binary(kind)


def _is_label(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind):
        return _is_label(kind.value_type)
    tests = (
        *(types.is_boolean, types.is_integer, types.is_floating, types.is_decimal),
        *(types.is_string, types.is_timestamp, types.is_date),
    )
    return types.is_large_string(kind) or any(test(kind) for test in tests)


def _with_class_names(schema: pa.Schema, labels: pd.DataFrame) -> pd.DataFrame:
    """Labels with the names of their classes, where the ``datasets`` library stored numbers."""
    try:
        stored = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = dict(stored["info"]["features"])
    except (ValueError, KeyError, TypeError):
        return labels
    for name in set(labels) & set(features):
        feature = features[name] if isinstance(features[name], dict) else {}
        names = feature.get("names")
        if feature.get("_type") != "ClassLabel" or not isinstance(names, list):
            continue
        of_number = {number: str(text) for number, text in enumerate(names)}
        labels[name] = labels[name].map(of_number)
    return labels


def _split(name: str) -> str:
    """Split in the path of a shard; empty if there is none.

    Folders and shards are called by it, with the name of the data set before it or ``partial``,
    which marks a shortened split.

    Examples
    --------
    >>> _split("data/valid-00000-of-00003.parquet"), _split("default/partial-train/0000.parquet")
    ('validation', 'train')
    """
    for part in reversed(name.removesuffix(".parquet").lower().split("/")):
        first = re.split(r"[-_.]", part)[0]
        if first in SPLIT_WORDS:
            return SPLIT_WORDS[first]
        words = re.findall(r"[^\W\d_]+", part)
        named = {SPLIT_WORDS[word] for word in words if word in SPLIT_WORDS}
        if len(named) == 1:
            return named.pop()
    return ""
