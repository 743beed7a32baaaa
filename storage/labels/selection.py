"""Rows of a dataset that a query of their labels selects."""

from collections.abc import Iterator, Mapping
from unicodedata import normalize

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.storage.labels.annotated import MARKER, is_attribute
from zpoints.storage.labels.evaluation import evaluate
from zpoints.storage.labels.splits import assigned_splits
from zpoints.storage.labels.syntax import parse_query

Bools = NDArray[np.bool_]


def select_rows(dataset: xr.Dataset, query: str, *, dim: str = "image") -> Bools:
    """Which rows a query of their labels selects.

    A query that names an attribute selects no photograph that came without attributes.

    Parameters
    ----------
    dataset
        A group of a store; only labels that the query names are read.
    query
        Comparisons of labels, see `docs/decisions/storage-queries.md`. A label is any variable
        along `dim`. A name that is not a word is written in backticks. `split` is that of
        `assigned_splits`.
    dim
        The dimension to select from.

    Returns
    -------
    numpy.ndarray
        (row,) bool.

    Raises
    ------
    QueryError
        If the query is not of the language, names an unknown label, or is not true or false for
        each row.
    """
    parsed, columns = parse_query(query), _Columns(dataset, dim)
    found = evaluate(parsed, columns, dataset.sizes[dim])
    named = {columns.stored_name(name) for name in parsed.names}
    if dim != "image" or MARKER not in columns or not named & columns.attributes():
        return found
    return found & np.asarray(columns[MARKER], dtype=np.bool_)


class _Columns(Mapping[str, np.ndarray]):
    """The variables along one dimension, each read when first used."""

    def __init__(self, dataset: xr.Dataset, dim: str) -> None:
        self._dataset = dataset
        self._names = {
            str(name): name for name, found in dataset.variables.items() if found.dims == (dim,)
        }
        self._forms = {normalize("NFC", name): name for name in self._names}
        self._derives_splits = dim == "image" and "checksum" in self._names

    def stored_name(self, name: str) -> str:
        """The name as it is stored, for one that may be written in another Unicode form."""
        return name if name in self._names else self._forms.get(normalize("NFC", name), name)

    def attributes(self) -> set[str]:
        """Names of the boolean labels that are attributes."""
        flags = (n for n, key in self._names.items() if self._dataset[key].dtype == np.bool_)
        return set(filter(is_attribute, flags))

    def __getitem__(self, name: str) -> np.ndarray:
        name = self.stored_name(name)
        if name == "split" and self._derives_splits:
            given = self._dataset["split"].values if name in self._names else None
            return assigned_splits(given, self._dataset["checksum"].values)
        return np.asarray(self._dataset[self._names[name]].values)

    def __contains__(self, name: object) -> bool:
        derived = name == "split" and self._derives_splits
        return derived or self.stored_name(str(name)) in self._names

    def __iter__(self) -> Iterator[str]:
        yield from self._names
        if self._derives_splits and "split" not in self._names:
            yield "split"

    def __len__(self) -> int:
        return sum(1 for _ in self)
