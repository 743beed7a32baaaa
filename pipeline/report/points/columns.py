"""Coordinates and labels of z-points as columns of small integers, for a browser."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.labels.labels import Labels, known_splits
from zpoints.pipeline.sample.region import mahalanobis_radius
from zpoints.pipeline.structure.k_means import nearest_centre

Floats = NDArray[np.float64]

PRINCIPAL, COMPONENTS = 8, 8
"""Principal components and components that are coordinates, at most."""
STEPS = 65534
"""Steps between the smallest and the largest value of a number."""
SHADED = (0.01, 0.99)
"""Quantiles of a number at the ends of its scale of colours; a few outliers would use it up."""
MISSING_NUMBER, MISSING_CATEGORY = 65535, 255
MOST_CATEGORIES = 254
"""Categories of their own; the rarest of more share the last code but one."""


@dataclass(frozen=True)
class Column:
    """A coordinate or a label of each point.

    Attributes
    ----------
    name
        What it is called on the page.
    codes
        (point) uint16 of a number, uint8 of a category; the largest code stands for a missing one.
    facts
        What the page needs besides. Of a number `low`, `high` and `shaded`, the ends of the scale
        of colours; of categories their names; `kind` and `unit`.
    """

    name: str
    codes: NDArray[Any]
    facts: dict[str, Any] = field(default_factory=dict)


def number_column(name: str, values: Floats, **facts: Any) -> Column:
    """Numbers as steps between the smallest and the largest.

    Parameters
    ----------
    name
        Name of the column.
    values
        (point) float64, NaN where missing.
    **facts
        Further facts of the column.

    Examples
    --------
    >>> number_column("radius", np.array([1.0, 3.0, np.nan])).codes
    array([    0, 65534, 65535], dtype=uint16)
    """
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 0.0)
    share = (np.where(known, values, low) - low) / ((high - low) or 1.0)
    codes = np.where(known, np.rint(STEPS * share), MISSING_NUMBER).astype("<u2")
    ends = np.quantile(values[known], SHADED) if known.any() else (0.0, 0.0)
    shaded = [float(end) for end in ends]
    facts = {"kind": "number", "low": float(low), "high": float(high), "shaded": shaded, **facts}
    return Column(name, codes, facts)


def category_column(name: str, numbers: Floats, categories: Sequence[str]) -> Column:
    """Categories as codes; the rarest of more than `MOST_CATEGORIES` become one, "others".

    Parameters
    ----------
    name
        Name of the column.
    numbers
        (point) float64, the number of the category, NaN where missing.
    categories
        Their names.
    """
    known = np.isfinite(numbers)
    found = np.where(known, numbers, 0).astype(np.int64)
    names = [str(category) for category in categories]
    if len(names) > MOST_CATEGORIES:
        counts = np.bincount(found[known], minlength=len(names))
        kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_CATEGORIES - 1])
        code = np.full(len(names), len(kept))
        code[kept] = np.arange(len(kept))
        found, names = code[found], [*(names[k] for k in kept), "others"]
    codes = np.where(known, found, MISSING_CATEGORY).astype(np.uint8)
    return Column(name, codes, {"kind": "category", "categories": names})


def coordinates(
    latents: xr.Dataset, z: Floats, statistics: xr.Dataset, dominant: NDArray[np.int64]
) -> tuple[list[Column], Floats, Floats]:
    """Coordinates of points, their mean and their covariance.

    The moments of components are those of all vectors of the store; those of the radius and of the
    reconstruction error are of the points.

    Parameters
    ----------
    latents
        The rows of `latents` that are points.
    z
        (point, component) float64, finite.
    statistics
        The `statistics` group.
    dominant
        (component) int64, numbers of components, the most dominant first.

    Returns
    -------
    tuple
        The columns; (column) float64; (column, column) float64.
    """
    basis = Basis.from_statistics(statistics).leading(PRINCIPAL)
    chosen = np.sort(dominant[:COMPONENTS])
    directions = np.concatenate([basis.loadings, np.eye(z.shape[1])[chosen]])
    origin = np.concatenate([basis.loadings @ basis.mean, np.zeros(len(chosen))])
    names = [f"PC {k + 1}" for k in range(len(basis.loadings))]
    names += [f"component {k}" for k in chosen]
    values = z @ directions.T - origin
    columns = [
        number_column(name, column, unit="latent units")
        for name, column in zip(names, values.T, strict=True)
    ]
    others = {"Mahalanobis radius": (mahalanobis_radius(z, statistics), "standard deviations")}
    if "reconstruction_error" in latents:
        errors = latents["reconstruction_error"].values.astype(np.float64)
        others["reconstruction error"] = errors, "mean squared error"
    columns += [number_column(name, found, unit=unit) for name, (found, unit) in others.items()]
    every = np.column_stack([values, *(found for found, _ in others.values())])
    mean, covariance = np.nanmean(every, axis=0), np.atleast_2d(np.cov(every, rowvar=False))
    linear = len(directions)
    mean[:linear] = directions @ statistics["mean"].values - origin
    covariance[:linear, :linear] = directions @ statistics["covariance"].values @ directions.T
    return columns, mean, covariance


def labels_of(
    latents: xr.Dataset, rows: NDArray[np.int64], z: Floats, structure: xr.Dataset | None
) -> list[Column]:
    """Labels of points: cluster, split, categories, numbers and dates, attributes.

    Parameters
    ----------
    latents
        The group `latents`.
    rows
        (point) int64, its rows that are points.
    z
        (point, component) float64, finite.
    structure
        The group of that name, with the centres of clusters, or None.
    """
    columns = []
    if structure is not None:
        centres = structure["cluster_centre"].values
        numbers = nearest_centre(z, centres).astype(np.float64)
        columns.append(
            category_column("cluster", numbers, [str(k + 1) for k in range(len(centres))])
        )
    splits = known_splits(latents)
    if splits is not None:
        names, places = np.unique(splits[rows].astype(str), return_inverse=True)
        columns.append(category_column("split", places.astype(np.float64), names.tolist()))
    labels = Labels(latents)
    for column in labels.columns:
        if column.name == "split":
            continue
        values = column.as_numbers(latents[column.name].values[rows])
        columns.append(
            category_column(column.name, values, column.categories)
            if column.kind == "category"
            else number_column(column.name, values, kind=column.kind)
        )
    annotated, flags = labels.annotated[rows], labels.values[rows]
    for name, flag in zip(labels.names, flags.T, strict=True):
        numbers = np.where(annotated, 1.0 - flag, np.nan)
        column_of = category_column(name, numbers, ("yes", "no"))
        columns.append(Column(name, column_of.codes, {**column_of.facts, "kind": "attribute"}))
    return columns
