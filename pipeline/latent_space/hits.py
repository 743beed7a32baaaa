"""Counts vectors inside boxes around the maxima of the number distributions, chunk by chunk."""

from collections.abc import Sequence
from functools import partial

import dask
import dask.array as da
import numpy as np
import xarray as xr

from zpoints.extras import require


def hits_of(
    z: xr.DataArray, statistics: xr.Dataset, multiples: Sequence[float] | None
) -> xr.DataArray:
    """Number of vectors within k hw of mu in all components; see `LatentSpace.hit_test`.

    Parameters
    ----------
    z
        (component) or (vector, component); chunks of lazy vectors are read once each.
    statistics
        The group `statistics`.
    multiples
        The multiples k; if None, those that reports count.

    Returns
    -------
    xr.DataArray
        (multiple) int64.

    Raises
    ------
    MissingExtraError
        If the extra `analyze` is not installed.
    """
    require("analyze")
    from zpoints.pipeline.sample.region import MULTIPLES, hit_test  # loads Numba

    multiples = multiples or MULTIPLES
    count = partial(
        hit_test, statistics=statistics[["mu", "hw"]].reset_coords(drop=True), multiples=multiples
    )
    if isinstance(z.data, da.Array) and z.ndim == 2:
        chunks = z.data.rechunk({1: -1}).to_delayed().ravel()
        shared = dask.delayed(count)
        counts = np.sum(dask.compute(*(shared(chunk) for chunk in chunks)), axis=0)
    else:
        counts = count(np.atleast_2d(z.values))
    multiple = ("multiple", list(multiples), {"long_name": "multiple k of hw", "units": "1"})
    attrs = {"long_name": "vectors within k hw of mu in all components", "units": "1"}
    return xr.DataArray(counts, {"multiple": multiple}, "multiple", "hits", attrs)
