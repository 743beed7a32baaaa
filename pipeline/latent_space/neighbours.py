"""The nearest of many vectors, found exactly, a chunk at a time."""

from typing import NamedTuple

import dask
import dask.array as da
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Nearest(NamedTuple):
    """The nearest vectors of some queries, each in ascending order of distance.

    Attributes
    ----------
    rows
        (query, neighbour) int64.
    distances
        (query, neighbour) float64.
    """

    rows: NDArray[np.int64]
    distances: Floats


def nearest(z: da.Array, queries: Floats, k: int, *, transform: Floats | None = None) -> Nearest:
    """The k nearest vectors of each query by Euclidean distance.

    Parameters
    ----------
    z
        (vector, component) real; each chunk of rows is read once, and no more chunks are in memory
        than the scheduler works on. Vectors with a NaN are nobody's neighbours.
    queries
        (query, component) finite.
    k
        Number of neighbours; fewer are found if there are fewer vectors.
    transform
        (component, axis): distances are those of the products with it, e.g. `Basis.whitening` for
        Mahalanobis distances.

    Examples
    --------
    >>> z = da.from_array(np.array([[0.0], [5.0], [1.0]]), chunks=2)
    >>> nearest(z, np.array([[0.9]]), 2).rows
    array([[2, 0]])
    """
    z = z.rechunk({1: -1})
    starts = np.cumsum([0, *z.chunks[0]])[:-1]
    parts = dask.compute(
        *(
            dask.delayed(_nearest_of_chunk)(chunk, queries, int(start), k, transform)
            for chunk, start in zip(z.to_delayed().ravel(), starts, strict=True)
        )
    )
    rows = np.concatenate([part.rows for part in parts], axis=1)
    distances = np.concatenate([part.distances for part in parts], axis=1)
    order = np.lexsort((rows, distances), axis=1)[:, :k]
    return Nearest(
        np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )


def _nearest_of_chunk(
    chunk: NDArray, queries: Floats, start: int, k: int, transform: Floats | None
) -> Nearest:
    from sklearn.neighbors import NearestNeighbors  # slow to load

    finite = np.flatnonzero(np.isfinite(chunk).all(axis=1))
    # scikit-learn subtracts squares, which loses digits far from the origin.
    origin = queries.mean(axis=0)
    vectors, queries = chunk[finite] - origin, queries - origin
    if transform is not None:
        vectors, queries = vectors @ transform, queries @ transform
    k = min(k, len(vectors))
    if k == 0:
        return Nearest(np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0)))
    found = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(vectors)
    rows = found.kneighbors(queries, return_distance=False)
    # As differences, so that equal vectors have the distance 0.
    distances = np.linalg.norm(vectors[rows] - queries[:, None], axis=2)
    return Nearest(finite[rows] + start, distances)
