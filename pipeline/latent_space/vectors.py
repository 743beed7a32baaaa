"""Vectors as a user names them: images of the latents by name or number, or values."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from zpoints.pipeline.errors import VectorError
from zpoints.storage.schema.validation import is_text

Given = Any
"""Name or number of an image, names of images, or vectors; see `vectors_of`."""


def vectors_of(latents: xr.Dataset, given: Given) -> xr.DataArray:
    """The latent vectors that are asked for.

    Parameters
    ----------
    latents
        The group `latents`.
    given
        The name of an image or its number from 0; names of images, e.g. the coordinate `image` of
        what `neighbours` returns; an array (component) or (vector, component); a labelled array
        with the dimension `component` and at most one other; or a dataset with such a `z`, e.g.
        what `draw` returns.

    Returns
    -------
    xr.DataArray
        (component) or (vector, component), with the coordinates of what was given; lazy if that was
        lazy.

    Raises
    ------
    VectorError
        If no image has the name or number, or the vectors do not have the components of the
        latents.

    Examples
    --------
    >>> z = np.arange(6.0).reshape(3, 2)
    >>> latents = xr.Dataset({"z": (("image", "component"), z)}, {"image": ["a", "b", "c"]})
    >>> vectors_of(latents, "b").values, vectors_of(latents, ["c", "a"]).sizes["image"]
    (array([2., 3.]), 2)
    """
    z = latents["z"]
    if isinstance(given, str):
        return z.isel(image=_row(z, given))
    if isinstance(given, int | np.integer) and not isinstance(given, bool):
        if not -z.sizes["image"] <= given < z.sizes["image"]:
            raise VectorError(
                f"There is no image {given}; expected a number from 0 to {z.sizes['image'] - 1:,}."
            )
        return z.isel(image=int(given))
    if isinstance(given, xr.Dataset):
        if "z" not in given:
            raise VectorError(
                f"The dataset has no variable z, only {', '.join(map(str, given)) or 'none'}. "
                "Expected vectors, e.g. what draw returns, or store.latents."
            )
        given = given["z"]
    if isinstance(given, xr.DataArray) and is_text(given.dtype) and given.ndim < 2:
        return vectors_of(latents, given.values.astype(object).tolist())
    if not isinstance(given, xr.DataArray) and (names := _names(given)) is not None:
        return z.isel(image=[_row(z, name) for name in names])
    return _with_components(_labelled(given), z)


def vector_dim(z: xr.DataArray) -> Hashable | None:
    """The dimension along which vectors are counted; None for a single vector."""
    return next((dim for dim in z.dims if dim != "component"), None)


def _labelled(given: Given) -> xr.DataArray:
    """Vectors as a labelled array."""
    if isinstance(given, xr.DataArray):
        return given
    values = given if hasattr(given, "dask") else np.asarray(given)
    if values.ndim not in (1, 2):
        raise VectorError(
            f"The vectors have the shape {values.shape}; expected (component) or (vector, "
            "component)."
        )
    return xr.DataArray(values, dims=("sample", "component")[-values.ndim :])


def _with_components(z: xr.DataArray, latents: xr.DataArray) -> xr.DataArray:
    expected = latents.sizes["component"]
    if "component" not in z.dims or z.ndim > 2 or z.sizes["component"] != expected:
        raise VectorError(
            f"The vectors have the dimensions {dict(z.sizes)}; expected {expected} along "
            "`component`, and at most one other dimension."
        )
    # Xarray would join them by name, and drop those that differ.
    own, known = (vectors.indexes.get("component") for vectors in (z, latents))
    if own is not None and known is not None and not own.equals(known):
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
        some = ", ".join(map(str, index[:3])) or "none"
        raise VectorError(
            f"There is no image {name!r} among the {len(index):,} latent vectors. Expected the "
            f"name of one, such as {some}."
        ) from None
