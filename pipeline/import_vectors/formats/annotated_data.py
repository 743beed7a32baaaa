"""Vectors of AnnData's `.h5ad` files, read where the library `anndata` is installed.

A file may hold far more than the vectors. So arrays are read from HDF5 by rows, and only names and
labels of the observations by anndata. What is where: AnnData's on-disk format
(https://anndata.readthedocs.io/en/stable/fileformat-prose.html).
"""

import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from zpoints.extras import installation
from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.choice import chosen
from zpoints.pipeline.import_vectors.vector_file import VectorFile, vector_file

MATRIX, OBSERVATIONS = "X", "obs"
FOLDERS = ("obsm", "layers")
BY_ROWS, BY_COLUMNS = "csr_matrix", "csc_matrix"


@dataclass(frozen=True)
class AnnotatedRows:
    """Rows of a dense array, or of a sparse one that is stored by rows."""

    path: Path
    key: str

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        import h5py  # comes with the extra

        with h5py.File(self.path, "r") as file:
            array = file[self.key]
            if isinstance(array, h5py.Dataset):
                return np.asarray(array[start:stop])
            return _sparse_rows(array, start, stop)


@dataclass(frozen=True)
class _Array:
    """Shape and dtype of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype


def open_annotated(path: Path, key: str | None) -> VectorFile:
    """Open `X`, or an array of `obsm` or `layers`.

    The vectors have the names of the observations; the columns of `obs` are their labels.

    Raises
    ------
    SourceError
        If anndata is not installed, the file is damaged, refers to other files, or has no such
        array.
    """
    if find_spec("anndata") is None:
        raise SourceError(
            f"{path} is read with the library anndata, which is not installed. Install it with "
            f"{installation('anndata')}, or write the vectors with np.save."
        )
    import h5py  # comes with the extra

    try:
        with h5py.File(path, "r") as file:
            _refuse_other_files(path, file)
            name = chosen(path, "array", _names(file), _full(file, key))
            array = _described(path, name, file[name])
            observations = _observations(file)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise SourceError(
            f"{path} cannot be read ({error}). Expected a .h5ad file of anndata 0.7 or newer; "
            "write it again with adata.write_h5ad(path)."
        ) from error
    labels = observations.reset_index(drop=True)
    names = tuple(map(str, observations.index))
    if array.shape[:1] != (len(names),):
        raise SourceError(
            f"{path} has {len(names):,} observations and {name} of the shape {array.shape}. "
            "Expected a row for each observation; write the file again with adata.write_h5ad(path)."
        )
    reader = AnnotatedRows(path, name)
    return vector_file(path, ".h5ad file", array, reader, part=name, names=names, labels=labels)


def _names(file: Any) -> list[str]:
    """Paths of all arrays with a row for each observation; `X` alone if a file has it."""
    inner = [f"{folder}/{name}" for folder in FOLDERS for name in file.get(folder, ())]
    return [MATRIX, *inner] if MATRIX in file else inner


def _full(file: Any, key: str | None) -> str | None:
    """The path of an array that is named without `obsm/` or `layers/`; `X` if none is named."""
    if key is None:
        return MATRIX if MATRIX in file else None
    return next((f"{folder}/{key}" for folder in FOLDERS if key in file.get(folder, ())), key)


def _described(path: Path, name: str, array: Any) -> _Array:
    kind = str(array.attrs.get("encoding-type", "array"))
    if kind == BY_ROWS:
        return _Array(tuple(map(int, array.attrs["shape"])), array["data"].dtype)
    if hasattr(array, "shape"):
        return _Array(array.shape, array.dtype)
    folder, _, last = name.rpartition("/")
    python = f"adata.{folder}[{last!r}]" if folder else f"adata.{name}"
    repair = "tocsr" if kind == BY_COLUMNS else "to_numpy"
    raise SourceError(
        f"{path} holds {name} as {kind}. Expected a dense array or a sparse one by rows "
        f"({BY_ROWS}); write the file again after {python} = {python}.{repair}()."
    )


def _sparse_rows(group: Any, start: int, stop: int) -> NDArray[np.number]:
    bounds = group["indptr"][start : stop + 1]
    part = slice(int(bounds[0]), int(bounds[-1]))
    shape = (len(bounds) - 1, int(group.attrs["shape"][1]))
    rows = csr_array((group["data"][part], group["indices"][part], bounds - bounds[0]), shape)
    rows.check_format(full_check=True)  # SciPy writes wherever the indices point
    return rows.toarray()


def _observations(file: Any) -> pd.DataFrame:
    """Labels of the observations, indexed by their names."""
    from anndata.io import read_elem  # an extra, which takes a second to load

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of older encodings, which are read all the same
        try:
            table = read_elem(file[OBSERVATIONS])
        except Exception as error:  # anndata's errors have no base of their own
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise ValueError(f"{OBSERVATIONS}: {first}") from error
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{OBSERVATIONS} is not a table")
    return table


def _refuse_other_files(path: Path, file: Any) -> None:
    """HDF5 can take links and arrays from any file that the user may read."""
    import h5py

    def foreign(name: str, item: Any) -> str | None:
        other = isinstance(item, h5py.Dataset) and (item.external or item.is_virtual)
        return name if other else None

    found = file.visititems_links(lambda n, link: None if isinstance(link, h5py.HardLink) else n)
    found = found or file.visititems(foreign)
    if found is not None:
        raise SourceError(
            f"{path} refers to another place for {found}. Expected a file that holds all its "
            "arrays; write it again with adata.write_h5ad(path)."
        )
