"""Dask graphs of a pass: one mergeable state per chunk, reduced in a tree."""

from collections.abc import Callable, Sequence
from typing import Any

import dask
import dask.array as da
import numpy as np
from dask.delayed import Delayed
from dask.highlevelgraph import HighLevelGraph
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.states.checkpoint import Journal, S
from zpoints.pipeline.analyze.vectors import aligned, as_dask, as_mask

FAN_IN = 8
"""States merged by one task: few enough to fit a worker's memory, many enough for a flat tree."""

WAVE = 512
"""Chunks per wave. Fixed, because the order of merging decides the last bits of the moments."""


def merged_over_chunks(z: da.Array, state_of: Callable[[Any], S]) -> S:
    """Merged state of all chunks of z, each read once.

    Parameters
    ----------
    z
        (vector, component); the lengths of its chunks may be unknown.
    state_of
        Computes the mergeable state of a block of vectors, which may be empty.
    """
    journal: Journal[S] = Journal()
    reduce_waves(journal, chunk_states(as_dask(z), state_of, (), None))
    assert journal.state is not None
    return journal.state


def waves(z: da.Array) -> int:
    """Number of waves of chunks in a pass over z."""
    return -(-z.numblocks[0] // WAVE)


def reduce_waves(journal: Journal[S], states: da.Array) -> None:
    """Compute and merge the waves that the journal does not contain yet."""
    (states,) = dask.optimize(states)  # once, not per wave
    with single_threaded_blas():  # once, not per chunk, where workers are threads of this process
        for start in range(journal.waves * WAVE, len(states), WAVE):
            journal.add(_merged(states, range(start, min(start + WAVE, len(states)))))


def chunk_states(
    z: da.Array,
    state_of: Callable[..., S],
    labels: Sequence[Any],
    where: NDArray[np.bool_] | None,
    **shared: Any,
) -> da.Array:
    """The state of each chunk of vectors, in an array with one box (1, 1) per chunk.

    They are blocks of an array, so that Dask reads a chunk in the task that describes it.

    Parameters
    ----------
    z
        (vector, component).
    state_of
        Called with a block of vectors, its rows of the labels, and `shared`.
    labels
        Arrays (vector, label).
    where
        (vector,) bool, the vectors to describe; all if None.
    shared
        Further arguments of `state_of`, the same for all chunks.
    """
    whole_rows = z if z.numblocks[1] == 1 else z.rechunk({1: -1})
    tables = [aligned(whole_rows, table) for table in labels]
    if where is not None:
        tables.append(aligned(whole_rows, as_mask(where)[:, None]))
    return da.map_blocks(
        _boxed,
        whole_rows,
        *tables,
        masked=where is not None,
        state_of=state_of,
        **shared,
        dtype=object,
        chunks=((1,) * whole_rows.numblocks[0], (1,)),
        meta=box(None),
    )


def _boxed(
    block: Any, *tables: Any, masked: bool, state_of: Callable[..., Any], **shared: Any
) -> Any:
    """The boxed state of a block and its tables; the last table is `where` if `masked`."""
    rows = [block, *tables]
    if masked:
        where = rows.pop()[:, 0]
        rows = rows if where.all() else [values[where] for values in rows]
    return box(state_of(*rows, **shared))


def box(state: Any) -> np.ndarray:
    """An object array (1, 1) that holds a state."""
    boxed = np.empty((1, 1), dtype=object)
    boxed[0, 0] = state
    return boxed


def _merged(states: da.Array, numbers: range) -> Any:
    """Compute the boxed states with these numbers; workers merge them in a tree.

    The graph is written by hand, because each call of `dask.delayed` takes 2 ms.
    """
    name, tree = f"merged-{states.name}", dict[Any, Any]()
    parts: list[tuple[str, int, int]] = [(states.name, number, 0) for number in numbers]
    while len(parts) > 1:
        groups = [parts[start : start + FAN_IN] for start in range(0, len(parts), FAN_IN)]
        parts = []
        for group in groups:
            if len(group) == 1:  # often the last chunk's; a task would only delay the end
                parts += group
                continue
            parts.append((name, numbers.start, len(tree)))
            tree[parts[-1]] = (_merge_boxed, group)
    graph = HighLevelGraph.from_collections(name, tree, dependencies=[states])  # type: ignore[list-item]
    return Delayed(parts[0], graph, layer=name).compute()[0, 0]


def _merge_boxed(boxes: Sequence[np.ndarray]) -> np.ndarray:
    return box(merge_all([boxed[0, 0] for boxed in boxes]))


def merge_all(states: Sequence[S]) -> S:
    """State of the union of disjoint parts, at least one."""
    first, *others = states
    return first.merge(*others)
