"""Held-out images on the move: along attribute directions, and from one to another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.attributes import AttributeStatistics
from zpoints.pipeline.report.config import ReportConfig
from zpoints.pipeline.report.inputs import Reconstruct
from zpoints.pipeline.sample.arithmetic import (
    attribute_direction,
    interpolate,
    interpolate_around,
)
from zpoints.pipeline.sample.region import mahalanobis_radius

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

STRENGTHS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5)
"""Multiples of an attribute's direction: 1 leads from the mean without to the mean with it."""

SHARES = tuple(np.linspace(0, 1, 7).tolist())
"""Places on the way from one image to another."""

VISIBLE = ("Smiling", "Male", "Eyeglasses", "Blond_Hair")
"""Attributes shown where none are named and these exist."""

FALLBACK = 3
"""Else so many, of which about half of the images have each."""


@dataclass(frozen=True)
class Moved:
    """What images decode to after an attribute's direction was added.

    Parameters
    ----------
    attribute
        Its name.
    having
        How many images have it, of all.
    has
        (row) bool, whether each image shown has it.
    images
        (row, strength, y, x, channel) uint8.
    """

    attribute: str
    having: int
    has: NDArray[np.bool_]
    images: Bytes


@dataclass(frozen=True)
class Ways:
    """What lies between two images, for a few pairs of them.

    Parameters
    ----------
    photographs
        (pair, 2, y, x, channel) uint8: where the ways begin and end.
    line, arc
        (pair, share, y, x, channel) uint8: decoded from the straight line, and from the arc around
        the mean.
    radii
        Mean Mahalanobis radius of the ends, half way on the line, and half way on the arc.
    """

    photographs: Bytes
    line: Bytes
    arc: Bytes
    radii: tuple[float, float, float]


def shown_attributes(statistics: xr.Dataset, wanted: Sequence[str] | None) -> list[str]:
    """Names of the attributes to be shown.

    Those wanted; else the `VISIBLE` ones that divide the images; else the most even ones.

    Raises
    ------
    SampleError
        If one that is wanted has no direction.
    """
    if wanted is not None:
        for name in wanted:
            try:
                attribute_direction(statistics, name)
            except SampleError as error:
                raise SampleError(f"report.attributes: {error}") from error
        return list(wanted)
    attributes = AttributeStatistics(statistics)
    counts, total = attributes.counts, attributes.annotated
    divided = [name for name, having in counts.items() if 0 < having < total]
    visible = [name for name in VISIBLE if name in divided]
    return visible or sorted(divided, key=lambda name: abs(2 * counts[name] - total))[:FALLBACK]


def read_arithmetic(
    latents: xr.Dataset,
    statistics: xr.Dataset,
    rows: NDArray[np.int64],
    photographs: Bytes,
    config: ReportConfig,
    reconstruct: Reconstruct,
) -> tuple[tuple[Moved, ...], Ways]:
    """Move images, and decode all of it at once.

    Parameters
    ----------
    latents, statistics
        These groups, the latter in memory.
    rows
        (image) rows of the images that may be shown.
    photographs
        (image, y, x, channel) uint8: these images.
    config
        Which attributes and how many images.
    reconstruct
        Decodes z (vector, component) float32 into images (vector, y, x, channel) uint8.
    """
    z = latents["z"][rows].values.astype(np.float64)
    names, counts = (
        shown_attributes(statistics, config.attributes),
        AttributeStatistics(statistics).counts,
    )
    moving, pairs = z[: config.attribute_images], min(config.interpolations, len(z) // 2)
    strengths = np.asarray(STRENGTHS)[:, None]
    along = [moving[:, None] + strengths * attribute_direction(statistics, name) for name in names]
    between = _between(z[: 2 * pairs], statistics["mean"].values)
    *shown, line, arc = _decode([*along, *between], reconstruct)
    moved = tuple(
        Moved(
            attribute=name,
            having=counts[name],
            has=latents[name].values[rows[: len(moving)]],
            images=images,
        )
        for name, images in zip(names, shown, strict=True)
    )
    on_ends, on_line, on_arc = (
        float(mahalanobis_radius(vectors, statistics).mean()) if pairs else float("nan")
        for vectors in (z[: 2 * pairs], *(way[:, len(SHARES) // 2] for way in between))
    )
    ends = photographs[: 2 * pairs].reshape(pairs, 2, *photographs.shape[1:])
    return moved, Ways(ends, line, arc, (on_ends, on_line, on_arc))


def _between(ends: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Vectors (pair, share, component) on lines, and on arcs around the mean.

    `ends` (2 pairs, component) holds the beginning and the end of each pair in turn.
    """
    shape = len(ends) // 2, len(SHARES), len(mean)
    line, arc = np.empty(shape), np.empty(shape)
    for pair, (one, other) in enumerate(zip(ends[::2], ends[1::2], strict=True)):
        line[pair] = interpolate(one, other, SHARES)
        arc[pair] = interpolate_around(mean, one, other, SHARES)
    return line, arc


def _decode(batches: Sequence[Floats], reconstruct: Reconstruct) -> list[Bytes]:
    """Decode batches (row, column, component) together: a model is loaded once."""
    flat = np.concatenate([batch.reshape(-1, batch.shape[-1]) for batch in batches])
    images = reconstruct(flat.astype(np.float32))
    borders = np.cumsum([batch.shape[0] * batch.shape[1] for batch in batches])[:-1]
    return [
        part.reshape(*batch.shape[:2], *images.shape[1:])
        for part, batch in zip(np.split(images, borders), batches, strict=True)
    ]
