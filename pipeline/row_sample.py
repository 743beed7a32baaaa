"""Chooses rows that represent all rows of a store."""

import numpy as np
from numpy.typing import NDArray


def representative_rows(total: int, wanted: int, *, blocks: int = 16) -> NDArray[np.int64]:
    """Rows in a few runs that are evenly spaced over all rows.

    Runs rather than single rows, since each chunk of the store that is touched is read as a whole.

    Parameters
    ----------
    total
        Number of rows of the store.
    wanted
        Number of rows to choose; all if there are fewer.
    blocks
        Number of runs.

    Returns
    -------
    NDArray
        (row) int64, increasing.

    Examples
    --------
    >>> representative_rows(100, 6, blocks=3)
    array([ 0,  1, 49, 50, 98, 99])
    >>> representative_rows(3, 6)
    array([0, 1, 2])
    """
    rows = np.arange(min(wanted, total))
    if wanted >= total:
        return rows
    blocks = min(blocks, wanted)
    skipped = np.linspace(0, total - wanted, blocks).astype(np.int64)
    return rows + skipped[rows * blocks // wanted]
