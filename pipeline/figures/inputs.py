"""What the figures draw: groups, vectors and pixels, of a store, a dataset or an array."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.evaluate.held_out import held_out_rows, mixed
from zpoints.pipeline.row_sample import representative_rows

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

HELD_OUT = 10
"""Held-out images drawn of a store."""
PIXEL_DIMS = ("y", "x", "channel")
"""Last dimensions of a variable that holds images."""
ONLY_STORED = (
    " Only a store has it: `zpoints import vectors.npy --root ROOT` makes one of vectors, which "
    "zp.open(ROOT) opens."
)
NAMED = 8
"""Variables or names that an error message lists at most."""


def group(data: Any, name: str, needs: Sequence[str]) -> xr.Dataset:
    """A group as a dataset: `data` itself, or the group of that name of a store.

    Parameters
    ----------
    data
        A dataset, or a store, which has an attribute of that name or a method `group`; for
        statistics also vectors (vector, component), which are analysed.
    name
        Name of the group, e.g. "statistics".
    needs
        Variables that the figure draws.

    Raises
    ------
    FigureError
        If `data` is neither, or lacks a variable.
    """
    found = data if isinstance(data, xr.Dataset) else getattr(data, name, None)
    if found is None and hasattr(data, "group"):
        found = data.group(name)
    if name == "statistics" and getattr(data, "ndim", 0) == 2:
        from zpoints.pipeline.analyze.passes import analyze  # loads Numba

        found = analyze(data)
    if not isinstance(found, xr.Dataset):
        only = ONLY_STORED if hasattr(data, "latents") and not hasattr(data, "group") else ""
        raise FigureError(
            f"Got {described(data)}; expected a store, or its group `{name}`, e.g. store.{name}."
            f"{only}"
        )
    missing = [variable for variable in needs if variable not in found.variables]
    if missing:
        raise FigureError(
            f"The dataset lacks {_listed(missing)}; expected the group `{name}`, got a dataset "
            f"with {_listed(found.variables)}. Pass store.{name}, or make it with "
            f"`zpoints {'sweep' if name == 'sweep' else 'run'}`."
        )
    return found


def vectors(data: Any, rows: int | None = None) -> tuple[Floats, NDArray[np.int64]]:
    """Finite vectors and their row numbers.

    Parameters
    ----------
    data
        Latent vectors (vector, component): an array, or a dataset or store that holds them as `z`.
    rows
        Number of vectors to read at most, in runs that are evenly spaced; None reads all.

    Returns
    -------
    tuple
        (vector, component) float64, and (vector) int64.

    Raises
    ------
    FigureError
        If there are no vectors in `data`.
    """
    if hasattr(data, "latents") and not isinstance(data, xr.Dataset):
        data = data.latents
    z = group(data, "latents", ["z"])["z"] if isinstance(data, xr.Dataset) else data
    if getattr(z, "ndim", None) is None:
        z = np.asarray(z)
    if z.ndim != 2 or not np.issubdtype(z.dtype, np.number) or np.iscomplexobj(z):
        raise FigureError(
            f"Got {described(data)}; expected latent vectors (vector, component) of numbers, e.g. "
            "store.latents, or store.latents.z[:1000]."
        )
    chosen = np.arange(len(z)) if rows is None else representative_rows(len(z), rows)
    values = np.asarray(z if len(chosen) == len(z) else z[chosen], dtype=np.float64)
    finite = np.isfinite(values).all(axis=1)
    if not finite.any() and len(values):
        raise FigureError(f"None of the {len(values)} vectors is finite. Draw finite ones.")
    return values[finite], chosen[finite]


def held_out_pair(data: Any) -> tuple[Bytes, Bytes]:
    """The first held-out images of a store and their reconstructions, (image, y, x, channel) uint8.

    Parameters
    ----------
    data
        A store, or the latent space of arrays with images and a decoder.

    Raises
    ------
    FigureError
        If it is neither.
    """
    if not all(hasattr(data, name) for name in ("latents", "decode")):
        raise FigureError(
            f"Got {described(data)}; expected a store, or images and their reconstructions, e.g. "
            "store.images.pixels[:8] and store.decode(store.latents.z[:8])."
        )
    rows = mixed(held_out_rows(data.latents)[1])[:HELD_OUT]
    originals = data.images["pixels"][rows]
    return pixels(originals), pixels(np.asarray(data.decode(data.latents["z"][rows])))


def components_of(chosen: Any, total: int, *, what: str = "component") -> list[int]:
    """Numbers of components or principal components, each from 0 to `total` - 1.

    Parameters
    ----------
    chosen
        A number, or several.
    total
        Number of all components.
    what
        What they are, for a message.

    Raises
    ------
    FigureError
        If one is no such number, or there is none.
    """
    numbers = [chosen] if np.ndim(chosen) == 0 else list(chosen)
    for number in numbers:
        whole = isinstance(number, int | np.integer) and not isinstance(number, bool)
        if not whole or not 0 <= number < total:
            raise FigureError(
                f"Got {what} {_shown(number)}; expected a number from 0 to {total - 1}, since "
                f"there are {total}."
            )
    if not numbers:
        raise FigureError(f"Got no {what}; expected at least one, from 0 to {total - 1}.")
    return [int(number) for number in numbers]


def pixels(data: Any, n: int | None = None) -> Bytes:
    """Images as bytes, the first `n`; the only place where figures read images.

    Parameters
    ----------
    data
        An array (image, y, x, channel) of one or three channels, or (image, y, x) of grey images,
        uint8 or floating point from 0 to 1; or a dataset or store that holds such a variable.
    n
        Number of images to read; None reads all.

    Returns
    -------
    numpy.ndarray
        (image, y, x, channel) uint8.

    Raises
    ------
    FigureError
        If there are no images in `data`.
    """
    array = _pixel_array(data)
    if array.ndim == 3 and array.shape[-1] not in (1, 3):
        array = array[..., None]  # grey images
    elif array.ndim == 3:
        array = array[None]  # a single image
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or 0 in array.shape[1:]:
        raise FigureError(
            f"Got {described(data)}; expected images (image, y, x, channel) with 1 or 3 channels, "
            "e.g. store.images, store.samples(name), or the array that store.decode returns."
        )
    values = np.asarray(array if n is None else array[:n])
    if not len(values):
        raise FigureError("Got no images; expected at least one.")
    return as_bytes(values)


def as_bytes(images: NDArray[Any]) -> Bytes:
    """Images of any shape as uint8; floating-point ones are expected from 0 to 1.

    Raises
    ------
    FigureError
        If they are of another type or range.
    """
    if images.dtype == np.uint8:
        return images
    if np.issubdtype(images.dtype, np.floating):
        low, high = float(images.min()), float(images.max())
        if low >= 0 and high <= 1:
            return np.rint(images * 255).astype(np.uint8)
        found = f"{images.dtype} from {low:g} to {high:g}"
    else:
        found = str(images.dtype)
    raise FigureError(
        f"Got pixels of {found}; expected uint8, or floating point from 0 to 1. Divide them by "
        "their largest value."
    )


def _pixel_array(data: Any) -> Any:
    """The array that holds the images; a lazy one stays lazy."""
    if not isinstance(data, xr.Dataset) and hasattr(data, "images"):
        data = data.images
    if isinstance(data, xr.Dataset):
        held = [v for v in data.variables.values() if tuple(v.dims[-3:]) == PIXEL_DIMS]
        if not held:
            raise FigureError(
                f"The dataset has no images; expected a variable with the dimensions "
                f"{', '.join(PIXEL_DIMS)}, got {_listed(data.variables)}. Pass store.images or "
                "store.samples(name)."
            )
        return held[0]
    return data if hasattr(data, "ndim") else np.asarray(data)


def mapping(data: Any, expected: str) -> Mapping[str, Any]:
    """`data` if it is a mapping with at least one entry.

    Raises
    ------
    FigureError
        If it is not.
    """
    if not isinstance(data, Mapping) or isinstance(data, xr.Dataset) or not data:
        raise FigureError(f"Got {described(data)}; expected {expected}.")
    return data


def described(data: Any) -> str:
    """Type and shape of a value, for a message."""
    shape = getattr(data, "shape", None)
    kind = type(data).__name__
    if isinstance(data, xr.Dataset):
        return f"a Dataset with {_listed(data.variables)}"
    if shape is None:
        return f"{kind} {_shown(data)}" if isinstance(data, str | int | float) else f"a {kind}"
    return f"a {kind} of shape {tuple(shape)} and type {getattr(data, 'dtype', 'unknown')}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _listed(names: Any) -> str:
    everything = [str(name) for name in names]
    more = len(everything) - NAMED
    text = ", ".join(everything[:NAMED])
    return f"{text} and {more} more" if more > 0 else text or "no variables"
