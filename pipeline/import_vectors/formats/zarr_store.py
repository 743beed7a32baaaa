"""Arrays of Zarr stores."""

from pathlib import Path

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.choice import chosen
from zpoints.pipeline.import_vectors.vector_file import VectorFile, vector_file
from zpoints.storage import StoreError
from zpoints.storage.arrays.foreign import ForeignRows, foreign_arrays, open_foreign

METADATA = ("zarr.json", ".zarray", ".zgroup")
"""Files, one of which every Zarr store has at its top."""


def open_zarr(path: Path, key: str | None) -> VectorFile:
    """Open a two-dimensional array of a Zarr store.

    Raises
    ------
    SourceError
        If the store is damaged, or has no such array.
    """
    try:
        arrays = foreign_arrays(path)
        name = ""
        if "" not in arrays:
            flat = [name for name, shape in arrays.items() if len(shape) == 2]
            name = chosen(path, "array", list(arrays), key, fitting=flat)
        elif key is not None:
            raise SourceError(f"{path} is one array; expected no ingest.vectors_key, got {key!r}.")
        array = open_foreign(path, name)
    except StoreError as error:
        raise SourceError(str(error)) from error
    folder = path / name
    files = tuple(sorted(file for file in folder.rglob("*") if file.is_file()))
    reader = ForeignRows(path, name)
    return vector_file(path, "Zarr array", array, reader, files=files, part=name)
