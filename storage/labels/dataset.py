"""Groups of a store as datasets that are queried in the language of labels."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import xarray as xr

from zpoints.storage.errors import QueryError
from zpoints.storage.labels.selection import select_rows


class LabelledDataset(xr.Dataset):
    """An `xarray.Dataset` whose `query` takes the queries of `analyze.selections`.

    Xarray would hand a query to pandas, which fails at names of labels that are not identifiers and
    runs whatever Python the query holds.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return _as_dataset(super().__repr__())

    def _repr_html_(self) -> str:
        return _as_dataset(super()._repr_html_())

    @classmethod
    def of(cls, dataset: xr.Dataset) -> Self:
        """The same variables and attributes; nothing is read."""
        data = {name: dataset.variables[name] for name in dataset.data_vars}
        return cls(data, dataset.coords, dataset.attrs)

    def query(  # type: ignore[override]
        self, queries: Mapping[Any, str] | None = None, **queries_by_dim: str
    ) -> Self:
        """The rows that queries of labels select.

        Parameters
        ----------
        queries
            A query by dimension, as a mapping or as keywords; see `Store.query`.

        Raises
        ------
        QueryError
            If a query is not of the language, names an unknown label or an unknown dimension, or
            is not true or false for each row.

        Examples
        --------
        >>> rows = {"Wearing Hat": ("image", [True, False]), "Young": ("image", [True, True])}
        >>> labelled = LabelledDataset(coords=rows)
        >>> labelled.query(image="Young and not `Wearing Hat`").sizes["image"]
        1
        """
        if isinstance(queries, str):
            raise QueryError("The query names no dimension. Write query(image='Smiling').")
        rows = {}
        for dim, query in {**(queries or {}), **queries_by_dim}.items():
            if dim not in self.dims:
                known = ", ".join(map(str, self.dims)) or "none"
                raise QueryError(
                    f"The query of {dim!r} names no dimension of this dataset. Expected one of "
                    f"{known}, e.g. query(image='Smiling')."
                )
            rows[dim] = np.flatnonzero(select_rows(self, query, dim=dim))
        return self.isel(rows)


def _as_dataset(shown: str) -> str:
    """Text or HTML with the title of an `xarray.Dataset`, which readers know."""
    return shown.replace("xarray.LabelledDataset", "xarray.Dataset")
