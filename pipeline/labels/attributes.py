"""Number and mean of the vectors that have each attribute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels import loops as kernels
from zpoints.pipeline.errors import AnalyzeError
from zpoints.storage.schema.registry import HAS_ATTRIBUTES

Floats = NDArray[np.float64]


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
        cls, x: NDArray[np.floating], flags: NDArray[np.bool_], names: Sequence[str]
    ) -> AttributeMeans:
        """State of the rows of x (n, N), finite, that have attributes flags (n, A)."""
        state = cls.empty(names, x.shape[1])
        if not names:
            return state
        kernels.add_flagged_rows(x, flags, state.count, state.mean)
        sums, counts = state.mean, state.count[:, None]
        np.divide(sums, counts, out=sums, where=counts > 0)
        return state

    def merge(self, *others: AttributeMeans) -> AttributeMeans:
        """State of the union of disjoint sets of vectors.

        Raises
        ------
        AnalyzeError
            If they are of different attributes.
        """
        count, mean = self.count.copy(), self.mean.copy()
        for other in others:
            if self.names != other.names:
                raise AnalyzeError(
                    f"Statistics by the attributes {_listed(self.names)} cannot be merged with "
                    f"those by {_listed(other.names)}: describe all vectors anew."
                )
            count += other.count
            share = other.count / np.maximum(count, 1)
            mean += (other.mean - mean) * share[:, None]
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


def known_vectors(statistics: xr.Dataset) -> int:
    """How many of the vectors belong to photographs whose attributes are known."""
    if "attribute" in statistics and HAS_ATTRIBUTES in statistics["attribute"]:
        return int(statistics["attribute_count"].sel(attribute=HAS_ATTRIBUTES))
    return int(statistics["count"].values.max(initial=0))


def attribute_directions(statistics: xr.Dataset) -> xr.DataArray:
    """Mean of the vectors with an attribute minus the mean of those without it.

    No vector is read: with the mean of all, n mean = n1 mean1 + n0 mean0, hence
    mean1 - mean0 = (mean1 - mean) n / n0. Where some photographs came without attributes, "all"
    are those that came with them.

    Parameters
    ----------
    statistics
        The `statistics` group: `mean`, `count` (component), `attribute_mean` (attribute,
        component), `attribute_count` (attribute), and the label `attribute`.

    Returns
    -------
    xr.DataArray
        (attribute, component) float64; NaN where all photographs have the attribute, or none.
    """
    having, means = statistics["attribute_count"], statistics["attribute_mean"]
    mean, total = statistics["mean"], known_vectors(statistics)
    if HAS_ATTRIBUTES in means["attribute"]:
        mean = means.sel(attribute=HAS_ATTRIBUTES, drop=True)
        having, means = (a.drop_sel(attribute=HAS_ATTRIBUTES) for a in (having, means))
    lacking = total - having
    return (means - mean) * (total / lacking.where((having > 0) & (lacking > 0)))


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3]) or "none"
    return shown if len(names) <= 3 else f"{shown}, ... ({len(names)})"
