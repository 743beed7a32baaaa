"""Counts and directions by attribute, from the statistics of latent vectors."""

from dataclasses import dataclass

import xarray as xr

from zpoints.pipeline.labels.annotated_rows import annotated_statistics
from zpoints.storage.labels.annotated import is_attribute


@dataclass(frozen=True)
class AttributeStatistics:
    """Vectors with and without each attribute; no vector is read.

    Attributes
    ----------
    statistics
        The `statistics` group: `mean`, `count` (component), `attribute_mean` (attribute,
        component), `attribute_count` (attribute), and the coordinate `attribute`. The last three
        may be absent.
    """

    statistics: xr.Dataset

    @property
    def counts(self) -> dict[str, int]:
        """Number of vectors that have each attribute, by its name."""
        if "attribute_count" not in self.statistics:
            return {}
        names = map(str, self.statistics["attribute"].values)
        having = self.statistics["attribute_count"].values
        return {n: int(count) for n, count in zip(names, having, strict=True) if is_attribute(n)}

    @property
    def annotated(self) -> int:
        """Number of vectors whose photographs came with attributes."""
        marked = self._annotated()
        total = self.statistics["count"].values.max(initial=0)
        return int(total if marked is None else marked[0])

    def directions(self) -> xr.DataArray:
        """Mean of the vectors with an attribute minus the mean of those without it.

        Vectors of photographs that came without attributes count for neither.

        Returns
        -------
        xr.DataArray
            (attribute, component) float64; NaN where all photographs have the attribute, or none.

        Notes
        -----
        With the mean of all, n mean = n1 mean1 + n0 mean0, hence
        mean1 - mean0 = (mean1 - mean) n / n0.
        """
        having, means = self.statistics["attribute_count"], self.statistics["attribute_mean"]
        marked, total = self._annotated(), self.annotated
        mean = self.statistics["mean"] if marked is None else marked[1]
        names = list(self.counts)
        having, means = having.sel(attribute=names), means.sel(attribute=names)
        lacking = total - having
        return (means - mean) * (total / lacking.where((having > 0) & (lacking > 0)))

    def _annotated(self) -> tuple[xr.DataArray, xr.DataArray] | None:
        if "attribute_count" not in self.statistics:
            return None
        return annotated_statistics(
            self.statistics["attribute_count"], self.statistics["attribute_mean"]
        )
