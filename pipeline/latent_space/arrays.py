"""The latent space of arrays in memory, or of Dask arrays."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.passes import analyze
from zpoints.pipeline.analyze.vectors import as_array, as_dask
from zpoints.pipeline.claims.answers import Answers, answers
from zpoints.pipeline.claims.verdicts import Verdicts, all_claims
from zpoints.pipeline.errors import AnalyzeError, VectorError
from zpoints.pipeline.labels.labels import Labels
from zpoints.pipeline.latent_space.coding import Decoder, Encoder
from zpoints.pipeline.latent_space.pixels import IMAGE_DIMS
from zpoints.pipeline.latent_space.space import HINT, LatentSpace
from zpoints.storage import Store
from zpoints.storage.errors import unknown_attribute
from zpoints.storage.labels.columns import label_values
from zpoints.storage.labels.dataset import LabelledDataset

Table = pd.DataFrame | pd.Series | xr.Dataset | Mapping[str, Any]
"""Labels, a column or a variable each."""
ONLY_STORED = ("compare", "diff", "export", "recommended", "root", "time", "version")
"""What `zpoints.open` returns beside the attributes of the class `Store`."""
CLUSTERS = 10
"""k-means clusters that are compared with those of normal vectors, as in the stage."""
ROWS = 4096
"""Vectors that are searched at a time for a finite one."""


class LatentArrays(LatentSpace):
    """Latent vectors in memory or in a Dask array, and what one asks of them.

    `zpoints.open_arrays` returns it. Statistics are computed when first asked for.
    """

    def __init__(
        self,
        latents: xr.Dataset,
        images: xr.Dataset | None,
        decoder: Decoder | None,
        encoder: Encoder | None,
    ) -> None:
        self._latents, self._images = LabelledDataset.of(latents), images
        self._given_decoder, self._given_encoder = decoder, encoder

    @property
    def latents(self) -> xr.Dataset:
        """Latent vectors: `z` (image, component), lazy, with the given labels as coordinates."""
        return self._latents.copy()

    @property
    def images(self) -> xr.Dataset:
        """The given images: `pixels` (image, y, x, channel) uint8, with the labels."""
        if self._images is None:
            raise VectorError("There are no images; pass images= to open_arrays.")
        return self._images.copy()

    @cached_property
    def statistics(self) -> xr.Dataset:
        """Moments, number distributions, PCA and radii, computed when first asked for."""
        labels = Labels(self._latents)
        table = labels.table if labels.table.size else None
        return analyze(self._latents["z"], attributes=table, label_numbers=labels.as_numbers)

    @cached_property
    def claims(self) -> Verdicts:
        """The claims of the method's source, tested on these vectors; 13 is about images."""
        return all_claims(self.statistics, None, {})

    @cached_property
    def answers(self) -> Answers:
        """Answers to the questions that the method's source leaves open; reads some vectors."""
        from zpoints.pipeline.structure.against_normal import compare_with_normal  # scikit-learn
        from zpoints.pipeline.structure.blocks import rows_where

        z, basis = self._latents["z"].data, Basis.from_statistics(self.statistics)
        finite = rows_where(z, da.isfinite(z).all(axis=1).compute())
        found = compare_with_normal(finite, basis, clusters=CLUSTERS, seed=0)
        return answers(self.statistics, xr.Dataset(found))

    @property
    def _decoder(self) -> Decoder:
        if self._given_decoder is None:
            raise VectorError("There is no decoder; pass decoder= to open_arrays.")
        return self._given_decoder

    @property
    def _encoder(self) -> Encoder:
        if self._given_encoder is None:
            raise VectorError("There is no encoder; pass encoder= to open_arrays.")
        return self._given_encoder

    if not TYPE_CHECKING:  # to a type checker every attribute would exist

        def __getattr__(self, name: str) -> Any:
            only_stored = hasattr(Store, name) or name in ONLY_STORED
            if not only_stored or hasattr(type(self), name):
                raise unknown_attribute(self, name)
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}. Only a store has it: "
                "save the vectors, `zpoints import vectors.npy --root ROOT` makes a store of them "
                "and all that follows, and zpoints.open(ROOT) opens it."
            )

    def __repr__(self) -> str:
        sizes, names = self._latents["z"].sizes, list(map(str, self._latents.coords))
        labels = ", ".join(name for name in names if name not in ("image", "component"))
        return (
            f"LatentArrays: {sizes['image']:,} vectors of {sizes['component']:,} components\n"
            f"labels: {labels or 'none'}\n{HINT}"
        )

    def _repr_html_(self) -> str:
        return f"{self._latents._repr_html_()}<p>{HINT}</p>"


def open_arrays(
    z: Any,
    labels: Table | None = None,
    images: Any = None,
    decoder: Callable[[NDArray[np.float32]], Any] | None = None,
    encoder: Callable[[NDArray[np.uint8]], Any] | None = None,
) -> LatentArrays:
    """The latent space of vectors from elsewhere.

    Parameters
    ----------
    z
        Real (vector, component): a NumPy, Dask or Zarr array, a tensor, a DataFrame of a column for
        each component, whose index names the vectors, or a labelled array of these dimensions,
        whose coordinates become labels.
    labels
        Values of each vector by name, of any kind: a DataFrame or a Series, whose index names the
        vectors, a Dataset along `image`, or a mapping of arrays.
    images
        uint8 (vector, y, x, channel), or (vector, y, x) for grey images.
    decoder
        Maps float32 (vector, component) to uint8 (vector, y, x, channel).
    encoder
        Maps uint8 (vector, y, x, channel) to float32 (vector, component).

    Raises
    ------
    VectorError
        If z is not such an array, no vector is finite, the shapes do not agree, or a label has a
        name that is taken.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> space = open_arrays(rng.normal(size=(500, 4)), {"digit": np.arange(500) % 10})
    >>> space.query("digit == 3").sizes["image"], space.draw("ellipse", 2, K=3).z.shape
    (50, (2, 4))
    """
    try:
        array = as_array(z)
    except AnalyzeError as error:
        raise VectorError(str(error)) from None
    if np.ndim(array) != 2 or 0 in np.shape(array):
        raise VectorError(
            f"z has the shape {np.shape(array)}; expected (vector, component), both at least 1. "
            'np.load(path, mmap_mode="r") opens a file.'
        )
    vectors = as_dask(array)
    if vectors.dtype.kind not in "fiu":
        raise VectorError(f"z has the type {vectors.dtype}; expected real numbers.")
    if isinstance(array, np.ndarray) and not _any_finite(array):
        raise VectorError(
            f"None of the {len(array):,} vectors of z is finite: each has a NaN or infinite "
            "component. Expected at least one without."
        )
    count, components = vectors.shape
    coords = {"component": np.arange(components), **_coordinates(z, labels, count)}
    latents = xr.Dataset({"z": (("image", "component"), vectors)}, coords)
    return LatentArrays(latents, _images(images, latents), _checked(decoder), _checked(encoder))


def _any_finite(z: NDArray[Any]) -> bool:
    """Whether a vector (vector, component) is finite; reads no more than it has to."""
    starts = range(0, len(z), ROWS)
    return any(np.isfinite(z[row : row + ROWS]).all(axis=1).any() for row in starts)


def _checked(function: Callable[..., Any] | None) -> Callable[..., Any] | None:
    if function is not None and not callable(function):
        raise VectorError(f"{function!r} is not a function; expected one from arrays to arrays.")
    return function


def _coordinates(z: Any, labels: Table | None, count: int) -> dict[str, Any]:
    """The names of the vectors as `image`, and their labels."""
    found: dict[str, Any] = {"image": np.arange(count).astype(str)}
    if isinstance(z, xr.DataArray):
        rows = z.dims[0]
        inner = {name: coord for name, coord in z.coords.items() if coord.dims == (rows,)}
        found |= {"image" if name == rows else str(name): c.values for name, c in inner.items()}
    named = _names(z) if isinstance(z, pd.DataFrame) else {}
    found |= named
    if isinstance(labels, pd.Series):
        labels = labels.to_frame(labels.name or "label")
    if isinstance(labels, xr.Dataset):
        labels = {str(name): labels[name].values for name in labels.variables}
    elif isinstance(labels, pd.DataFrame):
        found |= _same_names(named, _names(labels))
        labels = {str(name): labels[name].to_numpy() for name in labels}
    elif labels is not None and not isinstance(labels, Mapping):
        raise VectorError(
            f"The labels are a {type(labels).__name__}; expected a DataFrame, a Dataset, or a "
            "mapping of arrays, e.g. {'digit': values}."
        )
    for name, values in (labels or {}).items():
        if name in ("z", "component", "pixels"):
            raise VectorError(
                f"A label is called {name!r}, which is the name of the vectors, their components "
                "or the pixels. Rename it."
            )
        found[str(name)] = label_values(values) if np.ndim(values) == 1 else np.asarray(values)
    for name, values in found.items():
        if np.shape(values) != (count,):
            raise VectorError(
                f"The label {name!r} has the shape {np.shape(values)}; expected ({count},), a "
                "value for each vector."
            )
    if len(set(map(str, found["image"]))) < count:
        raise VectorError("Two vectors have the same name; expected unique ones in `image`.")
    return {name: ("image", values) for name, values in found.items()}


def _names(table: pd.DataFrame) -> dict[str, Any]:
    """The names that an index gives to vectors; none if it only counts rows."""
    if isinstance(table.index, pd.RangeIndex):
        return {}
    return {"image": table.index.astype(str).to_numpy()}


def _same_names(z: dict[str, Any], labels: dict[str, Any]) -> dict[str, Any]:
    """The names of labels, which are those of the vectors if both have names."""
    if z and labels and not np.array_equal(z["image"], labels["image"]):
        raise VectorError(
            "The indexes of z and labels differ; expected the same names in the same order. Pass "
            "labels=labels.loc[z.index]."
        )
    return labels


def _images(images: Any, latents: xr.Dataset) -> xr.Dataset | None:
    if images is None:
        return None
    pixels = images if isinstance(images, da.Array) else np.asarray(images)
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    count = latents.sizes["image"]
    if pixels.ndim != 4 or len(pixels) != count or pixels.dtype != np.uint8:
        raise VectorError(
            f"The images are {pixels.dtype} of shape {pixels.shape}; expected uint8 ({count}, y, "
            "x, channel), an image for each vector."
        )
    labels = {n: c for n, c in latents.coords.items() if c.dims == ("image",)}
    return LabelledDataset({"pixels": (("image", *IMAGE_DIMS), pixels)}, labels)
