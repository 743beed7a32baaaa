"""Photographs of a few images, and whether a store has any."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.explore.space import Space
from zpoints.storage import Store
from zpoints.storage.errors import ZpointsError

Pixels = NDArray[np.uint8]
"""(image, y, x, channel)."""

SHEET = 24
"""Thumbnails of a sheet at most."""
AVERAGED = 128
"""Photographs that a mean image is computed from at most."""


def has_images(space: Space) -> bool:
    """Whether there are photographs of the latent vectors."""
    if isinstance(space, Store):
        return "images" in space.groups
    try:
        return "pixels" in space.images
    except ZpointsError:
        return False


def can_decode(space: Space) -> bool:
    """Whether there is a network that decodes vectors to images; nothing is loaded."""
    if isinstance(space, Store):
        return "model" in space.groups
    return getattr(space, "_given_decoder", None) is not None


def photographs(space: Space, names: Sequence[str]) -> dict[str, Pixels]:
    """The photographs (y, x, channel) of images by name; those without one are left out.

    Parameters
    ----------
    space
        With images.
    names
        Names of images of the latents.
    """
    pixels = space.images["pixels"]
    rows = pixels.indexes["image"].get_indexer(list(names))
    known = [(name, row) for name, row in zip(names, rows, strict=True) if row >= 0]
    found = pixels.isel(image=[row for _, row in known]).values
    return {name: found[place] for place, (name, _) in enumerate(known)}


def spaced(names: Sequence[str], most: int) -> list[str]:
    """At most so many of the names, evenly spaced, the first among them.

    Examples
    --------
    >>> spaced("abcdefg", 3)
    ['a', 'd', 'g']
    """
    return list(names[:: step_of(len(names), most)])


def step_of(count: int, most: int) -> int:
    """Every how many of `count` are taken, so that at most `most` are."""
    return max(1, -(-count // most))


def mean_image(images: Sequence[Pixels]) -> Pixels | None:
    """The mean (y, x, channel) uint8 of images; None of none."""
    if not len(images):
        return None
    mean: Pixels = np.rint(np.mean(np.stack(list(images)), axis=0, dtype=np.float64)).astype(
        np.uint8
    )
    return mean
