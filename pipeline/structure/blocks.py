"""Selected rows of chunked arrays, chunk by chunk."""

from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray


def rows_where(array: da.Array, rows: NDArray[np.bool_]) -> da.Array:
    """Rows of an array (row, column) where `rows` (row,) is True.

    A chunk with such rows stays one chunk, so that no chunk is read for another. All lengths of
    chunks are known.
    """
    starts = np.cumsum((0, *array.chunks[0][:-1]))
    counts = np.add.reduceat(rows, starts, dtype=np.int64)
    some = np.flatnonzero(counts)
    if np.array_equal(counts, array.chunks[0]):
        return array
    mask = da.from_array(rows, chunks=(array.chunks[0],))[:, None]
    taken = da.map_blocks(
        _take, array, mask, dtype=array.dtype, chunks=(tuple(counts), array.chunks[1])
    )
    return taken.blocks[some]


def _take(block: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    return block[mask[:, 0]]
