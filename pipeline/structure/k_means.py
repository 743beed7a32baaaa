"""A step of k-means on a block of vectors: the nearest centres, and sums that merge."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

ROWS = 256
"""Vectors converted to float64 at once, so that they stay in the processor's cache."""


@dataclass(frozen=True)
class Sums:
    """Sums of the vectors that are nearest to each centre; those of disjoint blocks merge.

    Attributes
    ----------
    total
        (cluster, component).
    count
        (cluster,).
    """

    total: Floats
    count: Counts

    @classmethod
    def of(cls, block: NDArray[np.floating], centre: Floats) -> "Sums":
        """Of a block (vector, component) and centres (cluster, component)."""
        total, count = np.zeros(centre.shape), np.zeros(len(centre), np.int64)
        clusters = np.arange(len(centre))[:, None]
        for start in range(0, len(block), ROWS):
            part = block[start : start + ROWS].astype(np.float64)
            belongs = _nearest(part, centre) == clusters
            total += belongs.astype(np.float64) @ part
            count += np.count_nonzero(belongs, axis=1)
        return cls(total, count)

    def merge(self, *others: "Sums") -> "Sums":
        """Those of the union of disjoint blocks."""
        states = (self, *others)
        return Sums(
            np.sum([state.total for state in states], axis=0),
            np.sum([state.count for state in states], axis=0),
        )

    def means(self, centre: Floats) -> Floats:
        """Means (cluster, component); a centre that no vector is nearest to stays."""
        some = self.count > 0
        found = centre.copy()
        found[some] = self.total[some] / self.count[some, None]
        return found


def nearest_centre(block: NDArray[np.floating], centre: Floats) -> Counts:
    """Index (vector,) of the nearest centre, the first of several.

    Parameters
    ----------
    block
        (vector, component) real, finite.
    centre
        (cluster, component).

    Examples
    --------
    >>> centre = np.array([[0.0, 0.0], [6.0, 6.0]])
    >>> nearest_centre(np.array([[1.0, 1.0], [4.0, 5.0]]), centre).tolist()
    [0, 1]
    """
    found = np.empty(len(block), np.int64)
    for start in range(0, len(block), ROWS):
        part = block[start : start + ROWS].astype(np.float64)
        found[start : start + ROWS] = _nearest(part, centre)
    return found


def _nearest(part: Floats, centre: Floats) -> Counts:
    # Half the squared distance less half the squared length of the vector.
    half = np.einsum("cd,cd->c", centre, centre) / 2
    return np.asarray(np.argmin(half - part @ centre.T, axis=1))
