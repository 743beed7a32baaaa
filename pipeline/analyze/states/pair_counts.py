"""Number distributions of pairs of components: choice of pairs, intervals, mergeable counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.config import PairsConfig
from zpoints.pipeline.analyze.kernels.counts import count_pairs
from zpoints.pipeline.errors import AnalyzeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PairIntervals:
    """Pairs of columns to count, and their fixed sampling intervals.

    Attributes
    ----------
    pairs
        (P, 2) numbers of the columns on the first and the second side of each pair.
    edges
        (N, bins + 1) edges of the intervals of every column.
    step
        Width of the intervals, in standard deviations of their column.
    """

    pairs: Ints
    edges: Floats
    step: float

    @classmethod
    def around(
        cls, pairs: Ints, mean: Floats, deviation: Floats, config: PairsConfig
    ) -> PairIntervals:
        """Intervals over mean +- `config.reach` * deviation.

        Parameters
        ----------
        pairs
            (P, 2) numbers of the columns.
        mean, deviation
            (N,) centre and standard deviation of each column; a deviation of 0 or NaN is
            replaced by 1.
        config
            Number and reach of the intervals.
        """
        bins, step = config.bins, 2 * config.reach / config.bins
        width = step * np.where(deviation > 0, deviation, 1.0)
        numbers = np.arange(bins + 1) - bins / 2
        return cls(pairs, mean[:, None] + width[:, None] * numbers, step)

    @property
    def pair_edges(self) -> Floats:
        """(P, 2, bins + 1) edges of both sides of each pair."""
        return self.edges[self.pairs]


@dataclass(frozen=True)
class PairCounts:
    """Mergeable counts of pairs.

    Attributes
    ----------
    counts
        (P, bins, bins) int64. Row r, column c counts the vectors whose first side is in interval r
        and whose second side is in interval c. As in `numpy.histogram2d`, intervals are half-open
        and the last one is closed.
    outside
        (P,) int64, vectors outside the intervals of either side.
    """

    counts: Ints
    outside: Ints

    @classmethod
    def empty(cls, intervals: PairIntervals) -> PairCounts:
        """Counts of no vectors."""
        pairs, bins = len(intervals.pairs), intervals.edges.shape[1] - 1
        return cls(np.zeros((pairs, bins, bins), np.int64), np.zeros(pairs, np.int64))

    @classmethod
    def from_values(cls, x: NDArray[np.floating], intervals: PairIntervals) -> PairCounts:
        """Counts of the rows of x (n, N), C-contiguous and finite."""
        found = cls.empty(intervals)
        columns, sides = np.unique(intervals.pairs, return_inverse=True)
        edges = intervals.edges[columns]
        with np.errstate(divide="ignore", over="ignore"):
            scale = found.counts.shape[1] / (edges[:, -1] - edges[:, 0])
        scale = np.where(np.isfinite(scale), scale, 0.0)  # the kernel searches from the first edge
        sides = sides.reshape(-1, 2)
        count_pairs(x, columns, edges, scale, sides, found.counts, found.outside)
        return found

    def merge(self, *others: PairCounts) -> PairCounts:
        """Counts of the union of disjoint sets of vectors over the same intervals."""
        merged = PairCounts(self.counts.copy(), self.outside.copy())
        for other in others:
            np.add(merged.counts, other.counts, out=merged.counts)
            np.add(merged.outside, other.outside, out=merged.outside)
        return merged


def choose_pairs(config: PairsConfig, order: Ints) -> tuple[Ints, Ints]:
    """The pairs (P, 2) of components and of principal components to count.

    Parameters
    ----------
    config
        Lists of pairs, or the number of leading components that are paired.
    order
        (N,) numbers of the components, the most dominant first.

    Raises
    ------
    AnalyzeError
        If a listed pair names an unknown component, or one component twice.

    Examples
    --------
    >>> original, pc = choose_pairs(PairsConfig(components=2), np.array([7, 3, 5]))
    >>> original.tolist(), pc.tolist()
    ([[7, 3]], [[0, 1]])
    """
    leading, principal = order[: config.components], np.arange(len(order))[: config.components]
    return (
        _listed("analyze.pairs.original", config.original, leading, len(order)),
        _listed("analyze.pairs.pc", config.pc, principal, len(order)),
    )


def _listed(
    setting: str, listed: Sequence[tuple[int, int]] | None, leading: Ints, components: int
) -> Ints:
    for one, other in listed or ():
        if one == other or max(one, other) >= components:
            raise AnalyzeError(
                f"{setting} has the pair [{one}, {other}]; expected two different numbers from 0 "
                f"to {components - 1}, because the vectors have {components} components."
            )
    pairs = combinations(leading, 2) if listed is None else listed
    return np.array(list(pairs), dtype=np.int64).reshape(-1, 2)
