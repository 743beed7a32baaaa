"""The two passes over the vectors: moments and distributions, then PCA coordinates."""

from functools import partial
from typing import Any

import dask
import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.analyze.reduction import chunk_states, reduce_waves, waves
from zpoints.pipeline.analyze.shape.expected_radii import core_radius
from zpoints.pipeline.analyze.states.checkpoint import Journal
from zpoints.pipeline.analyze.states.projection import Projection
from zpoints.pipeline.analyze.states.state import State
from zpoints.pipeline.analyze.statistics_dataset import pair_intervals, statistics_dataset
from zpoints.pipeline.analyze.vectors import Vectors, as_dask, as_mask, count_rows
from zpoints.pipeline.errors import AnalyzeError
from zpoints.pipeline.labels.labels import LabelNumbers
from zpoints.storage.labels.columns import LabelColumn


def analyze(
    z: Vectors,
    config: AnalyzeConfig | None = None,
    *,
    attributes: xr.DataArray | None = None,
    label_numbers: LabelNumbers | None = None,
    where: NDArray[np.bool_] | None = None,
) -> xr.Dataset:
    """Compute the whole `statistics` group of latent vectors, in two passes.

    Parameters
    ----------
    z
        (vector, component) real: a Dask array with chunks of any size along the first dimension,
        a NumPy array, or an xarray variable of either. The active Dask scheduler computes it.
        Vectors with a NaN or infinite component are left out and counted in `nan_rows`.
    config
        Settings; the defaults of `AnalyzeConfig` if omitted.
    attributes
        (vector, attribute) bool, such as `Labels.table`: which vectors have which attribute. The
        result then has the count and the mean of each attribute's vectors.
    label_numbers
        Other labels, such as `Labels.as_numbers`: the result then has the count and the mean of
        each category's vectors, and the moments of numbers and dates.
    where
        (vector,) bool, such as `Labels.select` returns: the vectors to describe; all if omitted.
        No vector is copied.

    Returns
    -------
    xr.Dataset
        The variables of the `statistics` group, in memory.

    Raises
    ------
    AnalyzeError
        If z has the wrong shape or dtype or no finite vector, or if `attributes` or `where` have
        another number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> z = da.from_array(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]]), chunks=(2, 2))
    >>> analyze(z)["covariance"].values
    array([[4., 3.],
           [3., 3.]])
    """
    state = summarize(z, attributes=attributes, label_numbers=label_numbers, where=where)
    return describe(z, state, config, where=where)


def summarize(
    z: Vectors,
    *,
    attributes: xr.DataArray | None = None,
    label_numbers: LabelNumbers | None = None,
    where: NDArray[np.bool_] | None = None,
    journal: Journal[State] | None = None,
) -> State:
    """First pass: read each chunk of z (vector, component) once and return the mergeable state.

    New vectors are added to a stored state with
    `State.from_dataset(statistics).merge(summarize(new))`.

    Parameters
    ----------
    z, attributes, label_numbers, where
        As for `analyze`.
    journal
        Progress of an interrupted pass over the same z, which is continued.
    """
    z, journal = as_dask(z), journal or Journal()
    names = () if attributes is None else tuple(map(str, attributes["attribute"].values))
    columns = () if label_numbers is None else label_numbers.columns
    empty = State.empty(z.shape[1], names, columns)
    journal.discard_unless_like(empty, waves=waves(z))
    tables = [] if attributes is None else [attributes.data]
    tables += [] if label_numbers is None else [label_numbers.values]
    summary = partial(_summary, names, columns, attributes is not None)
    reduce_waves(journal, chunk_states(z, summary, tables, where))
    return empty if journal.state is None else journal.state


def _summary(
    names: tuple[str, ...], columns: tuple[LabelColumn, ...], flagged: bool, z: Any, *tables: Any
) -> State:
    """State of a block; its tables are the attributes if `flagged`, and the labels of `columns`."""
    flags = tables[0] if flagged else None
    return State.from_vectors(
        z, flags, names, values=tables[-1] if columns else None, columns=columns
    )


def describe(
    z: Vectors,
    state: State,
    config: AnalyzeConfig | None = None,
    *,
    where: NDArray[np.bool_] | None = None,
    journal: Journal[Projection] | None = None,
) -> xr.Dataset:
    """Second pass: the `statistics` of vectors z (vector, component) with a known state.

    Parameters
    ----------
    z, config, where
        As for `analyze`.
    state
        Result of `summarize` for the same z and `where`.
    journal
        Progress of an interrupted pass over the same z, which is continued.

    Returns
    -------
    xr.Dataset
        The variables of the `statistics` group, in memory.

    Raises
    ------
    AnalyzeError
        If the state holds no vector, or another number of vectors than z and `where`; if
        `config.pairs` names an unknown component; or if `pca.solver` is incremental and there are
        fewer finite vectors than components.
    """
    config = _settings(config)
    z, journal = as_dask(z), journal or Journal()
    _require_same_vectors(z, state, where)
    basis = _basis(z if where is None else z[as_mask(where)], state, config)
    pairs = pair_intervals(state, basis, config)
    shared: dict[str, Any] = {
        "basis": basis,
        "core_radius": core_radius(config.core_level, basis.rank),
        "intervals": pairs[0],
        "pc_intervals": pairs[1],
    }
    empty = Projection.from_vectors(np.empty((0, z.shape[1])), **shared)
    journal.discard_unless_like(empty, waves=waves(z))
    delayed = {name: dask.delayed(value) for name, value in shared.items()}
    reduce_waves(journal, chunk_states(z, Projection.from_vectors, (), where, **delayed))
    assert journal.state is not None
    return statistics_dataset(state, basis, pairs, journal.state, config)


def _settings(config: AnalyzeConfig | None) -> AnalyzeConfig:
    if config is not None and not isinstance(config, AnalyzeConfig):
        raise AnalyzeError(
            f"Expected settings as an AnalyzeConfig, got {type(config).__name__}: pass "
            "AnalyzeConfig(bins=50) or the like."
        )
    return config or AnalyzeConfig()


def _require_same_vectors(z: da.Array, state: State, where: NDArray[np.bool_] | None) -> None:
    """Refuse a state of no vectors, or of others than those of z and `where`."""
    if state.moments.count == 0:
        raise AnalyzeError(
            "Statistics need at least one vector without NaN or infinite components; got none "
            f"({state.nan_rows} with). Check the latents, or select more of them."
        )
    components = len(state.moments.mean)
    if z.shape[1] != components:
        raise AnalyzeError(
            f"The state describes vectors with {components} components, but z has {z.shape[1]}."
        )
    seen, rows = state.moments.count + state.nan_rows, count_rows(z, where)
    if seen != rows and not np.isnan(rows):  # NaN: Dask does not know the lengths of the chunks
        raise AnalyzeError(
            f"The state describes {seen:,} vectors, but z and `where` have {rows:,}: both passes "
            "need the same z and the same `where`."
        )


def _basis(z: da.Array, state: State, config: AnalyzeConfig) -> Basis:
    """Principal components of z, by the solver of the settings."""
    exact = state.moments.basis()
    if config.pca.solver == "exact" or not exact.varying.any():
        return exact  # with one vector or equal ones nothing varies, and solvers cannot differ
    # Imported here because dask-ml takes two seconds to load.
    from zpoints.pipeline.analyze.incremental import incremental_basis

    return incremental_basis(z, exact.mean, nan_rows=state.nan_rows)
