"""The variables of the `statistics` group, from the states of both passes."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.config import AnalyzeConfig
from zpoints.pipeline.analyze.shape.contours import HEIGHTS, describe_contours
from zpoints.pipeline.analyze.shape.ellipses import confidence_ellipse
from zpoints.pipeline.analyze.shape.expected_radii import core_radius
from zpoints.pipeline.analyze.shape.peaks import dominance_order, peaks
from zpoints.pipeline.analyze.states.pair_counts import PairCounts, PairIntervals, choose_pairs
from zpoints.pipeline.analyze.states.projection import Coordinates, Projection
from zpoints.pipeline.analyze.states.radii import Radii
from zpoints.pipeline.analyze.states.state import State
from zpoints.storage.labels.columns import category_name
from zpoints.storage.schema.description import described

Contents = dict[str, tuple[tuple[str, ...], Any]]


def statistics_dataset(
    state: State,
    basis: Basis,
    pairs: tuple[PairIntervals, PairIntervals],
    projection: Projection,
    config: AnalyzeConfig,
) -> xr.Dataset:
    """Every variable of the `statistics` group, in memory.

    Counts are int64, all other numbers float64. Quantities that are undefined for a single vector
    or a constant component are NaN.

    Parameters
    ----------
    state
        State of the first pass.
    basis
        Principal components of the second pass.
    pairs
        Intervals of the pairs of components and of principal components, see `pair_intervals`.
    projection
        State of the second pass.
    config
        Settings.
    """
    (intervals, pc_intervals), pc_covariance = pairs, np.diag(basis.deviations**2)
    contents = (
        _moments(state)
        | _distributions(state, config.bins)
        | _state(state)
        | _attributes(state)
        | _categories(state)
        | _numbers(state)
        | _components(basis, projection.all, config.bins)
        | _core(basis, projection, config)
        | _solver(state, basis, config.pca.solver)
        | _radii("radius", state.radii, config.bins)
        | _radii("mahalanobis", projection.radii, config.bins)
        | _chi(basis, projection)
        | _pairs("", intervals, projection.pairs, state.moments.mean, state.moments.covariance())
        | _pairs("pc_", pc_intervals, projection.pc_pairs, np.zeros_like(basis.mean), pc_covariance)
        | {"contour_height": (("contour",), np.array(HEIGHTS))}
    )
    return described("statistics", xr.Dataset(contents))


def pair_intervals(
    state: State, basis: Basis, config: AnalyzeConfig
) -> tuple[PairIntervals, PairIntervals]:
    """Pairs of components, and of principal components, to count, and their intervals.

    Parameters
    ----------
    state
        State of the first pass.
    basis
        Principal components of the second pass.
    config
        Settings.

    Raises
    ------
    AnalyzeError
        If the settings name an unknown component.
    """
    mean, deviation = state.moments.mean, np.sqrt(state.moments.variance())
    distributions = _distributions(state, config.bins)
    order = dominance_order(distributions["mu"][1], distributions["hw"][1])
    original, pc = choose_pairs(config.pairs, order)
    return (
        PairIntervals.around(original, mean, deviation, config.pairs),
        PairIntervals.around(pc, np.zeros_like(mean), basis.deviations, config.pairs),
    )


def _pairs(
    prefix: str,
    intervals: PairIntervals,
    pairs: PairCounts,
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> Contents:
    """Counts and contours of pairs, given mean (N,) and covariance (N, N) of the columns."""
    pair, dims = f"{prefix}pair", (f"{prefix}pair", "contour")
    one, other = intervals.pairs[:, :, None], intervals.pairs[:, None, :]
    moments = mean[intervals.pairs], covariance[one, other]
    expected = [confidence_ellipse(*each, 1.0) for each in zip(*moments, strict=True)]
    contours = describe_contours(pairs.counts, intervals.step, *moments)
    return {
        f"{pair}_components": ((pair, "side"), intervals.pairs),
        f"{pair}_edges": ((pair, "side", "pair_edge"), intervals.pair_edges),
        f"{pair}_histogram": ((pair, "row", "column"), pairs.counts),
        f"{pair}_outside": ((pair,), pairs.outside),
        f"{pair}_half_axes": (
            (pair, "half_axis"),
            np.reshape([e.half_axes for e in expected], (-1, 2)),
        ),
        f"{pair}_angle": ((pair,), np.array([e.angle for e in expected], np.float64)),
        f"{pair}_contour_centre": ((*dims, "side"), contours.centre),
        f"{pair}_contour_half_axes": ((*dims, "half_axis"), contours.half_axes),
        f"{pair}_contour_angle": (dims, contours.angle),
        f"{pair}_contour_distance": (dims, contours.distance),
        f"{pair}_contour_overlap": (dims, contours.overlap),
        f"{pair}_ellipticity": ((pair,), contours.ellipticity),
    }


def _moments(state: State) -> Contents:
    moments = state.moments
    return {
        "count": (("component",), np.full(len(moments.mean), moments.count, np.int64)),
        "nan_rows": ((), np.int64(state.nan_rows)),
        "mean": (("component",), moments.mean),
        "variance": (("component",), moments.variance()),
        "minimum": (("component",), state.grid.minimum),
        "maximum": (("component",), state.grid.maximum),
        "covariance": (("component", "other"), moments.covariance()),
        "correlation": (("component", "other"), moments.correlation()),
    }


def _distributions(state: State, bins: int) -> Contents:
    grid, moments = state.grid, state.moments
    deviation = np.sqrt(np.nan_to_num(moments.variance()))
    shown = grid.distribution(moments.mean, deviation, bins=bins)
    mu, hw = peaks(shown.edges, shown.counts, grid.minimum, grid.maximum)
    return {
        "mu": (("component",), mu),
        "hw": (("component",), hw),
        "histogram": (("component", "bin"), shown.counts),
        "histogram_edges": (("component", "edge"), shown.edges),
        "underflow": (("component",), shown.underflow),
        "overflow": (("component",), shown.overflow),
    }


def _attributes(state: State) -> Contents:
    attributes = state.attributes
    return {
        "attribute": (("attribute",), np.array(attributes.names, dtype=object)),
        "attribute_count": (("attribute",), attributes.count),
        "attribute_mean": (
            ("attribute", "component"),
            np.where(attributes.count[:, None] > 0, attributes.mean, np.nan),
        ),
    }


def _categories(state: State) -> Contents:
    found = state.categories
    if not found.labels:
        return {}
    names = {
        "category": list(map(category_name, found.labels, found.categories)),
        "category_label": found.labels,
        "category_value": found.categories,
    }
    texts = {name: (("category",), np.array(t, dtype=object)) for name, t in names.items()}
    return texts | {
        "category_count": (("category",), found.count),
        "category_mean": (
            ("category", "component"),
            np.where(found.count[:, None] > 0, found.mean, np.nan),
        ),
    }


def _numbers(state: State) -> Contents:
    found, by_component = state.numbers, ("numeric", "component")
    if not found.names:
        return {}
    return {
        "numeric": (("numeric",), np.array(found.names, dtype=object)),
        "numeric_unit": (("numeric",), np.array(found.units, dtype=object)),
        "numeric_count": (("numeric",), found.count),
        "numeric_mean": (("numeric",), np.where(found.count > 0, found.mean, np.nan)),
        "numeric_std": (("numeric",), found.deviation()),
        "numeric_covariance": (by_component, found.covariance()),
        "numeric_correlation": (by_component, found.correlation()),
        "numeric_comoment": (("numeric",), found.comoment),
        "numeric_z_mean": (by_component, found.z_mean),
        "numeric_z_comoment": (by_component, found.z_comoment),
        "numeric_cross_comoment": (by_component, found.cross),
    }


def _components(basis: Basis, coordinates: Coordinates, bins: int) -> Contents:
    grid = coordinates.grid
    shown = grid.distribution(np.zeros(len(basis.mean)), basis.deviations, bins=bins)
    mu, hw = peaks(shown.edges, shown.counts, grid.minimum, grid.maximum)
    return {
        "loadings": (("pc", "component"), basis.loadings),
        "explained_variance": (("pc",), basis.explained_variance),
        "explained_variance_ratio": (("pc",), basis.explained_variance_ratio),
        "pc_mu": (("pc",), mu),
        "pc_hw": (("pc",), hw),
        "pc_skewness": (("pc",), coordinates.skewness()),
        "pc_kurtosis": (("pc",), coordinates.kurtosis()),
        "pc_histogram": (("pc", "pc_bin"), shown.counts),
        "pc_histogram_edges": (("pc", "edge"), shown.edges),
        "pc_underflow": (("pc",), shown.underflow),
        "pc_overflow": (("pc",), shown.overflow),
    }


def _core(basis: Basis, projection: Projection, config: AnalyzeConfig) -> Contents:
    """Number, moments and widths of the vectors within the core."""
    core, deviation = projection.core, basis.deviations
    mean, spread = core.mean(deviation), core.std(deviation)
    shown = core.grid.distribution(np.nan_to_num(mean), np.nan_to_num(spread), bins=config.bins)
    hw = peaks(shown.edges, shown.counts, core.grid.minimum, core.grid.maximum)[1]
    return {
        "core_level": ((), np.float64(config.core_level)),
        "core_radius": ((), np.float64(core_radius(config.core_level, basis.rank))),
        "core_count": ((), np.int64(core.count)),
        "core_pc_mean": (("pc",), mean),
        "core_pc_std": (("pc",), spread),
        "core_pc_hw": (("pc",), hw if core.count else np.full_like(hw, np.nan)),
    }


def _chi(basis: Basis, projection: Projection) -> Contents:
    return {"mahalanobis_chi_distance": ((), projection.radii.distance_to_chi(basis.rank))}


def _solver(state: State, basis: Basis, solver: str) -> Contents:
    """Deviation of another solver's components from the exact ones, where these vary."""
    if solver == "exact":
        return {}
    exact = state.moments.basis()
    with np.errstate(divide="ignore", invalid="ignore"):
        error = basis.explained_variance / exact.explained_variance - 1
    turned = basis.angles(exact)
    return {
        "solver_variance_error": (("pc",), np.where(exact.varying, error, np.nan)),
        "solver_angle": (("pc",), np.where(exact.varying, turned, np.nan)),
    }


def _radii(name: str, radii: Radii, bins: int) -> Contents:
    shown = radii.distribution(bins=bins)
    return {
        f"{name}_mean": ((), radii.mean),
        f"{name}_std": ((), radii.std),
        f"{name}_histogram": ((f"{name}_bin",), shown.counts[0]),
        f"{name}_edges": ((f"{name}_edge",), shown.edges[0]),
    }


def _state(state: State) -> Contents:
    """Variables that `State.from_dataset` needs besides the moments and the range."""
    radii = state.radii
    return {
        "comoment": (("component", "other"), state.moments.comoment),
        "grid_exponent": (("component",), state.grid.exponent),
        "grid_origin": (("component",), state.grid.origin),
        "grid_counts": (("component", "cell"), state.grid.counts.astype(np.int64)),
        "radius_comoment": ((), radii.moments.comoment[0, 0]),
        "radius_minimum": ((), radii.grid.minimum[0]),
        "radius_maximum": ((), radii.grid.maximum[0]),
        "radius_grid_exponent": ((), radii.grid.exponent[0]),
        "radius_grid_origin": ((), radii.grid.origin[0]),
        "radius_grid_counts": (("cell",), radii.grid.counts[0].astype(np.int64)),
    }
