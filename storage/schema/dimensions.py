"""The coordinates that label dims, and the values of those that follow from the data."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from zpoints.storage.schema.variable import Variable

IMAGE = """
image | image | str | 1 | file name of the photograph
"""
COMPONENT = """
component | component | int64 | 1 | component
"""
OTHER = """
other | other | int64 | 1 | second component
"""
PC = """
pc | pc | int64 | 1 | principal component
"""
SAMPLE = """
sample | sample | int64 | 1 | sample
"""
CLUSTER = """
cluster | cluster | int64 | 1 | cluster, the largest first
"""
EPOCH = """
epoch | epoch | int64 | 1 | epoch
"""
CHANNEL = """
channel | channel | str | 1 | channel: red, green, blue or grey
"""
ATTRIBUTE = """
attribute | attribute | str | 1 | name of a label that photographs have or have not
"""
CATEGORY = """
category       | category | str | 1 | label=category
category_label | category | str | 1 | name of the label
category_value | category | str | 1 | the category
"""
CATEGORICAL = """
categorical | categorical | str | 1 | name of a label with categories
"""
NUMERIC = """
numeric      | numeric | str | 1 | name of a label of numbers or dates
numeric_unit | numeric | str | 1 | unit of its values, days since 1970-01-01 for dates
"""
OTHER_ATTRIBUTE = """
other_attribute | other_attribute | str | 1 | name of the second of two attributes
"""

NUMBERED = ("component", "other", "pc", "sample", "cluster")
"""Dims whose coordinate counts from 0; an epoch counts from 1."""
CENTRES = {
    "bin": "histogram_edges",
    "pc_bin": "pc_histogram_edges",
    "radius_bin": "radius_edges",
    "mahalanobis_bin": "mahalanobis_edges",
}
"""Middles of intervals, and the variables with their edges.

Intervals differ between components. `bin` and `pc_bin` therefore have two dims; that of one
component is the coordinate of its dim.
"""
CHANNELS = {1: ["grey"], 3: ["red", "green", "blue"]}


def coordinates(
    dataset: xr.Dataset, known: Mapping[str, Variable]
) -> Iterator[tuple[str, xr.Variable]]:
    """Coordinates that a dataset lacks and that follow from its sizes and edges.

    Parameters
    ----------
    dataset
        A group.
    known
        The variables that its kind of group may have.

    Examples
    --------
    >>> from zpoints.storage.schema.variable import by_name, parse_table
    >>> z = xr.Dataset({"z": (("image", "component"), np.zeros((2, 3)))})
    >>> dict(coordinates(z, by_name(parse_table(COMPONENT))))["component"].values.tolist()
    [0, 1, 2]
    """
    for name, variable in known.items():
        if name in dataset.variables or not set(variable.dims) <= set(dataset.dims):
            continue
        if name in NUMBERED:
            yield name, xr.Variable(name, np.arange(dataset.sizes[name], dtype=np.int64))
        elif CENTRES.get(name) in dataset.variables:
            edges = np.asarray(dataset[CENTRES[name]].values)
            if edges.shape[-1] == dataset.sizes[variable.dims[-1]] + 1:
                yield name, xr.Variable(variable.dims, (edges[..., 1:] + edges[..., :-1]) / 2)
        elif name == "channel" and dataset.sizes[name] in CHANNELS:
            yield name, xr.Variable(name, np.array(CHANNELS[dataset.sizes[name]], dtype=object))
