"""Opens vectors in any of the known formats."""

from collections.abc import Callable, Mapping
from pathlib import Path

from zpoints.pipeline.errors import ConfigError, SourceError
from zpoints.pipeline.import_vectors.vector_file import VectorFile
from zpoints.storage.backend.local_path import local_path

EXPECTED = (
    "a .npy file, an array of a .npz file, a Zarr array or group (a folder), a .parquet file with "
    "a column of lists or columns of numbers, a dataset of the library datasets on disk (a "
    "folder), or a .h5ad file"
)


def open_vectors(location: str, key: str | None) -> VectorFile:
    """Open vectors; none is read.

    Parameters
    ----------
    location
        A local file or folder.
    key
        Array, variable or columns in it; None where there is only one.

    Raises
    ------
    ConfigError
        If there is no such file or folder on this machine.
    SourceError
        If it is of no known format, damaged, or holds no vectors.
    """
    path = existing_vectors(location)
    return _opener(path)(path.absolute(), key)


def existing_vectors(location: str) -> Path:
    """The path of `ingest.vectors`.

    Raises
    ------
    ConfigError
        If there is no such file or folder on this machine.
    """
    if "://" in location:
        raise ConfigError(
            f"ingest.vectors = {location} is a URL. Expected a local file or folder; copy it."
        )
    path = local_path(location)
    if not path.exists():
        raise ConfigError(f"ingest.vectors = {path} does not exist. Expected {EXPECTED}.")
    return path


def _opener(path: Path) -> Callable[[Path, str | None], VectorFile]:
    # Loaded on use: pyarrow and Zarr take a part of a second, and anndata is an extra.
    from zpoints.pipeline.import_vectors.formats import (
        annotated_data,
        hugging_face,
        numpy_files,
        parquet_file,
        zarr_store,
    )

    suffixes: Mapping[str, Callable[[Path, str | None], VectorFile]] = {
        ".npy": numpy_files.open_npy,
        ".npz": numpy_files.open_npz,
        ".parquet": parquet_file.open_parquet,
        ".h5ad": annotated_data.open_annotated,
    }
    if path.is_file() and path.suffix.lower() in suffixes:
        return suffixes[path.suffix.lower()]
    if any((path / name).is_file() for name in (hugging_face.STATE, hugging_face.SPLITS)):
        return hugging_face.open_dataset
    if any((path / name).is_file() for name in zarr_store.METADATA):
        return zarr_store.open_zarr
    raise SourceError(f"{path} has no known format of vectors. Expected {EXPECTED}.")
