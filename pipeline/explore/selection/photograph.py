"""One image: its photograph, its reconstruction, its labels, its neighbours."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.explore.python_lines import opened
from zpoints.pipeline.explore.selection.pictures import Pixels, can_decode, has_images, photographs
from zpoints.pipeline.explore.space import Space
from zpoints.pipeline.sample.region import mahalanobis_radius
from zpoints.storage.errors import ZpointsError
from zpoints.storage.labels.annotated import MARKER
from zpoints.storage.labels.label_table import label_names

NEIGHBOURS = 12


@dataclass(frozen=True)
class Inspected:
    """What the explorer shows of one image.

    Attributes
    ----------
    name, row
        The image.
    photograph, reconstruction
        (y, x, channel) uint8; None where there are no images, or no network.
    labels
        Values as text by label; missing ones are empty.
    radius, components
        Mahalanobis radius of its vector, in that many components.
    neighbours
        Names and Euclidean distances of the nearest other vectors, in ascending order.
    thumbnails
        Photographs of the neighbours by name.
    code
        Python that gives the same.
    """

    name: str
    row: int
    photograph: Pixels | None
    reconstruction: Pixels | None
    labels: dict[str, str]
    radius: float
    components: int
    neighbours: tuple[tuple[str, float], ...]
    thumbnails: dict[str, Pixels]
    code: str


def inspect(space: Space, name: str) -> Inspected:
    """Describe one image.

    Parameters
    ----------
    space
        Where it is.
    name
        Its name, or the end of its path.

    Raises
    ------
    VectorError
        If no image has the name.
    """
    name, row = image_named(space, name)
    vector = space.latents["z"].isel(image=row).values
    nearest = space.neighbours(name, NEIGHBOURS)
    others = [str(other) for other in np.atleast_1d(nearest["image"].values)]
    pictures = photographs(space, [name, *others]) if has_images(space) else {}
    radius = mahalanobis_radius(vector[None], space.statistics)[0]
    return Inspected(
        name,
        row,
        pictures.pop(name, None),
        _reconstruction(space, vector),
        labels_of(space.latents, row),
        float(radius),
        Basis.from_statistics(space.statistics).rank,
        tuple(zip(others, map(float, nearest["distance"].values), strict=True)),
        pictures,
        inspection_code(space, name, photographed=bool(pictures)),
    )


def image_named(space: Space, name: str) -> tuple[str, int]:
    """Whole name and number of an image.

    Parameters
    ----------
    space
        Where it is.
    name
        Its name, or the end of its path.

    Raises
    ------
    VectorError
        If no image has the name.
    """
    index = space.latents.indexes["image"]
    if name not in index:
        name = str(space.project(name, 1)["image"].values)
    return name, int(index.get_indexer(pd.Index([name]))[0])


def inspection_code(space: Space, name: str, *, photographed: bool = True) -> str:
    """Python that gives the photograph, the reconstruction, the labels and the neighbours.

    Parameters
    ----------
    space
        Where the image is.
    name
        Its name.
    photographed
        Whether there are photographs.
    """
    lines = [
        opened(space),
        f"name = {name!r}",
        *(["photograph = store.images.pixels.sel(image=name)"] if photographed else []),
        "labels = store.latents.sel(image=name).coords",
        f"neighbours = store.neighbours(name, {NEIGHBOURS})",
        *(["reconstruction = store.decode(name)"] if can_decode(space) else []),
    ]
    return "\n".join(lines)


def labels_of(latents: xr.Dataset, row: int) -> dict[str, str]:
    """The labels of one image as text, without its name and what only the store reads.

    Examples
    --------
    >>> coords = {"Smiling": ("image", [True, False]), "age": ("image", [31.0, np.nan])}
    >>> labels_of(xr.Dataset(coords=coords), 0), labels_of(xr.Dataset(coords=coords), 1)
    ({'Smiling': 'yes', 'age': '31'}, {'Smiling': 'no', 'age': ''})
    """
    one = {name: latents[name].values[row] for name in label_names(latents)}
    unannotated = MARKER in one and not one[MARKER]
    return {
        name: "" if unannotated and isinstance(value, np.bool_) else _as_text(value)
        for name, value in one.items()
        if name != MARKER
    }


def _as_text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return ""
        text = str(value.astype("M8[s]"))
        return text.removesuffix("T00:00:00").replace("T", " ")
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.6g}"
    return str(value)


def _reconstruction(space: Space, vector: NDArray[np.float32]) -> Pixels | None:
    try:
        pixels: Pixels = np.asarray(space.decode(vector).values)
    except ZpointsError:
        return None
    return pixels
