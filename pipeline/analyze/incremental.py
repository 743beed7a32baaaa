"""Principal components by dask-ml's IncrementalPCA: singular values, batch by batch."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import pairwise

import dask
import dask.array as da
import numpy as np
from dask_ml.decomposition import IncrementalPCA
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis, with_signs
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.errors import AnalyzeError

Floats = NDArray[np.float64]


def incremental_basis(z: da.Array, mean: Floats, *, nan_rows: int) -> Basis:
    """All principal components of z, computed batch by batch in float64.

    A batch is a chunk, or as many neighbouring chunks as have one vector per component. The active
    Dask scheduler computes all batches but the first.

    Parameters
    ----------
    z
        (vector, component) with at least one component that varies.
    mean
        (component,) of the finite vectors: the origin of the coordinates.
    nan_rows
        Number of vectors with a NaN or infinite component, which are left out.

    Returns
    -------
    Basis
        With as many principal components as z has components.

    Raises
    ------
    AnalyzeError
        If there are fewer finite vectors than components.

    References
    ----------
    Ross, Lim, Lin & Yang (2008), Incremental learning for robust visual tracking. Int. J. Comput.
    Vis. 77, 125-141.
    """
    rows, components = z.shape
    if rows - nan_rows < components:
        raise AnalyzeError(
            f"analyze.pca.solver = incremental needs at least as many vectors as components: got "
            f"{rows - nan_rows:,} vectors for {components} components. Use "
            "analyze.pca.solver=exact, or more vectors."
        )
    if nan_rows:
        z = z[da.isfinite(z).all(axis=1)].compute_chunk_sizes()
    pca = IncrementalPCA(n_components=components, svd_solver="full")
    with single_threaded_blas():
        for number, (start, stop) in enumerate(batches(z.chunks[0], components)):
            batch = z[start:stop].rechunk((stop - start, components)).astype(np.float64)
            with _first_step() if number == 0 else ExitStack():
                pca.partial_fit(batch)
    return Basis(mean, with_signs(pca.components_), pca.explained_variance_)


def batches(lengths: Sequence[int], least: int) -> list[tuple[int, int]]:
    """Row ranges (start, stop) of batches: whole neighbouring chunks of at least `least` rows.

    Examples
    --------
    >>> batches([4, 4, 2, 1, 5, 2], 3)
    [(0, 4), (4, 8), (8, 11), (11, 18)]
    """
    bounds = [0]
    end = 0
    for length in lengths:
        end += length
        if end - bounds[-1] >= least:
            bounds.append(end)
    bounds[-1] = end
    return list(pairwise(bounds))


def _first_step() -> AbstractContextManager[object]:
    """Compute in this thread, with NumPy's warnings off.

    In its first step dask-ml divides 0 by 0 in the tasks and discards the result. Workers would
    warn, because `errstate` applies to a single thread.
    """
    quiet = ExitStack()
    quiet.enter_context(dask.config.set(scheduler="synchronous"))
    quiet.enter_context(np.errstate(divide="ignore", invalid="ignore"))
    return quiet
