"""Arithmetic on latent vectors: directions of attributes, and ways from one vector to another."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.attributes import AttributeStatistics

Floats = NDArray[np.float64]


def attribute_direction(statistics: xr.Dataset, attribute: str) -> Floats:
    """Mean latent vector (component,) with an attribute minus the mean without it.

    Added once to a vector without the attribute it leads, on average, to one with it; subtracted
    once, the other way round. It needs no latents, see
    `zpoints.pipeline.labels.AttributeStatistics`.

    Parameters
    ----------
    statistics
        The `statistics` group: `mean`, `count` (component), `attribute_mean` (attribute,
        component), `attribute_count` (attribute), and the label `attribute`.
    attribute
        Name of an attribute, such as "Smiling".

    Raises
    ------
    SampleError
        If there is no such attribute, or if all images have it, or none.

    Examples
    --------
    >>> statistics = xr.Dataset(
    ...     {
    ...         "mean": ("component", [1.0, 0.0]),
    ...         "count": ("component", [4, 4]),
    ...         "attribute_mean": (("attribute", "component"), [[4.0, 0.0]]),
    ...         "attribute_count": ("attribute", [1]),
    ...     },
    ...     {"attribute": ["Smiling"]},
    ... )
    >>> attribute_direction(statistics, "Smiling")
    array([4., 0.])
    """
    attributes = AttributeStatistics(statistics)
    counts, total = attributes.counts, attributes.annotated
    if attribute not in counts:
        known = ", ".join(counts) or "none: the photographs came without attributes"
        raise SampleError(f"There is no attribute {attribute!r} in the statistics; known: {known}.")
    having = counts[attribute]
    if not 0 < having < total:
        raise SampleError(
            f"The attribute {attribute!r} has no direction: {having} of {total} images have it. "
            "Choose one that some have and some do not."
        )
    direction: Floats = attributes.directions().sel(attribute=attribute).values
    return direction


def interpolate(one: ArrayLike, other: ArrayLike, shares: Sequence[float]) -> Floats:
    """Vectors (share, component) on the straight line from one (0) to the other (1).

    Examples
    --------
    >>> interpolate([0.0, 0.0], [2.0, 4.0], [0, 0.5])
    array([[0., 0.],
           [1., 2.]])
    """
    start, stop = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return start + np.asarray(shares, np.float64)[:, None] * (stop - start)


def interpolate_around(
    centre: ArrayLike, one: ArrayLike, other: ArrayLike, shares: Sequence[float]
) -> Floats:
    """Vectors (share, component) on the arc around a centre from one (0) to the other (1).

    The distance from the centre passes evenly from that of the one to that of the other, where
    a straight line between two independent vectors comes nearer to the centre by a factor of
    about sqrt(2) half way. On one line with the centre, or at it, the line is taken: there is no
    single arc.

    References
    ----------
    Shoemake (1985), Animating rotation with quaternion curves, section 3.3.

    Examples
    --------
    >>> interpolate_around([0, 0], [2, 0], [0, 4], [0, 0.5, 1]).round(3) + 0.0
    array([[2.   , 0.   ],
           [2.121, 2.121],
           [0.   , 4.   ]])
    """
    middle = np.asarray(centre, np.float64)
    arms = np.stack([one, other]).astype(np.float64) - middle
    lengths = np.linalg.norm(arms, axis=1)
    if not lengths.all():
        return interpolate(one, other, shares)
    first, second = arms / lengths[:, None]
    angle = 2 * np.arctan2(np.linalg.norm(first - second), np.linalg.norm(first + second))
    if np.sin(angle) < 1e-6:
        return interpolate(one, other, shares)
    t = np.asarray(shares, np.float64)[:, None]
    turned = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * second) / np.sin(angle)
    return middle + ((1 - t) * lengths[0] + t * lengths[1]) * turned
