"""Attributes of groups: objects in the store, and text in datasets, as netCDF allows."""

import json
from collections.abc import Mapping
from numbers import Number
from typing import Any

import numpy as np


def as_netcdf(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes that a file of netCDF or Zarr can hold.

    Text, numbers and lists of numbers stay. Objects, truth values and other lists become JSON;
    what is null is left out.

    Parameters
    ----------
    attrs
        Attributes of JSON.

    Examples
    --------
    >>> as_netcdf({"seed": 3, "parameters": {"K": 105, "fact": 0.7}, "limit": None})
    {'seed': 3, 'parameters': '{"K": 105, "fact": 0.7}'}
    """
    return {
        name: value if _fits(value) else json.dumps(value)
        for name, value in attrs.items()
        if value is not None
    }


def nested(attrs: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An attribute that is an object; empty if there is none of that name.

    Parameters
    ----------
    attrs
        Attributes of a dataset, where the object is JSON, or of its template.
    name
        Name of the attribute.

    Examples
    --------
    >>> nested({"parameters": '{"K": 105, "fact": 0.7}'}, "parameters")
    {'K': 105, 'fact': 0.7}
    """
    found = attrs.get(name)
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _fits(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return len(value) > 0 and all(_is_number(item) for item in value)
    return isinstance(value, str | np.ndarray) or _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, Number | np.generic) and not isinstance(value, bool | np.bool_)
