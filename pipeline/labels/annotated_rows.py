"""Which photographs came with attributes: the boolean label `has_attributes`.

A boolean cannot be unknown: a photograph without attributes has False for each of them. The marker
`has_attributes` tells these apart. It exists only where some photograph lacks its attributes.
"""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Bools = NDArray[np.bool_]

_MARKER = "has_attributes"


def is_attribute(name: object) -> bool:
    """Whether a boolean label of this name is an attribute, not the marker."""
    return name != _MARKER


def marker(annotated: Bools) -> dict[str, Bools]:
    """The marker as a label by its name, from (image,) bool; empty if all are annotated."""
    return {} if annotated.all() else {_MARKER: annotated}


def annotated_rows(table: xr.DataArray) -> Bools:
    """bool (image): which rows of a table (image, attribute) are of annotated photographs."""
    if _MARKER not in table["attribute"]:
        return np.ones(table.sizes["image"], np.bool_)
    return table.sel(attribute=_MARKER).values


def annotated_statistics(
    count: xr.DataArray, mean: xr.DataArray
) -> tuple[xr.DataArray, xr.DataArray] | None:
    """Count () and mean (component) of the vectors of annotated photographs; None if all are.

    `count` (attribute) and `mean` (attribute, component) are those of the vectors that have each
    boolean label.
    """
    if _MARKER not in count["attribute"]:
        return None
    return count.sel(attribute=_MARKER, drop=True), mean.sel(attribute=_MARKER, drop=True)
