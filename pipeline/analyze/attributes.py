"""Number and mean of the vectors that have each attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.analyze import kernels
from pipeline.analyze.errors import AnalyzeError

Floats = NDArray[np.float64]

KNOWN = "has_attributes"
"""The attribute of photographs whose attributes are known; absent where all are."""

# Rows converted to float64 at a time, as in the moments.
_ROWS = 1024


@dataclass(frozen=True)
class AttributeMeans:
    """Mergeable state of A attributes of vectors of N components.

    Attributes
    ----------
    names
        The attributes, in order.
    count
        (A,) int64: vectors that have each.
    mean
        (A, N) float64: their mean; zeros where there is none.
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
        cls, x: NDArray[np.floating], flags: NDArray[np.bool_], names: Sequence[str], origin: Floats
    ) -> AttributeMeans:
        """State of the rows of x (n, N), finite, that have attributes flags (n, A).

        Sums are taken of deviations from `origin` (N,), which is best near the mean.
        """
        state = cls.empty(names, x.shape[1])
        if not names:
            return state
        sums, deviations = state.mean, np.empty((min(_ROWS, len(x)), x.shape[1]))
        for start in range(0, len(x), _ROWS):
            rows = slice(start, start + _ROWS)
            centred = deviations[: len(x[rows])]
            kernels.centre(x[rows], origin, centred)
            sums += flags[rows].T.astype(np.float64) @ centred
        count = np.count_nonzero(flags, axis=0)
        some = count > 0
        sums[some] = origin + sums[some] / count[some, None]
        return cls(state.names, count, sums)

    def merge(self, other: AttributeMeans) -> AttributeMeans:
        """State of the union of two disjoint sets of vectors.

        Raises
        ------
        AnalyzeError
            If they are of different attributes.
        """
        if self.names != other.names:
            raise AnalyzeError(
                f"Statistics by the attributes {_listed(self.names)} cannot be merged with those "
                f"by {_listed(other.names)}: describe all vectors anew."
            )
        count = self.count + other.count
        share = other.count / np.maximum(count, 1)
        mean = self.mean + (other.mean - self.mean) * share[:, None]
        return AttributeMeans(self.names, count, mean)


def attribute_table(labelled: xr.Dataset) -> xr.DataArray:
    """The boolean labels of photographs, side by side.

    Parameters
    ----------
    labelled
        The group `images` or `latents` of a store.

    Returns
    -------
    xr.DataArray
        (image, attribute) bool; `attribute` holds the names, sorted. There may be none.

    Examples
    --------
    >>> rows = {"Smiling": ("image", [True, False]), "Male": ("image", [False, False])}
    >>> attribute_table(xr.Dataset(coords=rows)).sel(attribute="Smiling").values
    array([ True, False])
    """
    names = sorted(
        str(name)
        for name, label in labelled.coords.items()
        if label.dims == ("image",) and label.dtype == np.bool_
    )
    flags = np.zeros((labelled.sizes.get("image", 0), len(names)), np.bool_)
    for column, name in enumerate(names):
        flags[:, column] = labelled[name].values
    return xr.DataArray(flags, dims=("image", "attribute"), coords={"attribute": names})


def attribute_names(table: xr.DataArray | None) -> tuple[str, ...]:
    """Names of the attributes of a table as `attribute_table` makes it; none without one."""
    return () if table is None else tuple(map(str, table["attribute"].values))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return shown if len(names) <= 3 else f"{shown}, ... ({len(names)})"
