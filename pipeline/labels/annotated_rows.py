"""Which photographs came with attributes, see `zpoints.storage.labels.annotated`."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.storage.labels.annotated import MARKER

Bools = NDArray[np.bool_]


def marker(annotated: Bools) -> dict[str, Bools]:
    """The marker as a label by its name, from (image,) bool; empty if all are annotated."""
    return {} if annotated.all() else {MARKER: annotated}


def annotated_rows(table: xr.DataArray) -> Bools:
    """bool (image): which rows of a table (image, attribute) are of annotated photographs."""
    if MARKER not in table["attribute"]:
        return np.ones(table.sizes["image"], np.bool_)
    return table.sel(attribute=MARKER).values


def annotated_statistics(
    count: xr.DataArray, mean: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray] | None:
    """Count () and mean (component) of the vectors of annotated photographs; None if all are.

    `count` (attribute) and `mean` (attribute, component) are those of the vectors that have each
    boolean label.
    """
    if MARKER not in count["attribute"]:
        return None
    return count.sel(attribute=MARKER, drop=True), mean.sel(attribute=MARKER, drop=True)
