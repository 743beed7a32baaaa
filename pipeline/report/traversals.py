"""Latent traversals: along attribute directions, and between two photographs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.attribute_statistics import AttributeStatistics
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
"""Positions between two photographs: 0 is the first, 1 the second."""

VISIBLE = ("Smiling", "Male", "Eyeglasses", "Blond_Hair")
"""Attributes shown by default, where the store has them."""

FALLBACK = 3
"""Number of attributes shown where the store has none of `VISIBLE`: the most evenly divided."""


@dataclass(frozen=True)
class Traversal:
    """Images decoded after multiples of an attribute's direction were added to latent vectors.

    Attributes
    ----------
    attribute
        Name of the attribute.
    having
        Number of vectors in the store that have the attribute.
    has
        (row) bool, whether the photograph of each row has it.
    images
        (row, strength, y, x, channel) uint8.
    """

    attribute: str
    having: int
    has: NDArray[np.bool_]
    images: Bytes


@dataclass(frozen=True)
class Interpolations:
    """Images decoded between pairs of photographs.

    Attributes
    ----------
    photographs
        (pair, 2, y, x, channel) uint8: the first and the last image.
    line, arc
        (pair, share, y, x, channel) uint8: decoded from the straight line between the latent
        vectors, and from the arc around the mean.
    radii
        Mean Mahalanobis radius of the end points, of the middle of the line, of the middle of the
        arc.
    """

    photographs: Bytes
    line: Bytes
    arc: Bytes
    radii: tuple[float, float, float]


def shown_attributes(statistics: xr.Dataset, wanted: Sequence[str] | None) -> list[str]:
    """Names of the attributes to show.

    The wanted ones; else those of `VISIBLE` that divide the images; else the `FALLBACK` ones that
    divide the images most evenly.

    Raises
    ------
    SampleError
        If a wanted attribute has no direction.
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


def traverse(
    latents: xr.Dataset,
    statistics: xr.Dataset,
    rows: NDArray[np.int64],
    photographs: Bytes,
    config: ReportConfig,
    reconstruct: Reconstruct,
) -> tuple[tuple[Traversal, ...], Interpolations]:
    """Decode attribute traversals and interpolations, all in one call of the decoder.

    Parameters
    ----------
    latents, statistics
        These groups; `statistics` in memory.
    rows
        (image) int64, rows of the photographs that may be shown.
    photographs
        (image, y, x, channel) uint8, these photographs.
    config
        Which attributes, and how many images.
    reconstruct
        Decodes z (vector, component) float32 into images (vector, y, x, channel) uint8.

    Raises
    ------
    SampleError
        If `config.attributes` names an attribute without a direction.
    """
    z = latents["z"][rows].values.astype(np.float64)
    names = shown_attributes(statistics, config.attributes)
    starts, pairs = z[: config.attribute_images], min(config.interpolations, len(z) // 2)
    strengths = np.asarray(STRENGTHS)[:, None]
    along = [starts[:, None] + strengths * attribute_direction(statistics, name) for name in names]
    between = _between(z[: 2 * pairs], statistics["mean"].values)
    *shown, line, arc = _decode([*along, *between], reconstruct)
    counts = AttributeStatistics(statistics).counts
    traversals = tuple(
        Traversal(
            attribute=name,
            having=counts[name],
            has=latents[name].values[rows[: len(starts)]],
            images=images,
        )
        for name, images in zip(names, shown, strict=True)
    )
    on_ends, on_line, on_arc = (
        float(mahalanobis_radius(vectors, statistics).mean()) if pairs else float("nan")
        for vectors in (z[: 2 * pairs], *(path[:, len(SHARES) // 2] for path in between))
    )
    ends = photographs[: 2 * pairs].reshape(pairs, 2, *photographs.shape[1:])
    return traversals, Interpolations(ends, line, arc, (on_ends, on_line, on_arc))


def _between(ends: Floats, mean: Floats) -> tuple[Floats, Floats]:
    """Vectors (pair, share, component) on lines, and on arcs around the mean.

    `ends` (2 pairs, component) holds the first and the last vector of each pair in turn.
    """
    shape = len(ends) // 2, len(SHARES), len(mean)
    line, arc = np.empty(shape), np.empty(shape)
    for pair, (one, other) in enumerate(zip(ends[::2], ends[1::2], strict=True)):
        line[pair] = interpolate(one, other, SHARES)
        arc[pair] = interpolate_around(mean, one, other, SHARES)
    return line, arc


def _decode(batches: Sequence[Floats], reconstruct: Reconstruct) -> list[Bytes]:
    """Decode batches (row, column, component) in one call, so that the model is loaded once."""
    flat = np.concatenate([batch.reshape(-1, batch.shape[-1]) for batch in batches])
    images = reconstruct(flat.astype(np.float32))
    borders = np.cumsum([batch.shape[0] * batch.shape[1] for batch in batches])[:-1]
    return [
        part.reshape(*batch.shape[:2], *images.shape[1:])
        for part, batch in zip(np.split(images, borders), batches, strict=True)
    ]
