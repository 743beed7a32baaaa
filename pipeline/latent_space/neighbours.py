"""The nearest latent vectors of some vectors, labelled."""

from collections.abc import Callable
from typing import Any, Literal

import dask
import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.errors import VectorError
from zpoints.pipeline.latent_space.vectors import vector_dim
from zpoints.pipeline.sample.nearest import Nearest, nearest_of_block, nearest_of_parts

Metric = Literal["euclidean", "mahalanobis"]
Floats = NDArray[np.float64]


def neighbours_of(
    latents: xr.Dataset,
    vectors: xr.DataArray,
    k: int,
    *,
    metric: Metric,
    basis: Callable[[], Basis],
    without_own: bool,
) -> xr.Dataset:
    """The nearest latent vectors of some vectors; see `LatentSpace.neighbours`.

    Parameters
    ----------
    latents
        The group `latents`.
    vectors
        (component) or (vector, component).
    k, metric
        As in `LatentSpace.neighbours`.
    basis
        Returns the principal components; asked for Mahalanobis distances only.
    without_own
        Whether the vectors are those of images, which are to be left out of their own neighbours.
    """
    if metric not in ("euclidean", "mahalanobis"):
        raise VectorError(f"metric = {metric!r}: expected 'euclidean' or 'mahalanobis'.")
    if not isinstance(k, int | np.integer) or k < 1:
        raise VectorError(f"k = {k!r}: expected the number of neighbours, 1 or more.")
    queries = np.atleast_2d(vectors.values.astype(np.float64))
    if not np.isfinite(queries).all():
        raise VectorError("A vector has a component that is NaN or infinite.")
    transform = basis().whitening if metric == "mahalanobis" else None
    found = nearest(latents["z"].data, queries, k + without_own, transform=transform)
    index = latents.indexes["image"]
    if without_own:
        found = _without(index.get_indexer(pd.Index(np.atleast_1d(vectors["image"]))), k, found)
    return _labelled(found, vectors, np.asarray(index), metric)


def _without(own: NDArray[np.int64], k: int, found: Nearest) -> Nearest:
    """The neighbours (query, k) of images without the images themselves."""
    count = min(k, max(0, found.rows.shape[1] - 1))
    others = np.argsort(found.rows == own[:, None], axis=1, kind="stable")[:, :count]
    return Nearest(
        np.take_along_axis(found.rows, others, axis=1),
        np.take_along_axis(found.distances, others, axis=1),
    )


def _labelled(
    found: Nearest, vectors: xr.DataArray, names: NDArray[Any], metric: str
) -> xr.Dataset:
    """Neighbours as a dataset, along the dimension of the vectors if there is one."""
    dim = vector_dim(vectors)
    rows, distances = (values if dim is not None else values[0] for values in found)
    dims = ("neighbour",) if dim is None else (str(dim), "neighbour")
    coords: dict[str, Any] = {
        "row": (dims, rows),
        "neighbour": np.arange(1, rows.shape[-1] + 1),
        "image" if dim != "image" else "neighbour_image": (dims, names[rows]),
    }
    if dim in vectors.indexes:
        coords[str(dim)] = vectors.indexes[dim]
    distance = (dims, distances, {"long_name": f"{metric} distance", "units": "1"})
    return xr.Dataset({"distance": distance}, coords)


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
    shared, axes = dask.delayed(queries), dask.delayed(transform)  # not a copy per task
    parts = dask.compute(
        *(
            dask.delayed(nearest_of_block)(chunk, shared, int(start), k, axes)
            for chunk, start in zip(z.to_delayed().ravel(), starts, strict=True)
        )
    )
    return nearest_of_parts(list(parts), k)
