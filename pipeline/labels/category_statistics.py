"""Counts and directions by category, from the statistics of latent vectors."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def category_counts(statistics: xr.Dataset) -> dict[str, int]:
    """Number of vectors of each category, by its name, e.g. "digit=3"; no vector is read.

    Parameters
    ----------
    statistics
        The `statistics` group: `category_count` (category), and the coordinate `category`; empty
        where these are absent.
    """
    if "category_count" not in statistics:
        return {}
    names = map(str, statistics["category"].values)
    return dict(zip(names, map(int, statistics["category_count"].values), strict=True))


def category_direction(statistics: xr.Dataset, category: str) -> Floats:
    """Mean (component,) of the vectors of a category minus that of the label's other categories.

    Vectors whose label has no value count for neither.

    Parameters
    ----------
    statistics
        The `statistics` group: `category_count` (category), `category_mean` (category, component),
        and the coordinates `category` and `category_label`.
    category
        Name of the category, e.g. "digit=3".

    Returns
    -------
    numpy.ndarray
        float64; NaN where the category has no vectors, or the others have none.

    Examples
    --------
    >>> statistics = xr.Dataset(
    ...     {
    ...         "category_count": ("category", [2, 1, 3]),
    ...         "category_mean": (("category", "component"), [[5.0], [4.0], [0.0]]),
    ...     },
    ...     {
    ...         "category": ["digit=1", "digit=2", "digit=3"],
    ...         "category_label": ("category", ["digit", "digit", "digit"]),
    ...     },
    ... )
    >>> category_direction(statistics, "digit=1")
    array([4.])
    """
    chosen = statistics["category"].values.astype(object) == category
    labels = statistics["category_label"].values.astype(object)
    others = (labels == labels[chosen][0]) & ~chosen
    count, mean = statistics["category_count"].values, statistics["category_mean"].values
    if not (count[chosen].any() and count[others].any()):
        return np.full(mean.shape[1], np.nan)
    direction: Floats = mean[chosen][0] - np.average(mean[others], axis=0, weights=count[others])
    return direction
