"""Which rows stand for all rows of a store."""

import numpy as np
from numpy.typing import NDArray


def spread_rows(total: int, wanted: int, *, blocks: int = 16) -> NDArray[np.int64]:
    """Return `wanted` row numbers, or all, in a few runs spread evenly over `total` rows.

    Runs, because each chunk of the store that is touched is read as a whole.

    Examples
    --------
    >>> spread_rows(100, 6, blocks=3)
    array([ 0,  1, 49, 50, 98, 99])
    >>> spread_rows(3, 6)
    array([0, 1, 2])
    """
    places = np.arange(min(wanted, total))
    if wanted >= total:
        return places
    blocks = min(blocks, wanted)
    skipped = np.linspace(0, total - wanted, blocks).astype(np.int64)
    return places + skipped[places * blocks // wanted]
