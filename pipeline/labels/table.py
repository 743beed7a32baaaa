"""The attributes of the latent vectors as a table, and which vectors count."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.labels.attributes import attribute_names, attribute_table
from zpoints.pipeline.labels.splits import split_labels
from zpoints.storage.schema.registry import HAS_ATTRIBUTES

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """What is known of each vector.

    Attributes
    ----------
    names
        The attributes, sorted.
    values
        bool (image, attribute), False where not known.
    finite
        bool (image): all components of the vector are finite.
    known
        bool (image): finite, and its attributes are known.
    train, test
        bool (image): known, and of this split.
    """

    names: tuple[str, ...]
    values: Bools
    finite: Bools
    known: Bools
    train: Bools
    test: Bools


def read_labels(latents: xr.Dataset, finite: Bools) -> Labels:
    """The boolean labels of the group `latents`; `finite` (image) says which vectors count."""
    table = attribute_table(latents)
    names = tuple(name for name in attribute_names(table) if name != HAS_ATTRIBUTES)
    known = finite.copy()
    if HAS_ATTRIBUTES in table["attribute"]:
        known &= table.sel(attribute=HAS_ATTRIBUTES).values
    split = split_labels(latents)
    return Labels(
        names=names,
        values=table.sel(attribute=list(names)).values,
        finite=finite,
        known=known,
        train=known & (split == "train"),
        test=known & (split == "test"),
    )


def both_values(values: Bools) -> Bools:
    """bool (attribute): whether rows with and without the attribute are among (row, attribute)."""
    return np.asarray(values.any(axis=0) & ~values.all(axis=0))
