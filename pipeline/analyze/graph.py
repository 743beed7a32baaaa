"""The Dask graphs of the analysis: one task per chunk, states merged in a tree."""

from collections.abc import Sequence
from functools import reduce
from typing import Any, Protocol, Self, TypeVar

import dask
import dask.array as da
import xarray as xr

from pipeline.analyze.config import AnalyzeConfig
from pipeline.analyze.errors import AnalyzeError
from pipeline.analyze.projection import Basis, Projection
from pipeline.analyze.state import State
from pipeline.analyze.statistics import statistics_dataset

# States merged by one task: few enough that a worker holds them, many enough for a flat tree.
_FAN_IN = 8


class Mergeable(Protocol):
    """State of a part of the vectors."""

    def merge(self, other: Self) -> Self:
        """State of the union of two disjoint parts."""


S = TypeVar("S", bound=Mergeable)


def analyze(z: da.Array, config: AnalyzeConfig | None = None) -> xr.Dataset:
    """Compute the whole `statistics` group of latent vectors, in two passes.

    Parameters
    ----------
    z
        (vector, component) real array with chunks of any size along the first dimension; the
        active Dask scheduler computes it. Vectors with a NaN or infinite component are left out
        and counted in `nan_rows`.
    config
        Settings; the defaults of `AnalyzeConfig` if omitted.

    Returns
    -------
    xr.Dataset
        The variables of the `statistics` group, in memory.

    Raises
    ------
    AnalyzeError
        If z has not the shape or dtype of vectors, or not one finite vector.

    Examples
    --------
    >>> import numpy as np
    >>> z = da.from_array(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]]), chunks=(2, 2))
    >>> analyze(z)["covariance"].values
    array([[4., 3.],
           [3., 3.]])
    """
    return describe(z, summarize(z), config)


def summarize(z: da.Array) -> State:
    """First pass: read each chunk of z (vector, component) once; return its mergeable state.

    Add new vectors to a stored state with
    `State.from_dataset(statistics).merge(summarize(new))`.
    """
    blocks = _blocks(z)
    if not blocks:
        return State.empty(z.shape[1])
    return _merged([dask.delayed(State.from_vectors)(block) for block in blocks])


def describe(z: da.Array, state: State, config: AnalyzeConfig | None = None) -> xr.Dataset:
    """Second pass: the `statistics` of vectors z (vector, component) whose state is known.

    Raises
    ------
    AnalyzeError
        If the state holds no vector.
    """
    if state.moments.count == 0:
        raise AnalyzeError(
            "Statistics need at least one vector without NaN or infinite components; there are "
            f"none ({state.nan_rows} others). Look at the latents, or select more of them."
        )
    basis = Basis.from_moments(state.moments)
    shared = dask.delayed(basis)
    projection = _merged(
        [dask.delayed(Projection.from_vectors)(block, shared) for block in _blocks(z)]
    )
    return statistics_dataset(state, basis, projection, config or AnalyzeConfig())


def _blocks(z: da.Array) -> list[Any]:
    """One delayed NumPy array (n, N) per chunk of vectors."""
    if z.ndim != 2:
        raise AnalyzeError(f"Vectors come as an array (vector, component), not of shape {z.shape}.")
    whole_rows = z if z.numblocks[1] == 1 else z.rechunk({1: -1})
    return list(whole_rows.to_delayed().ravel())


def _merged(states: Sequence[Any]) -> Any:
    """Compute delayed states, merged in a tree by the workers: one state reaches the caller."""
    while len(states) > 1:
        states = [
            dask.delayed(merge_all)(list(states[start : start + _FAN_IN]))
            for start in range(0, len(states), _FAN_IN)
        ]
    return states[0].compute()


def merge_all(states: Sequence[S]) -> S:
    """State of the union of disjoint parts, at least one."""
    return reduce(lambda merged, state: merged.merge(state), states)
