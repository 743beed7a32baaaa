"""Labels of photographs and of their latent vectors: attributes, splits, queries."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.labels.annotated_rows import annotated_rows, is_attribute
from zpoints.pipeline.labels.query import evaluate
from zpoints.pipeline.labels.splits import assigned_splits

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """Labels of one group; each is read when first used.

    Attributes
    ----------
    group
        The group `images` or `latents` of a store.

    Examples
    --------
    >>> rows = {"Smiling": ("image", [True, False]), "Male": ("image", [True, False])}
    >>> labels = Labels(xr.Dataset(coords=rows))
    >>> labels.table.sel(attribute="Smiling").values
    array([ True, False])
    >>> labels.select("Smiling and not Male")
    array([False, False])
    """

    group: xr.Dataset

    @cached_property
    def table(self) -> xr.DataArray:
        """All boolean labels, (image, attribute) bool; `attribute` holds the names, sorted.

        Where some photographs came without attributes, one column marks those that have them.
        """
        names = sorted(
            str(name)
            for name, label in self.group.coords.items()
            if label.dims == ("image",) and label.dtype == np.bool_
        )
        flags = np.zeros((self.group.sizes.get("image", 0), len(names)), np.bool_)
        for column, name in enumerate(names):
            flags[:, column] = self.group[name].values
        return xr.DataArray(flags, dims=("image", "attribute"), coords={"attribute": names})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the attributes, sorted."""
        return tuple(filter(is_attribute, map(str, self.table["attribute"].values)))

    @cached_property
    def values(self) -> Bools:
        """(image, attribute) bool, in the order of `names`; False where not annotated."""
        return self.table.sel(attribute=list(self.names)).values

    @cached_property
    def annotated(self) -> Bools:
        """(image,) bool: whether the photograph came with attributes."""
        return annotated_rows(self.table)

    @cached_property
    def splits(self) -> NDArray[np.object_]:
        """(image,) str: ``train``, ``validation`` or ``test``, see `assigned_splits`."""
        given = self.group["split"].values if "split" in self.group else None
        return assigned_splits(given, self.group["checksum"].values)

    def in_split(self, split: str) -> Bools:
        """(image,) bool: whether the photograph belongs to a split."""
        return self.splits == split

    def select(self, query: str) -> Bools:
        """Select photographs by a query of their labels.

        Parameters
        ----------
        query
            An expression as `pandas.DataFrame.query` takes it, over attributes, `split`,
            `identity` and `name`, e.g. `"Smiling and not Male"` or `"split == 'test'"`. A name
            that is not an identifier is written in backticks. `split` is that of `splits`. A query
            that names an attribute selects no photograph that came without attributes.

        Returns
        -------
        numpy.ndarray
            (image,) bool.

        Raises
        ------
        QueryError
            If the query is invalid, names an unknown label, or is not boolean.
        """
        rows, named = evaluate(query, self._frame())
        return rows & self.annotated if named & set(self.names) else rows

    def _frame(self) -> pd.DataFrame:
        columns = {
            str(name): label.values
            for name, label in self.group.variables.items()
            if label.dims == ("image",) and (name in self.group.coords or name == "checksum")
        }
        if "checksum" in columns:
            columns["split"] = self.splits
        return pd.DataFrame(columns)
