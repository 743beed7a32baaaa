"""Arithmetic on latent vectors: attribute directions and interpolation."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from zpoints.pipeline.errors import SampleError
from zpoints.pipeline.labels.attribute_statistics import AttributeStatistics
from zpoints.pipeline.labels.category_statistics import category_counts, category_direction
from zpoints.storage.errors import SUGGESTED, did_you_mean
from zpoints.storage.text import some_of

Floats = NDArray[np.float64]


def attribute_direction(statistics: xr.Dataset, attribute: str) -> Floats:
    """Mean latent vector (component,) with an attribute, or of a category, minus that of others.

    Added once to a vector without the attribute, it leads on average to one with it; subtracting
    it does the opposite. It is computed from the statistics alone, see
    `zpoints.pipeline.labels.AttributeStatistics` and `category_direction`.

    Parameters
    ----------
    statistics
        The `statistics` group: `mean`, `count` (component), `attribute_mean` (attribute,
        component), `attribute_count` (attribute), and the label `attribute`; those of categories.
    attribute
        Name of an attribute, such as "Smiling", or of a category, such as "digit=3".

    Returns
    -------
    numpy.ndarray
        float64 (component,).

    Raises
    ------
    SampleError
        If there is no such attribute or category, or if all or no vectors have it.

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
    categories = category_counts(statistics)
    if attribute not in counts:
        if attribute in categories:
            return _of_category(statistics, attribute)
        raise SampleError(
            f"The statistics have no attribute or category {attribute!r}."
            f"{did_you_mean(attribute, [*counts, *categories], SUGGESTED)} Attributes: "
            f"{some_of(counts, rest='statistics.attribute')}; categories: "
            f"{some_of(categories, rest='statistics.category')}."
        )
    having = counts[attribute]
    if not 0 < having < total:
        raise SampleError(
            f"The attribute {attribute!r} has no direction: {having} of {total} vectors have it. "
            "Choose one that some have and some do not."
        )
    direction: Floats = attributes.directions().sel(attribute=attribute).values
    return direction


def _of_category(statistics: xr.Dataset, category: str) -> Floats:
    direction = category_direction(statistics, category)
    if not np.isfinite(direction).all():
        raise SampleError(
            f"The category {category!r} has no direction: it has no vectors, or no other category "
            "of its label has any. Choose one that some vectors have and others do not."
        )
    return direction


def interpolate(start: ArrayLike, end: ArrayLike, shares: Sequence[float]) -> Floats:
    """Interpolate linearly between two vectors.

    Parameters
    ----------
    start, end
        (component,) vectors.
    shares
        Positions on the line: 0 is the start, 1 the end.

    Returns
    -------
    numpy.ndarray
        float64 (share, component).

    Examples
    --------
    >>> interpolate([0.0, 0.0], [2.0, 4.0], [0, 0.5])
    array([[0., 0.],
           [1., 2.]])
    """
    first, last = np.asarray(start, np.float64), np.asarray(end, np.float64)
    return first + np.asarray(shares, np.float64)[:, None] * (last - first)


def interpolate_around(
    centre: ArrayLike, start: ArrayLike, end: ArrayLike, shares: Sequence[float]
) -> Floats:
    """Interpolate between two vectors on an arc around a centre.

    The distance from the centre changes linearly from that of the start to that of the end. A
    straight line between two independent vectors would come nearer to the centre by a factor of
    about sqrt(2) half way. Vectors at the centre, or on one line with it, have no unique arc and
    are interpolated linearly.

    Parameters
    ----------
    centre
        (component,) vector, such as the mean.
    start, end
        (component,) vectors.
    shares
        Positions on the arc: 0 is the start, 1 the end.

    Returns
    -------
    numpy.ndarray
        float64 (share, component).

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
    arms = np.stack([start, end]).astype(np.float64) - middle
    lengths = np.linalg.norm(arms, axis=1)
    if not lengths.all():
        return interpolate(start, end, shares)
    first, second = arms / lengths[:, None]
    angle = 2 * np.arctan2(np.linalg.norm(first - second), np.linalg.norm(first + second))
    if np.sin(angle) < 1e-6:
        return interpolate(start, end, shares)
    t = np.asarray(shares, np.float64)[:, None]
    turned = (np.sin((1 - t) * angle) * first + np.sin(t * angle) * second) / np.sin(angle)
    return middle + ((1 - t) * lengths[0] + t * lengths[1]) * turned
