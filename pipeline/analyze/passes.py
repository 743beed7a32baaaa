"""The Dask graphs of the analysis: one task per chunk, states merged in a tree."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.analyze.dataset import pair_intervals, statistics_dataset
from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.shape.expected_radii import core_radius
from zpoints.pipeline.analyze.states.checkpoint import Journal, S
from zpoints.pipeline.analyze.states.projection import Projection
from zpoints.pipeline.analyze.states.state import State
from zpoints.pipeline.errors import AnalyzeError

Vectors = da.Array | xr.DataArray | NDArray[np.number]

FAN_IN = 8
"""States merged by one task: few enough that a worker holds them, many enough for a flat tree."""

WAVE = 512
"""Chunks per wave. A fixed number: what is merged with what decides the last bits of moments."""


def analyze(
    z: Vectors,
    config: AnalyzeConfig | None = None,
    *,
    attributes: xr.DataArray | None = None,
    where: NDArray[np.bool_] | None = None,
) -> xr.Dataset:
    """Compute the whole `statistics` group of latent vectors, in two passes.

    Parameters
    ----------
    z
        (vector, component) real, as a Dask array with chunks of any size along the first
        dimension, a NumPy array, or an xarray variable of either; the active Dask scheduler
        computes it. Vectors with a NaN or infinite component are left out and counted in
        `nan_rows`.
    config
        Settings; the defaults of `AnalyzeConfig` if omitted.
    attributes
        (vector, attribute) bool, as `Labels.table` gives it: which vectors have which
        attribute. Their counts and means are computed too.
    where
        (vector,) bool: the vectors to describe, as `Labels.select` gives it; all if omitted. No
        vector is copied.

    Returns
    -------
    xr.Dataset
        The variables of the `statistics` group, in memory.

    Raises
    ------
    AnalyzeError
        If z has not the shape or dtype of vectors, not one finite vector, or other rows than
        `attributes` or `where`.

    Examples
    --------
    >>> import numpy as np
    >>> z = da.from_array(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]]), chunks=(2, 2))
    >>> analyze(z)["covariance"].values
    array([[4., 3.],
           [3., 3.]])
    """
    state = summarize(z, attributes=attributes, where=where)
    return describe(z, state, config, where=where)


def summarize(
    z: Vectors,
    *,
    attributes: xr.DataArray | None = None,
    where: NDArray[np.bool_] | None = None,
    journal: Journal[State] | None = None,
) -> State:
    """First pass: read each chunk of z (vector, component) once; return its mergeable state.

    Add new vectors to a stored state with
    `State.from_dataset(statistics).merge(summarize(new))`.

    Parameters
    ----------
    z, attributes, where
        As for `analyze`.
    journal
        Where an interrupted pass over the same z stands; it goes on from there.
    """
    z, journal = _lazy(z), journal or Journal()
    names = () if attributes is None else tuple(map(str, attributes["attribute"].values))
    _fill(journal, _parts(z, partial(_summary, names), attributes, where))
    return State.empty(z.shape[1], names) if journal.state is None else journal.state


def _summary(names: tuple[str, ...], z: Any, flags: Any = None) -> State:
    return State.from_vectors(z, flags, names)


def describe(
    z: Vectors,
    state: State,
    config: AnalyzeConfig | None = None,
    *,
    where: NDArray[np.bool_] | None = None,
    journal: Journal[Projection] | None = None,
) -> xr.Dataset:
    """Second pass: the `statistics` of vectors z (vector, component) whose state is known.

    The arguments are those of `analyze` and `summarize`.

    Raises
    ------
    AnalyzeError
        If the state holds no vector, or another number of them than z and `where`; if
        `config.pairs` names a component that there is not, or `pca.solver` is incremental and
        there are fewer finite vectors than components.
    """
    config = _settings(config)
    if state.moments.count == 0:
        raise AnalyzeError(
            "Statistics need at least one vector without NaN or infinite components; there are "
            f"none ({state.nan_rows} others). Look at the latents, or select more of them."
        )
    z, journal, components = _lazy(z), journal or Journal(), len(state.moments.mean)
    if z.shape[1] != components:
        raise AnalyzeError(
            f"The state is of vectors of {components} components, but z has {z.shape[1]}."
        )
    seen, rows = state.moments.count + state.nan_rows, _rows(z, where)
    if seen != rows and not np.isnan(rows):  # Dask may not know how many there are
        raise AnalyzeError(
            f"The state is of {seen:,} vectors, but z and `where` have {rows:,}: both passes need "
            "the same z and the same `where`."
        )
    basis = _basis(z if where is None else z[_mask(where)], state, config)
    pairs = pair_intervals(state, basis, config)
    shared = {
        "basis": basis,
        "core_radius": core_radius(config.core_level, basis.rank),
        "intervals": pairs[0],
        "pc_intervals": pairs[1],
    }
    delayed = {name: dask.delayed(value) for name, value in shared.items()}
    _fill(journal, _parts(z, Projection.from_vectors, None, where, **delayed))
    assert journal.state is not None
    return statistics_dataset(state, basis, pairs, journal.state, config)


def _basis(z: da.Array, state: State, config: AnalyzeConfig) -> Basis:
    """The principal components of z by the solver of the settings."""
    exact = state.moments.basis()
    if config.pca.solver == "exact" or not exact.varying.any():
        return exact  # nothing varies in one vector, or equal ones, so that solvers cannot differ
    # Loaded where it is asked for: dask-ml takes two seconds.
    from zpoints.pipeline.analyze.incremental import incremental_basis

    return incremental_basis(z, exact.mean, nan_rows=state.nan_rows)


def merged_over_chunks(z: da.Array, state_of: Callable[[Any], S]) -> S:
    """Merged states of all chunks of z (vector, component), each read once.

    Parameters
    ----------
    z
        (vector, component); the lengths of its chunks need not be known.
    state_of
        The mergeable state of one block of vectors, which may have no row.
    """
    journal: Journal[S] = Journal()
    _fill(journal, _parts(_lazy(z), state_of, None, None))
    assert journal.state is not None
    return journal.state


def waves(z: da.Array) -> int:
    """How many waves of chunks a pass over z has."""
    return -(-z.numblocks[0] // WAVE)


def _fill(journal: Journal[S], states: da.Array) -> None:
    """Add the waves that the journal lacks."""
    (states,) = dask.optimize(states)  # once, not per wave
    with single_threaded_blas():  # where workers are threads of this process: once, not per chunk
        for start in range(journal.waves * WAVE, len(states), WAVE):
            journal.add(_merged(states, range(start, min(start + WAVE, len(states)))))


def _parts(
    z: da.Array,
    state_of: Callable[..., S],
    attributes: xr.DataArray | None,
    where: NDArray[np.bool_] | None,
    **shared: Any,
) -> da.Array:
    """The boxed state of each chunk of vectors.

    As blocks of an array, since Dask then reads a chunk in the task that describes it.
    """
    whole_rows = z if z.numblocks[1] == 1 else z.rechunk({1: -1})
    beside = [_aligned(whole_rows, attributes.data)] if attributes is not None else []
    if where is not None:
        beside.append(_aligned(whole_rows, _mask(where)[:, None]))
    return da.map_blocks(
        _boxed,
        whole_rows,
        *beside,
        masked=where is not None,
        state_of=state_of,
        **shared,
        dtype=object,
        chunks=((1,) * whole_rows.numblocks[0], (1,)),
        meta=_box(None),
    )


def _settings(config: AnalyzeConfig | None) -> AnalyzeConfig:
    if config is not None and not isinstance(config, AnalyzeConfig):
        raise AnalyzeError(
            f"Settings come as AnalyzeConfig(bins=50) or the like, not as {type(config).__name__}."
        )
    return config or AnalyzeConfig()


def _lazy(z: Vectors) -> da.Array:
    """Vectors as a Dask array, whatever holds them.

    Raises
    ------
    AnalyzeError
        If they have not two dimensions, or no component.
    """
    if isinstance(z, xr.Dataset):
        raise AnalyzeError('Vectors come as an array; of a Dataset, name it: latents["z"].')
    held = z.data if isinstance(z, xr.DataArray) else z
    if np.ndim(held) != 2 or np.shape(held)[1] == 0:
        raise AnalyzeError(
            "Vectors come as an array (vector, component) of at least one component, not of shape "
            f"{np.shape(held)}."
        )
    return held if isinstance(held, da.Array) else da.from_array(held, chunks=("auto", -1))


def _mask(where: Any) -> NDArray[np.bool_]:
    mask = np.asarray(where)
    if mask.dtype != np.bool_ or mask.ndim != 1:
        raise AnalyzeError(
            f"`where` is {mask.dtype} of shape {mask.shape}; expected bool (vector,), as "
            "`Labels.select` gives it."
        )
    return mask


def _rows(z: da.Array, where: Any) -> float:
    """How many of the vectors are described; NaN where the lengths of chunks are not known."""
    if where is None:
        return z.shape[0]
    mask = _mask(where)
    if len(mask) != z.shape[0]:
        raise AnalyzeError(f"`where` has {len(mask):,} rows, but there are {z.shape[0]:,} vectors.")
    return int(mask.sum())


def _aligned(z: da.Array, table: Any) -> da.Array:
    """A table of labels, one row per vector, in chunks of rows as those of z."""
    if len(table) != len(z):
        raise AnalyzeError(f"There are labels of {len(table):,} vectors, but {len(z):,} vectors.")
    chunks = (z.chunks[0], table.shape[1:])
    return table.rechunk(chunks) if isinstance(table, da.Array) else da.from_array(table, chunks)


def _boxed(
    block: Any, *beside: Any, masked: bool, state_of: Callable[..., Any], **shared: Any
) -> Any:
    """The boxed state of a block and its labels, of which the last are `where` if `masked`."""
    rows = [block, *beside]
    if masked:
        where = rows.pop()[:, 0]
        rows = rows if where.all() else [values[where] for values in rows]
    return _box(state_of(*rows, **shared))


def _box(state: Any) -> np.ndarray:
    """An array (1, 1) that holds a state."""
    box = np.empty((1, 1), dtype=object)
    box[0, 0] = state
    return box


def _merged(states: da.Array, numbers: range) -> Any:
    """Compute boxed states, merged in a tree by the workers: one state reaches the caller.

    A graph written out: `dask.delayed` takes 2 ms for each call.
    """
    name, tree = f"merged-{states.name}", dict[Any, Any]()
    parts: list[tuple[str, int, int]] = [(states.name, number, 0) for number in numbers]
    while len(parts) > 1:
        groups = [parts[start : start + FAN_IN] for start in range(0, len(parts), FAN_IN)]
        parts = []
        for group in groups:
            if len(group) == 1:  # often the last chunk's: the end of the pass would wait for a task
                parts += group
                continue
            parts.append((name, numbers.start, len(tree)))
            tree[parts[-1]] = (_merge_boxed, group)
    graph = HighLevelGraph.from_collections(name, tree, dependencies=[states])  # type: ignore[list-item]
    return Delayed(parts[0], graph, layer=name).compute()[0, 0]


def _merge_boxed(boxes: Sequence[np.ndarray]) -> np.ndarray:
    return _box(merge_all([box[0, 0] for box in boxes]))


def merge_all(states: Sequence[S]) -> S:
    """State of the union of disjoint parts, at least one."""
    first, *others = states
    return first.merge(*others)
