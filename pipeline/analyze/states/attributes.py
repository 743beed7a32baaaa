"""Mergeable number and mean of the vectors with each attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.sums import add_flagged_rows
from zpoints.pipeline.errors import AnalyzeError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class AttributeMeans:
    """Mergeable state of A attributes of vectors with N components.

    Attributes
    ----------
    names
        Names of the attributes, in order.
    count
        (A,) int64, number of vectors with each attribute.
    mean
        (A, N) float64, their mean; zeros where no vector has the attribute.
    """

    names: tuple[str, ...]
    count: NDArray[np.int64]
    mean: Floats

    @classmethod
    def empty(cls, names: Sequence[str], components: int) -> AttributeMeans:
        """State of no vectors."""
        return cls(tuple(names), np.zeros(len(names), np.int64), np.zeros((len(names), components)))

    @classmethod
    def from_vectors(
        cls, x: NDArray[np.floating], flags: NDArray[np.bool_], names: Sequence[str]
    ) -> AttributeMeans:
        """State of a block of vectors.

        Parameters
        ----------
        x
            (n, N) finite, C-contiguous.
        flags
            (n, A) whether each vector has each attribute.
        names
            Names of the A attributes.
        """
        state = cls.empty(names, x.shape[1])
        if not names:
            return state
        add_flagged_rows(x, flags, state.count, state.mean)
        sums, counts = state.mean, state.count[:, None]
        np.divide(sums, counts, out=sums, where=counts > 0)
        return state

    def merge(self, *others: AttributeMeans) -> AttributeMeans:
        """State of the union of disjoint sets of vectors.

        Raises
        ------
        AnalyzeError
            If the attributes differ.
        """
        count, mean = self.count.copy(), self.mean.copy()
        for other in others:
            if self.names != other.names:
                raise AnalyzeError(
                    f"Statistics by the attributes {_listed(self.names)} cannot be merged with "
                    f"those by {_listed(other.names)}. Describe all vectors again."
                )
            count += other.count
            share = other.count / np.maximum(count, 1)
            mean += (other.mean - mean) * share[:, None]
        return AttributeMeans(self.names, count, mean)


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return shown if len(names) <= 3 else f"{shown}, ... ({len(names)})"
