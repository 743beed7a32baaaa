"""The mergeable state of the first pass over the vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.kernels.blas import single_threaded_blas
from zpoints.pipeline.analyze.kernels.sums import scan_rows
from zpoints.pipeline.analyze.states.attributes import AttributeMeans
from zpoints.pipeline.analyze.states.categories import CategoryMeans
from zpoints.pipeline.analyze.states.dyadic_grid import DyadicGrid
from zpoints.pipeline.analyze.states.moments import Moments
from zpoints.pipeline.analyze.states.numbers import NumberMoments
from zpoints.pipeline.analyze.states.radii import Radii
from zpoints.pipeline.errors import AnalyzeError
from zpoints.storage.labels.columns import LabelColumn

LONGEST = 1e140
"""Largest length of a vector; the squares of longer ones overflow float64."""


@dataclass(frozen=True)
class State:
    """Count, moments and distributions of a set of vectors.

    The states of disjoint sets merge to the state of their union. Counts are bit-identical for
    every division of the vectors; moments agree up to rounding (about 1e-14 relative).

    Attributes
    ----------
    nan_rows
        Number of vectors left out because they have a NaN or infinite component.
    moments
        Count, mean and comoment.
    grid
        Number distributions of the components.
    radii
        Distribution of the L2 length.
    attributes
        Number and mean of the vectors that have each attribute.
    categories
        The same of each category of other labels.
    numbers
        Moments of numeric labels.
    """

    nan_rows: int
    moments: Moments
    grid: DyadicGrid
    radii: Radii
    attributes: AttributeMeans
    categories: CategoryMeans
    numbers: NumberMoments

    @classmethod
    def empty(
        cls,
        components: int,
        attributes: Sequence[str] = (),
        columns: Sequence[LabelColumn] = (),
    ) -> State:
        """State of no vectors.

        Parameters
        ----------
        components
            Number of components.
        attributes
            Names of the attributes.
        columns
            Other labels.
        """
        return cls(
            0,
            Moments.empty(components),
            DyadicGrid.empty(components),
            Radii.empty(),
            AttributeMeans.empty(attributes, components),
            CategoryMeans.empty(columns, components),
            NumberMoments.empty(columns, components),
        )

    @classmethod
    def from_vectors(
        cls,
        z: NDArray[np.number],
        flags: NDArray[np.bool_] | None = None,
        attributes: Sequence[str] = (),
        *,
        values: NDArray[np.float64] | None = None,
        columns: Sequence[LabelColumn] = (),
    ) -> State:
        """State of a block of vectors.

        Parameters
        ----------
        z
            (n, N) real; n may be 0.
        flags
            (n, A) bool, whether each vector has each attribute; no attributes if omitted.
        attributes
            Names of the A attributes.
        values
            (n, L) float64, other labels by `LabelColumn.as_numbers`; none if omitted.
        columns
            The L labels.

        Raises
        ------
        AnalyzeError
            If z is not two-dimensional with at least one column, or if a vector is longer than
            `LONGEST`.
        """
        if flags is None:
            flags = np.zeros((len(z), 0), np.bool_)
        if values is None:
            values = np.zeros((len(z), 0))
        x = as_floats(z)
        components = x.shape[1]
        total = np.zeros(components)
        minimum, maximum = np.full(components, np.inf), np.full(components, -np.inf)
        norms = np.empty(len(x))
        scan_rows(x, norms, total, minimum, maximum)
        if not np.isfinite(total).all():
            finite = np.isfinite(x).all(axis=1)
            if not finite.all():
                given = {"values": values[finite], "columns": columns}
                known = cls.from_vectors(x[finite], flags[finite], attributes, **given)
                return replace(known, nan_rows=int(np.sum(~finite)))
        if len(x) == 0:
            return cls.empty(components, attributes, columns)
        mean = np.where(minimum == maximum, minimum, total / len(x))
        if not norms.max() <= LONGEST:
            raise AnalyzeError(
                f"A vector has the length {norms.max():.3g}; expected at most {LONGEST:g}, because "
                "the squares of longer vectors overflow float64. Scale the vectors."
            )
        with single_threaded_blas():
            return cls(
                0,
                Moments.from_vectors(x, mean),
                DyadicGrid.from_values(x, minimum, maximum),
                Radii.from_values(norms),
                AttributeMeans.from_vectors(x, flags, attributes),
                CategoryMeans.from_vectors(x, values, columns),
                NumberMoments.from_vectors(x, values, columns),
            )

    def merge(self, *others: State) -> State:
        """State of the union of disjoint sets of vectors.

        Raises
        ------
        AnalyzeError
            If the numbers of components or the attributes differ.
        """
        ours = len(self.moments.mean)
        for theirs in (len(other.moments.mean) for other in others):
            if ours != theirs:
                raise AnalyzeError(
                    f"Statistics of vectors with {ours} components cannot be merged with those of "
                    f"vectors with {theirs}: both must come from the same model."
                )
        return State(
            self.nan_rows + sum(other.nan_rows for other in others),
            self.moments.merge(*(other.moments for other in others)),
            self.grid.merge(*(other.grid for other in others)),
            self.radii.merge(*(other.radii for other in others)),
            self.attributes.merge(*(other.attributes for other in others)),
            self.categories.merge(*(other.categories for other in others)),
            self.numbers.merge(*(other.numbers for other in others)),
        )

    @classmethod
    def from_dataset(cls, statistics: xr.Dataset) -> State:
        """Restore the state from a `statistics` group."""
        count = int(statistics["count"].values[0])

        def floats(name: str) -> NDArray[np.float64]:
            return np.atleast_1d(statistics[name].values.astype(np.float64))

        names = tuple(map(str, statistics["attribute"].values))
        return cls(
            int(statistics["nan_rows"]),
            Moments(count, floats("mean"), floats("comoment")),
            DyadicGrid(floats("minimum"), floats("maximum"), statistics["grid_counts"].values),
            Radii(
                Moments(count, floats("radius_mean"), floats("radius_comoment")[:, None]),
                DyadicGrid(
                    floats("radius_minimum"),
                    floats("radius_maximum"),
                    statistics["radius_grid_counts"].values[None],
                ),
            ),
            AttributeMeans(
                names,
                statistics["attribute_count"].values,
                np.nan_to_num(statistics["attribute_mean"].values),
            ),
            *_stored_labels(statistics),
        )


def _stored_labels(statistics: xr.Dataset) -> tuple[CategoryMeans, NumberMoments]:
    """The states of categories and numbers in a `statistics` group, which may have none."""
    components = statistics.sizes["component"]
    categories, numbers = CategoryMeans.empty((), components), NumberMoments.empty((), components)
    if "category_count" in statistics:
        categories = CategoryMeans(
            tuple(map(str, statistics["category_label"].values)),
            tuple(map(str, statistics["category_value"].values)),
            statistics["category_count"].values,
            np.nan_to_num(statistics["category_mean"].values),
        )
    if "numeric_count" in statistics:
        stored = ("mean", "comoment", "z_mean", "z_comoment", "cross_comoment")
        numbers = NumberMoments(
            tuple(map(str, statistics["numeric"].values)),
            tuple(map(str, statistics["numeric_unit"].values)),
            statistics["numeric_count"].values,
            *(np.nan_to_num(statistics[f"numeric_{name}"].values) for name in stored),
        )
    return categories, numbers


def as_floats(z: NDArray[np.number]) -> NDArray[np.floating]:
    """Vectors z (n, N) as C-contiguous float32 or float64, as the kernels expect them.

    float16 becomes float32, integers become float64.

    Raises
    ------
    AnalyzeError
        If z is not a two-dimensional array of numbers with at least one column.
    """
    if z.ndim != 2 or z.shape[1] == 0 or z.dtype.kind not in "fiu":
        raise AnalyzeError(
            "Expected vectors as a real array (vector, component) with at least one component, got "
            f"{z.dtype} of shape {z.shape}."
        )
    dtype = np.float32 if z.dtype in (np.float16, np.float32) else np.float64
    return np.ascontiguousarray(z, dtype=dtype)


def finite_rows(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """The rows of x (n, N) without NaN and infinity; x itself if all are finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(x.sum()):  # much faster than testing each value
            return x
    finite = np.isfinite(x).all(axis=1)
    return x if finite.all() else x[finite]
