"""Images as a user gives them, as pixels that a network encodes."""

from typing import Any

import numpy as np
import xarray as xr

from zpoints.pipeline.errors import VectorError

IMAGE_DIMS = ("y", "x", "channel")
PIXELS = {"long_name": "decoded images, 0 to 255", "units": "1"}


def pixels_of(images: Any, shape: tuple[int, int, int] | None) -> xr.DataArray:
    """The pixels of images.

    Parameters
    ----------
    images
        uint8 (image, y, x, channel) or (y, x, channel), a labelled array with other dimensions
        before these, or a dataset with such `pixels`.
    shape
        Height, width and channels that are expected, if known.

    Returns
    -------
    xr.DataArray
        With the coordinates of the images; lazy if they are.

    Raises
    ------
    VectorError
        If the images have another type, other dimensions, or another shape.

    Examples
    --------
    >>> pixels_of(np.zeros((8, 8, 3), np.uint8), (8, 8, 3)).dims
    ('y', 'x', 'channel')
    """
    if isinstance(images, xr.Dataset) and "pixels" not in images:
        raise VectorError(
            f"The dataset has no variable pixels, only {', '.join(map(str, images)) or 'none'}. "
            "Expected images, e.g. store.images."
        )
    pixels = images["pixels"] if isinstance(images, xr.Dataset) else images
    if not isinstance(pixels, xr.DataArray):
        values = pixels if hasattr(pixels, "dask") else np.asarray(pixels)
        named = values.ndim in (3, 4)
        dims = ("image", *IMAGE_DIMS)[-values.ndim :] if named else None
        pixels = xr.DataArray(values, dims=dims)
    if pixels.dtype != np.uint8 or pixels.dims[-3:] != IMAGE_DIMS:
        raise VectorError(
            f"The images are {pixels.dtype} with the dimensions {dict(pixels.sizes)}; expected "
            "uint8 (image, y, x, channel), e.g. store.images."
        )
    if shape not in (None, pixels.shape[-3:]):
        raise VectorError(
            f"The images have the shape {pixels.shape[-3:]}; expected {shape} (y, x, channel), as "
            "the network was trained on."
        )
    return pixels
