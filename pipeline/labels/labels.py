"""Labels of photographs and of their latent vectors: attributes, splits, queries."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.labels.annotated_rows import annotated_rows
from zpoints.storage.labels.annotated import is_attribute
from zpoints.storage.labels.columns import LabelColumn, label_column
from zpoints.storage.labels.selection import select_rows
from zpoints.storage.labels.splits import assigned_splits
from zpoints.storage.schema.registry import is_named

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class LabelNumbers:
    """Labels that have statistics beside the attributes, as numbers.

    Attributes
    ----------
    columns
        Their names, kinds and categories.
    values
        (image, column) float64 by `LabelColumn.as_numbers`: the index of the category, the number,
        or days; NaN where missing. In memory, or lazy.
    """

    columns: tuple[LabelColumn, ...]
    values: Any

    def __getitem__(self, rows: slice | Bools) -> "LabelNumbers":
        """The same of some rows."""
        return LabelNumbers(self.columns, self.values[rows])


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
    def columns(self) -> tuple[LabelColumn, ...]:
        """Labels with statistics beside the attributes: categories, numbers and dates, by name."""
        names = sorted(
            str(name)
            for name, label in self.group.coords.items()
            if label.dims == ("image",) and label.dtype != np.bool_ and not is_named(str(name))
        )
        found = (label_column(name, self.group[name].values) for name in names)
        return tuple(column for column in found if column.kind in ("category", "number", "date"))

    @cached_property
    def as_numbers(self) -> LabelNumbers | None:
        """The values of `columns`; None if there are none."""
        if not self.columns:
            return None
        values = [column.as_numbers(self.group[column.name].values) for column in self.columns]
        return LabelNumbers(self.columns, np.stack(values, axis=1))

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
        """(image,) bool: the photographs that a query selects, see `Store.query`.

        Raises
        ------
        QueryError
            If the query is not of the language, names an unknown label, or is not true or false
            for each photograph.
        """
        return select_rows(self.group, query)


def known_splits(latents: xr.Dataset) -> NDArray[np.object_] | None:
    """The split (image,) of each vector; None where neither splits nor checksums are stored."""
    if "checksum" in latents.coords:
        return Labels(latents).splits
    return latents["split"].values.astype(object) if "split" in latents.coords else None
