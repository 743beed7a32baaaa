"""Figures of the covariance of the z-points: correlation matrix, explained variance."""

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.report.elements import style


def correlation(statistics: xr.Dataset, order: NDArray[np.int64]) -> Figure:
    """Draw the correlation matrix of all components and of the leading ones.

    Parameters
    ----------
    statistics
        The `statistics` group: `correlation` (component, other).
    order
        (component) int64, components by dominance, the most dominant first.
    """
    matrix = statistics["correlation"].values[np.ix_(order, order)]
    figure = style.new_figure(3.4)
    left, right = figure.subplots(1, 2)
    away = np.abs(matrix[np.triu_indices(len(order), 1)])
    away = away[np.isfinite(away)]
    limit = max(0.1, float(np.quantile(away, 0.999)) if away.size else 1.0)
    leading = min(20, len(order))
    options = {"cmap": style.DIVERGING, "vmin": -limit, "vmax": limit, "interpolation": "none"}
    extent = (0.5, len(order) + 0.5, len(order) + 0.5, 0.5)
    picture = left.imshow(matrix, extent=extent, **options)
    right.imshow(matrix[:leading, :leading], **options)
    for axes in (left, right):
        axes.set_facecolor(style.FAINT)
    style.dress(
        left, x="rank of component", y="rank of component", title="All components", frame=True
    )
    style.dress(
        right, x="component", y="component", title=f"The {leading} most dominant", frame=True
    )
    ticks = np.arange(leading)
    right.set_xticks(ticks, [str(index) for index in order[:leading]], rotation=90)
    right.set_yticks(ticks, [str(index) for index in order[:leading]])
    right.tick_params(labelsize=6, length=0)
    bar = figure.colorbar(picture, ax=(left, right), fraction=0.022, pad=0.015, extend="both")
    bar.ax.tick_params(labelsize=style.TICK, color=style.MUTED, length=2)
    bar.outline.set_linewidth(0.6)
    bar.set_label(r"correlation  $\rho_{ij}$", fontsize=style.LABEL, color=style.INK)
    return figure


def explained_variance(statistics: xr.Dataset) -> Figure:
    """Draw the variances of the principal components and the cumulative share they explain.

    Parameters
    ----------
    statistics
        The `statistics` group: `mean`, `loadings`, `explained_variance`,
        `explained_variance_ratio`.
    """
    basis = Basis.from_statistics(statistics)
    variance = basis.explained_variance
    share = np.cumsum(statistics["explained_variance_ratio"].values)
    number = np.arange(1, len(variance) + 1)
    figure = style.new_figure(2.7)
    left, right = figure.subplots(1, 2)
    dot = {"marker": "o", "markersize": 1.8 if len(number) > 40 else 3.5, "lw": 0.8}
    shown = basis.varying
    left.plot(number[shown], variance[shown], color=style.DATA, **dot)
    left.set_yscale("log")
    style.dress(left, x="principal component $k$", y=r"variance  $\lambda_k$", title="Scree")
    right.plot(number, 100 * share, color=style.DATA, **dot)
    remarks = []
    for level in (0.5, 0.9, 0.95, 0.99):
        needed = min(int(np.searchsorted(share, level - 1e-12)) + 1, len(number))
        right.plot(needed, 100 * share[needed - 1], "o", color=style.GENERATED, markersize=4)
        remarks.append(f"{level:.0%}:  $K$ = {needed}")
    style.note(right, 0.97, 0.05, "\n".join(remarks), size=style.LABEL, ha="right", color=style.INK)
    right.set_ylim(0, 104)
    right.set_xlim(left=0)
    for axes in (left, right):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    style.dress(
        right, x="principal components $K$", y="variance explained  [%]", title="Cumulative"
    )
    return figure
