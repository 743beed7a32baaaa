"""The nearest of many vectors, found exactly, a block at a time."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zpoints.extras import require

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


def nearest_of_block(
    block: NDArray, queries: Floats, start: int, k: int, transform: Floats | None = None
) -> Nearest:
    """The k nearest vectors of each query in a block by Euclidean distance; fewer if it has fewer.

    Parameters
    ----------
    block
        (vector, component). Vectors with a NaN are nobody's neighbours.
    queries
        (query, component) finite.
    start
        Number of the block's first row.
    k
        Number of neighbours.
    transform
        (component, axis): distances are those of the products with it.
    """
    require("analyze")
    from sklearn.neighbors import NearestNeighbors  # slow to load

    finite = np.flatnonzero(np.isfinite(block).all(axis=1))
    # scikit-learn subtracts squares, which loses digits far from the origin.
    origin = queries.mean(axis=0)
    vectors, queries = block[finite] - origin, queries - origin
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


def nearest_of_parts(parts: list[Nearest], k: int) -> Nearest:
    """The k nearest of those found in several blocks; of equal distances the first row."""
    rows = np.concatenate([part.rows for part in parts], axis=1)
    distances = np.concatenate([part.distances for part in parts], axis=1)
    order = np.lexsort((rows, distances), axis=1)[:, :k]
    return Nearest(
        np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)
    )
