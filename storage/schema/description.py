"""Describes datasets by the registry: their coordinates, order, long names and units."""

from collections.abc import Mapping

import xarray as xr

from zpoints.storage.schema.dimensions import coordinates
from zpoints.storage.schema.registry import VARIABLES, find_variable, kind_of


def described(group: str, dataset: xr.Dataset) -> xr.Dataset:
    """The dataset as a group holds it.

    Coordinates that follow from sizes and edges are added, labels become coordinates, and every
    variable has its `long_name` and `units`. Nothing is computed.

    Parameters
    ----------
    group
        Name of the group.
    dataset
        Its content; variables that the registry does not list stay as they are.

    Returns
    -------
    xr.Dataset
        Variables in the registry's order, then those with names of their own by name.

    Examples
    --------
    >>> import numpy as np
    >>> z = {"z": (("image", "component"), np.zeros((1, 2), np.float32))}
    >>> latents = described("latents", xr.Dataset(z, {"image": ["a.jpg"]}))
    >>> latents["component"].attrs
    {'long_name': 'component', 'units': '1'}
    """
    dataset = dataset.assign_coords(dict(coordinates(dataset, VARIABLES[kind_of(group)])))
    variables = {}
    for name, variable in dataset.variables.items():
        if known := find_variable(group, str(name), variable):
            variable = variable.copy(deep=False)
            units = {"units": known.units} if known.units else {}
            variable.attrs = {"long_name": known.meaning, **units} | {
                key: value
                for key, value in variable.attrs.items()
                if key not in ("long_name", "units")
            }
        variables[str(name)] = variable
    data, coords = in_order(group, variables)
    return xr.Dataset(data, coords, dataset.attrs)


def in_order(
    group: str, variables: Mapping[str, xr.Variable]
) -> tuple[dict[str, xr.Variable], dict[str, xr.Variable]]:
    """Data variables and coordinates in the registry's order, then the others by name.

    Parameters
    ----------
    group
        Name of the group.
    variables
        Its variables.
    """
    known = VARIABLES[kind_of(group)]
    names = [name for name in known if name in variables]
    names += sorted(name for name in variables if name not in known)
    labels = {
        name
        for name, variable in variables.items()
        if (found := find_variable(group, name, variable)) and found.label
    }
    return (
        {name: variables[name] for name in names if name not in labels},
        {name: variables[name] for name in names if name in labels},
    )
