"""The `statistics` group put together from the states of both passes."""

from typing import Any

import numpy as np
import xarray as xr

from pipeline.analyze.config import AnalyzeConfig
from pipeline.analyze.pca import angles
from pipeline.analyze.peaks import peaks
from pipeline.analyze.projection import Basis, Projection
from pipeline.analyze.radii import Radii
from pipeline.analyze.state import State
from storage.variables import VARIABLES

Contents = dict[str, tuple[tuple[str, ...], Any]]


def statistics_dataset(
    state: State, basis: Basis, projection: Projection, config: AnalyzeConfig
) -> xr.Dataset:
    """Every variable of the `statistics` group, in memory.

    Counts are int64 and everything else float64; quantities that a single vector or a constant
    component leaves undefined are NaN.
    """
    contents = (
        _moments(state)
        | _distributions(state, config.bins)
        | _state(state)
        | _components(basis, projection, config.bins)
        | _solver(state, basis, config.pca.solver)
        | _radii("radius", state.radii, config.bins)
        | _radii("mahalanobis", projection.radii, config.bins)
    )
    dataset = xr.Dataset(contents)
    for name, variable in dataset.variables.items():
        variable.attrs["long_name"] = VARIABLES["statistics"][str(name)].meaning
    return dataset


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


def _components(basis: Basis, projection: Projection, bins: int) -> Contents:
    grid = projection.grid
    shown = grid.distribution(np.zeros(len(basis.mean)), basis.deviation, bins=bins)
    mu, hw = peaks(shown.edges, shown.counts, grid.minimum, grid.maximum)
    variance = basis.explained_variance
    with np.errstate(invalid="ignore"):
        ratio = variance / variance.sum()
    return {
        "loadings": (("pc", "component"), basis.loadings),
        "explained_variance": (("pc",), variance),
        "explained_variance_ratio": (("pc",), ratio),
        "pc_mu": (("pc",), mu),
        "pc_hw": (("pc",), hw),
        "pc_skewness": (("pc",), projection.skewness()),
        "pc_kurtosis": (("pc",), projection.kurtosis()),
        "pc_histogram": (("pc", "bin"), shown.counts),
        "pc_histogram_edges": (("pc", "edge"), shown.edges),
        "pc_underflow": (("pc",), shown.underflow),
        "pc_overflow": (("pc",), shown.overflow),
    }


def _solver(state: State, basis: Basis, solver: str) -> Contents:
    """How far the components of another solver are from the exact ones, where these vary."""
    if solver == "exact":
        return {}
    exact = Basis.from_moments(state.moments)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = basis.explained_variance / exact.explained_variance - 1
    turned = angles(basis.loadings, exact.loadings)
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
    """What `State.from_dataset` needs beside the moments and the range."""
    radii = state.radii
    return {
        "comoment": (("component", "other"), state.moments.comoment),
        "grid_exponent": (("component",), state.grid.exponent),
        "grid_origin": (("component",), state.grid.origin),
        "grid_counts": (("component", "cell"), state.grid.counts),
        "radius_comoment": ((), radii.moments.comoment[0, 0]),
        "radius_minimum": ((), radii.grid.minimum[0]),
        "radius_maximum": ((), radii.grid.maximum[0]),
        "radius_grid_exponent": ((), radii.grid.exponent[0]),
        "radius_grid_origin": ((), radii.grid.origin[0]),
        "radius_grid_counts": (("cell",), radii.grid.counts[0]),
    }
