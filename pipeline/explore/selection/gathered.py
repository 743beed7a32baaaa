"""A selection at a glance: how many, their mean image, some of them, their labels."""

from dataclasses import dataclass

import numpy as np

from zpoints.pipeline.explore.selection.pictures import (
    AVERAGED,
    SHEET,
    Pixels,
    can_decode,
    has_images,
    mean_image,
    photographs,
    spaced,
    step_of,
)
from zpoints.pipeline.explore.selection.shares import Share, label_shares
from zpoints.pipeline.explore.selection.subset import Subset
from zpoints.storage.errors import ZpointsError


@dataclass(frozen=True)
class Gathered:
    """What the explorer shows of a selection.

    Attributes
    ----------
    count, total
        Images in the selection, and in all.
    averaged
        Photographs that the mean image was computed from, evenly spaced.
    mean_photograph
        Their mean (y, x, channel) uint8; None without images.
    decoded_mean
        What the mean of all vectors of the selection decodes to; None without a network.
    sheet
        Photographs by name, evenly spaced.
    shares
        Labels of the selection against those of all images.
    code
        Python that gives the mean images.
    """

    count: int
    total: int
    averaged: int
    mean_photograph: Pixels | None
    decoded_mean: Pixels | None
    sheet: dict[str, Pixels]
    shares: list[Share]
    code: str


def gather(subset: Subset) -> Gathered:
    """Describe a selection; reads the vectors of its images, and at most 152 photographs."""
    space, latents = subset.space, subset.space.latents
    pictured = has_images(space) and len(subset.rows) > 0
    averaged = photographs(space, spaced(subset.names, AVERAGED)) if pictured else {}
    sheet = photographs(space, spaced(subset.names, SHEET)) if pictured else {}
    return Gathered(
        len(subset.rows),
        latents.sizes["image"],
        len(averaged),
        mean_image(list(averaged.values())),
        _decoded_mean(subset),
        sheet,
        label_shares(latents, subset.rows),
        gathered_code(subset, pictured=pictured),
    )


def gathered_code(subset: Subset, *, pictured: bool = True) -> str:
    """Python that gives the mean photograph, and the image of the mean vector.

    Parameters
    ----------
    subset
        The selection.
    pictured
        Whether there are photographs.
    """
    lines = [subset.code]
    if pictured:
        step = step_of(len(subset.rows), AVERAGED)
        some = "picked.image" if step == 1 else f"picked.image[::{step}]"
        lines.append(f'mean_photograph = store.images.pixels.sel(image={some}).mean("image")')
    if can_decode(subset.space):
        lines.append('decoded_mean = store.decode(picked.z.mean("image", dtype=float))')
    return "\n".join(lines)


def _decoded_mean(subset: Subset) -> Pixels | None:
    if not len(subset.rows):
        return None
    try:
        mean = subset.latents["z"].mean("image", dtype=float).values
        return np.asarray(subset.space.decode(mean).values)
    except ZpointsError:
        return None
