"""Vectors as a user names them: images of the latents by name or number, or values."""

from bisect import bisect
from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import VectorError
from zpoints.storage.errors import nearest
from zpoints.storage.schema.validation import is_text

Given = Any
"""Name or number of an image, names of images, or vectors; see `images_named` and `vectors_in`."""


VECTOR = {"long_name": "latent vector", "units": "1"}
ALIKE = 3
"""Names that a message suggests."""
COMPARED = 5_000
"""Names that are compared with an unknown one; more would take seconds."""


def names_images(given: Given) -> bool:
    """Whether images are given by their names or a number, and not vectors.

    Examples
    --------
    >>> names_images("000001.jpg"), names_images(3), names_images([[0.5, 1.0]])
    (True, True, False)
    """
    if isinstance(given, xr.DataArray):
        return is_text(given.dtype) and given.ndim < 2
    whole = isinstance(given, int | np.integer) and not isinstance(given, bool)
    return isinstance(given, str) or whole or _names(given) is not None


def images_named(z: xr.DataArray, given: Given) -> xr.DataArray:
    """The latent vectors of images.

    Parameters
    ----------
    z
        All latent vectors (image, component).
    given
        The name of an image, or the end of its path if no other has it, or its number from 0; or
        names of images, e.g. the coordinate `image` of what `neighbours` returns.

    Returns
    -------
    xr.DataArray
        (component) or (image, component), lazy if z is.

    Raises
    ------
    VectorError
        If no image has the name or number.

    Examples
    --------
    >>> values = np.arange(6.0).reshape(3, 2)
    >>> z = xr.DataArray(values, {"image": ["a", "b", "c"]}, ("image", "component"))
    >>> images_named(z, "b").values, images_named(z, ["c", "a"]).sizes["image"]
    (array([2., 3.]), 2)
    """
    if isinstance(given, int | np.integer):
        if not -z.sizes["image"] <= given < z.sizes["image"]:
            raise VectorError(
                f"There is no latent vector number {given}; expected 0 to "
                f"{z.sizes['image'] - 1:,}, or the name of one."
            )
        return z.isel(image=int(given))
    names = given.values.astype(object).tolist() if isinstance(given, xr.DataArray) else given
    if isinstance(names, str):
        return z.isel(image=_row(z, names))
    return z.isel(image=[_row(z, name) for name in names])


def vectors_in(given: Given, components: int, *, nested: bool = False) -> xr.DataArray:
    """Vectors that are given as values.

    Parameters
    ----------
    given
        An array (component) or (vector, component); a labelled array with the dimension
        `component` and at most one other; or a dataset with such a `z`, e.g. what `draw` returns.
    components
        Number of components that the vectors must have.
    nested
        Whether there may be more dimensions than these.

    Returns
    -------
    xr.DataArray
        (component) or (vector, component), with the coordinates of what was given; lazy if that was
        lazy.

    Raises
    ------
    VectorError
        If they do not have these components or dimensions, or are not real numbers.

    Examples
    --------
    >>> vectors_in([[0.5, 1.0]], 2).sizes
    Frozen({'sample': 1, 'component': 2})
    """
    if isinstance(given, xr.Dataset):
        if "z" not in given:
            raise VectorError(
                f"The dataset has no variable z, only {', '.join(map(str, given)) or 'none'}. "
                "Expected vectors, e.g. what draw returns, or store.latents."
            )
        given = given["z"]
    return _with_components(_labelled(given, nested=nested), components, nested=nested)


def with_coordinates(z: xr.DataArray) -> xr.DataArray:
    """Vectors as a group has them: `z`, with the numbers of the components and a meaning."""
    attrs = {"long_name": "component", "units": "1"}
    component = xr.Variable("component", np.arange(z.sizes["component"]), attrs)
    return z.assign_coords(component=component).rename("z").assign_attrs(VECTOR)


def vector_dim(z: xr.DataArray) -> Hashable | None:
    """The dimension along which vectors are counted; None for a single vector."""
    return next((dim for dim in z.dims if dim != "component"), None)


def _labelled(given: Given, *, nested: bool) -> xr.DataArray:
    """Vectors as a labelled array."""
    if isinstance(given, xr.DataArray):
        return given
    values = given if hasattr(given, "dask") else np.asarray(given)
    if nested and values.ndim > 2:
        return xr.DataArray(values).rename({f"dim_{values.ndim - 1}": "component"})
    if values.ndim not in (1, 2):
        raise VectorError(
            f"The vectors have the shape {values.shape}; expected (component) or (vector, "
            "component)."
        )
    return xr.DataArray(values, dims=("sample", "component")[-values.ndim :])


def _with_components(z: xr.DataArray, expected: int, *, nested: bool) -> xr.DataArray:
    many = z.ndim > 2 and not nested
    if "component" not in z.dims or many or z.sizes["component"] != expected:
        others = "" if nested else ", and at most one other dimension"
        raise VectorError(
            f"The vectors have the dimensions {dict(z.sizes)}; expected {expected} along "
            f"`component`{others}."
        )
    # Xarray would join them by name, and drop those that differ.
    own = z.indexes.get("component")
    if own is not None and not own.equals(pd.RangeIndex(expected)):
        some = ", ".join(map(str, own[:3]))
        raise VectorError(
            f"The vectors have the components {some}, ...; expected 0 to {expected - 1} in this "
            'order. Sort them, or drop their names with z.drop_vars("component").'
        )
    if z.dtype.kind not in "fiu":
        raise VectorError(f"The vectors have the type {z.dtype}; expected real numbers.")
    return z.transpose(..., "component")


def _names(given: Given) -> list[str] | None:
    """The names, if a list or an array of text was given."""
    if isinstance(given, list | tuple | pd.Index | pd.Series | np.ndarray):
        names = list(given)
        if names and all(isinstance(name, str) for name in names):
            return [str(name) for name in names]
    return None


def _row(z: xr.DataArray, name: str) -> int:
    index = z.indexes["image"]
    try:
        return int(index.get_loc(name))
    except KeyError:
        names = list(map(str, index))
    ends = [row for row, known in enumerate(names) if known.endswith(f"/{name}")]
    if len(ends) == 1:
        return ends[0]
    alike = [names[row] for row in ends[:ALIKE]] or _alike(name, names)
    found = f"{len(ends):,} of the {len(index):,} latent vectors have names that end with"
    raise VectorError(
        f"{found if ends else f'None of the {len(index):,} latent vectors has the name'} {name!r}. "
        f"Expected a name such as {', '.join(alike) or 'none'}."
    )


def _alike(name: str, names: list[str]) -> list[str]:
    """The names most like a name; of many, among those next to it in alphabetical order."""
    if len(names) > COMPARED:
        names = sorted(names)
        place = bisect(names, name)
        names = names[max(0, place - COMPARED // 2) : place + COMPARED // 2]
    return nearest(name, names, ALIKE, cutoff=0)
