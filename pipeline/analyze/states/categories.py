"""Mergeable number and mean of the vectors of each category of labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.errors import AnalyzeError
from zpoints.storage.labels.columns import LabelColumn

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CategoryMeans:
    """Mergeable state of C categories of one or more labels, of vectors with N components.

    Attributes
    ----------
    labels, categories
        (C,) each: the label, and the category as text.
    count
        (C,) int64, number of vectors of each category.
    mean
        (C, N) float64, their mean; zeros where there are none.
    """

    labels: tuple[str, ...]
    categories: tuple[str, ...]
    count: NDArray[np.int64]
    mean: Floats

    @classmethod
    def empty(cls, columns: Sequence[LabelColumn], components: int) -> CategoryMeans:
        """State of no vectors."""
        pairs = [(column.name, category) for column in columns for category in column.categories]
        count, mean = np.zeros(len(pairs), np.int64), np.zeros((len(pairs), components))
        return cls(tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), count, mean)

    @classmethod
    def from_vectors(
        cls, x: NDArray[np.floating], values: Floats, columns: Sequence[LabelColumn]
    ) -> CategoryMeans:
        """State of a block of vectors.

        Parameters
        ----------
        x
            (n, N) finite.
        values
            (n, label) by `LabelColumn.as_numbers`; NaN counts for no category.
        columns
            The labels; those without categories are passed over.
        """
        state = cls.empty(columns, x.shape[1])
        start = 0
        for column, codes in zip(columns, values.T, strict=True):
            stop = start + len(column.categories)
            known = np.flatnonzero(~np.isnan(codes))
            if stop > start and len(known):
                _add(x, codes, known, state.count[start:stop], state.mean[start:stop])
            start = stop
        return state

    def merge(self, *others: CategoryMeans) -> CategoryMeans:
        """State of the union of disjoint sets of vectors; a category may be new in one of them.

        Raises
        ------
        AnalyzeError
            If the labels differ.
        """
        for other in others:
            if set(self.labels) != set(other.labels):
                raise AnalyzeError(
                    f"Statistics by the categories of {_listed(self.labels)} cannot be merged with "
                    f"those of {_listed(other.labels)}. Describe all vectors again."
                )
        keys = max((part._keys for part in (self, *others)), key=len)
        known = set(keys)
        for part in (self, *others):
            keys += tuple(key for key in part._keys if key not in known)
            known = set(keys)
        merged = self._ordered(keys)
        for other in (other._ordered(keys) for other in others):
            count = merged.count + other.count
            share = other.count / np.maximum(count, 1)
            mean = merged.mean + (other.mean - merged.mean) * share[:, None]
            merged = CategoryMeans(merged.labels, merged.categories, count, mean)
        return merged

    @property
    def _keys(self) -> tuple[tuple[str, str], ...]:
        return tuple(zip(self.labels, self.categories, strict=True))

    def _ordered(self, keys: tuple[tuple[str, str], ...]) -> CategoryMeans:
        """The state with these categories, of which it may lack some."""
        if self._keys == keys:
            return self
        place = {key: row for row, key in enumerate(keys)}
        rows = [place[key] for key in self._keys]
        count, mean = np.zeros(len(keys), np.int64), np.zeros((len(keys), self.mean.shape[1]))
        count[rows], mean[rows] = self.count, self.mean
        return CategoryMeans(tuple(k[0] for k in keys), tuple(k[1] for k in keys), count, mean)


def _add(
    x: NDArray[np.floating],
    codes: Floats,
    known: NDArray[np.int64],
    count: NDArray[np.int64],
    mean: Floats,
) -> None:
    """Numbers and means of the vectors of the categories of one label, in place."""
    found = codes[known].astype(np.int64)
    order = np.argsort(found, kind="stable")
    count += np.bincount(found, minlength=len(count))
    some = np.flatnonzero(count)
    starts = np.searchsorted(found[order], some)
    sums = np.add.reduceat(x[known[order]].astype(np.float64), starts, axis=0)
    mean[some] = sums / count[some, None]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "no label"
