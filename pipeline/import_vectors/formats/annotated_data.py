"""Vectors of AnnData's `.h5ad` files, read with the library `anndata` where it is installed."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.errors import SourceError
from zpoints.pipeline.import_vectors.formats.choice import chosen
from zpoints.pipeline.import_vectors.vector_file import VectorFile, vector_file

MATRIX = "X"


@dataclass(frozen=True)
class AnnotatedRows:
    """Rows of `X`, which stays in the file, or of an array of `obsm`."""

    path: Path
    key: str

    def read(self, start: int, stop: int) -> NDArray[np.number]:
        data = _opened(self.path)
        try:
            rows = _matrix(data, self.key)[start:stop]
            return np.asarray(rows.toarray() if hasattr(rows, "toarray") else rows)
        finally:
            data.file.close()


def open_annotated(path: Path, key: str | None) -> VectorFile:
    """Open `X` or an array of `obsm`; the vectors have the names of the observations.

    Raises
    ------
    SourceError
        If anndata is not installed, the file is damaged, or it has no such array.
    """
    if find_spec("anndata") is None:
        raise SourceError(
            f"{path} is read with the library anndata, which is not installed. Install it with "
            "pip install 'zpoints[anndata]', or write the vectors with np.save."
        )
    try:
        data = _opened(path)
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{path} cannot be read ({error}). Expected a .h5ad file.") from error
    try:
        name = chosen(path, "array", [MATRIX, *(f"obsm/{key}" for key in data.obsm)], key or MATRIX)
        names = tuple(map(str, data.obs_names))
        reader = AnnotatedRows(path, name)
        return vector_file(path, ".h5ad file", _matrix(data, name), reader, part=name, names=names)
    finally:
        data.file.close()


def _opened(path: Path) -> Any:
    import anndata  # an extra, which takes a second to load

    return anndata.read_h5ad(path, backed="r")


def _matrix(data: Any, key: str) -> Any:
    return data.X if key == MATRIX else data.obsm[key.removeprefix("obsm/")]
