"""Mergeable moments of numeric labels, alone and together with the vectors.

References
----------
Chan, Golub & LeVeque (1979), see `moments.py`; the cross moment of two variables merges as a
variance does, with the product of both differences of means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.errors import AnalyzeError
from zpoints.storage.labels.columns import LabelColumn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NumberMoments:
    """Mergeable state of L numeric labels and vectors of N components.

    Vectors whose label is missing count for none of its moments.

    Attributes
    ----------
    names, units
        (L,) each.
    count
        (L,) int64, number of values.
    mean, comoment
        (L,) float64, mean and sum of squared deviations of the values.
    z_mean, z_comoment
        (L, N), the same of the components of the vectors that have a value.
    cross
        (L, N), sum of products of the deviations of value and component.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    count: NDArray[np.int64]
    mean: Floats
    comoment: Floats
    z_mean: Floats
    z_comoment: Floats
    cross: Floats

    @classmethod
    def empty(cls, columns: Sequence[LabelColumn], components: int) -> NumberMoments:
        """State of no vectors."""
        numeric = [column for column in columns if column.kind in ("number", "date")]
        names = tuple(column.name for column in numeric)
        units = tuple(column.unit for column in numeric)
        size, shape = len(names), (len(names), components)
        counts = np.zeros(size, np.int64)
        z = (np.zeros(shape), np.zeros(shape), np.zeros(shape))
        return cls(names, units, counts, np.zeros(size), np.zeros(size), *z)

    @classmethod
    def from_vectors(
        cls, x: NDArray[np.floating], values: Floats, columns: Sequence[LabelColumn]
    ) -> NumberMoments:
        """State of a block of vectors.

        Parameters
        ----------
        x
            (n, N) finite.
        values
            (n, label) by `LabelColumn.as_numbers`; NaN where missing.
        columns
            The labels; those with categories are passed over.
        """
        state = cls.empty(columns, x.shape[1])
        numeric = [k for k, column in enumerate(columns) if column.name in state.names]
        for row, value in enumerate(values.T[numeric]):
            known = ~np.isnan(value)
            if not known.any():
                continue
            y, z = value[known], x[known].astype(np.float64)
            state.count[row], state.mean[row], state.z_mean[row] = len(y), y.mean(), z.mean(axis=0)
            y, z = y - state.mean[row], z - state.z_mean[row]
            state.comoment[row], state.z_comoment[row] = y @ y, np.einsum("ij,ij->j", z, z)
            state.cross[row] = y @ z
        return state

    def merge(self, *others: NumberMoments) -> NumberMoments:
        """State of the union of disjoint sets of vectors.

        Raises
        ------
        AnalyzeError
            If the labels differ.
        """
        merged = self
        for other in others:
            if (self.names, self.units) != (other.names, other.units):
                raise AnalyzeError(
                    f"Statistics of the numbers {', '.join(self.names) or 'of no label'} cannot be "
                    f"merged with those of {', '.join(other.names) or 'no label'}. Describe all "
                    "vectors again."
                )
            merged = merged._with(other)
        return merged

    def _with(self, other: NumberMoments) -> NumberMoments:
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        weight = self.count * share
        y, z = other.mean - self.mean, other.z_mean - self.z_mean
        return replace(
            self,
            count=count,
            mean=self.mean + y * share,
            comoment=self.comoment + other.comoment + weight * y**2,
            z_mean=self.z_mean + z * share[:, None],
            z_comoment=self.z_comoment + other.z_comoment + weight[:, None] * z**2,
            cross=self.cross + other.cross + (weight * y)[:, None] * z,
        )

    def deviation(self) -> Floats:
        """(L,) standard deviation with ddof = 1; NaN for fewer than two values."""
        return np.sqrt(self.comoment / self._freedom)

    def covariance(self) -> Floats:
        """(L, N) covariance of value and component, ddof = 1; NaN for fewer than two values."""
        return np.asarray(self.cross / self._freedom[:, None])

    def correlation(self) -> Floats:
        """(L, N) Pearson correlation of value and component; NaN where either is constant."""
        spread = np.sqrt(self.comoment[:, None] * self.z_comoment)
        found = self.cross / np.where(spread > 0, spread, np.nan)
        return np.clip(found, -1.0, 1.0)

    @property
    def _freedom(self) -> Floats:
        return np.where(self.count > 1, self.count - 1.0, np.nan)
