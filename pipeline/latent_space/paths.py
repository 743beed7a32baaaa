"""Paths through the latent space: between two vectors, and along the direction of an attribute."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from zpoints.pipeline.errors import VectorError
from zpoints.pipeline.latent_space.vectors import with_coordinates
from zpoints.pipeline.sample.arithmetic import (
    attribute_direction,
    interpolate,
    interpolate_around,
)

Form = Literal["arc", "line"]


def path_between(
    statistics: xr.Dataset, start: xr.DataArray, end: xr.DataArray, steps: int, form: Form
) -> xr.DataArray:
    """Vectors from one vector to another; see `LatentSpace.walk`.

    Parameters
    ----------
    statistics
        The group `statistics`; its mean is the centre of an arc.
    start, end
        (component).
    steps, form
        As in `LatentSpace.walk`.

    Returns
    -------
    xr.DataArray
        `z` (step, component) float64.
    """
    if start.ndim != 1 or end.ndim != 1:
        raise VectorError("A walk leads from one vector to one other; got several.")
    if not isinstance(steps, int | np.integer) or steps < 2:
        raise VectorError(f"steps = {steps!r}: expected the number of vectors, 2 or more.")
    shares = np.linspace(0, 1, steps)
    ends = start.values, end.values
    if form == "arc":
        z = interpolate_around(statistics["mean"].values, *ends, shares.tolist())
    elif form == "line":
        z = interpolate(*ends, shares.tolist())
    else:
        raise VectorError(f"form = {form!r}: expected 'arc' (around the mean) or 'line'.")
    share = xr.Variable("step", shares, {"long_name": "share of the way", "units": "1"})
    return with_coordinates(xr.DataArray(z, {"share": share}, ("step", "component")))


def added(
    statistics: xr.Dataset, attribute: str, z: xr.DataArray, strength: float | Sequence[float]
) -> xr.DataArray:
    """Vectors with multiples of an attribute's direction added; see `LatentSpace.add`.

    Parameters
    ----------
    statistics
        The group `statistics`, with the means of the attributes.
    attribute, strength
        As in `LatentSpace.add`.
    z
        (component) or (vector, component).

    Returns
    -------
    xr.DataArray
        `z` float64, with `strength` before `component` if several are given.
    """
    direction = xr.DataArray(attribute_direction(statistics, attribute), dims="component")
    factor = xr.DataArray(np.asarray(strength, np.float64))
    if factor.ndim > 1:
        raise VectorError(f"strength has the shape {factor.shape}; expected a number or a list.")
    if factor.ndim == 1:
        values = ("strength", factor.values, {"long_name": f"multiple of {attribute}"})
        factor = xr.DataArray(factor.values, {"strength": values}, dims="strength")
    moved = (z + factor * direction).transpose(..., "component")
    return with_coordinates(moved)
