"""Figures of the covariance of the z-points: correlation matrix, explained variance."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from zpoints.pipeline.analyze.basis import Basis
from zpoints.pipeline.analyze.shape.peaks import dominance_order
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import components_of, group

Floats = NDArray[np.float64]

LEADING = 20
"""Number of components that `correlation` draws by their numbers."""

_BAR = r"correlation  $\rho_{ij}$"


def correlation(
    statistics: Any,
    components: Sequence[int] | None = None,
    *,
    order: Sequence[int] | NDArray[np.int64] | None = None,
    ax: Axes | None = None,
) -> style.Drawn:
    """Draw the correlation matrix of all components and of the leading ones, or of chosen ones.

    The colours cover all but 0.1 % of the pairs; constant components are grey.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    components
        Numbers of the components to draw in one panel; by default all, and in a second panel the
        20 first ones of `order`.
    order
        Numbers of all components, the leading ones first; by default by dominance.
    ax
        Axes to draw one panel in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If a number is out of range, or `statistics` is something else.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.correlation(store, range(20))  # doctest: +SKIP
    """
    statistics = group(statistics, "statistics", ("correlation", "mu", "hw"))
    total = statistics.sizes["component"]
    if order is None:
        order = dominance_order(statistics["mu"].values, statistics["hw"].values)
    ranked = components_of(order, total)
    limit = _limit(statistics["correlation"].values)
    if components is not None or ax is not None:
        chosen = ranked if components is None else components_of(components, total)
        axes = style.panel(ax, width=4.6, height=3.7)
        numbered = len(chosen) <= 2 * LEADING
        picture = _matrix(axes, statistics, chosen, limit, numbered=numbered)
        style.colour_bar(picture, axes, _BAR, extend="both")
        return style.drawn(axes, ax)
    figure = style.new_figure(3.4)
    left, right = figure.subplots(1, 2)
    leading = ranked[:LEADING]
    picture = _matrix(left, statistics, ranked, limit, numbered=False)
    _matrix(right, statistics, leading, limit, numbered=True)
    left.set_title("All components", fontsize=style.TITLE, color=style.INK, loc="left")
    title = f"The {len(leading)} most dominant"
    right.set_title(title, fontsize=style.TITLE, color=style.INK, loc="left")
    style.colour_bar(picture, (left, right), _BAR, fraction=0.022, pad=0.015, extend="both")
    return figure


def _limit(matrix: Floats) -> float:
    """End of the colour scale."""
    away = np.abs(matrix[np.triu_indices(len(matrix), 1)])
    away = away[np.isfinite(away)]
    return max(0.1, float(np.quantile(away, 0.999)) if away.size else 1.0)


def _matrix(
    axes: Axes, statistics: xr.Dataset, chosen: list[int], limit: float, *, numbered: bool
) -> Any:
    """Draw the correlations of the chosen components, by their numbers or by their ranks."""
    matrix = statistics["correlation"].values[np.ix_(chosen, chosen)]
    end = len(chosen) + 0.5
    picture = axes.imshow(
        matrix,
        cmap=style.DIVERGING,
        vmin=-limit,
        vmax=limit,
        interpolation="none",
        origin="upper",
        extent=None if numbered else (0.5, end, end, 0.5),
    )
    label = "component" if numbered else "rank of component"
    style.dress(axes, x=label, y=label, frame=True)
    axes.set_facecolor(style.FAINT)
    if numbered:
        names = [str(index) for index in chosen]
        axes.set_xticks(np.arange(len(chosen)), names, rotation=90)
        axes.set_yticks(np.arange(len(chosen)), names)
        axes.tick_params(labelsize=6, length=0)
    return picture


def variance(statistics: Any, *, ax: Axes | None = None) -> style.Drawn:
    """Draw the variances of the principal components and the cumulative share they explain.

    Marks: the number of components that explain 50, 90, 95 and 99 %.

    Parameters
    ----------
    statistics
        The `statistics` group, one of `selections`, or a store.
    ax
        Axes to draw the cumulative share in.

    Returns
    -------
    matplotlib.figure.Figure
        A new figure; `ax` if it was given.

    Raises
    ------
    FigureError
        If `statistics` is something else.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.variance(store)  # doctest: +SKIP
    """
    needs = ("mean", "loadings", "explained_variance", "explained_variance_ratio")
    statistics = group(statistics, "statistics", needs)
    basis = Basis.from_statistics(statistics)
    variances = basis.explained_variance
    number = np.arange(1, len(variances) + 1)
    dot = {"marker": "o", "markersize": 1.8 if len(number) > 40 else 3.5, "lw": 0.8}
    if ax is not None:
        axes = style.panel(ax)
        _cumulative(axes, statistics, dot)
        return style.drawn(axes, ax)
    figure = style.new_figure(2.7)
    left, right = figure.subplots(1, 2)
    shown = basis.varying
    left.plot(number[shown], variances[shown], color=style.DATA, **dot)
    left.set_yscale("log")
    style.dress(
        left,
        x="principal component $k$",
        y=r"variance  $\lambda_k$  [latent units$^2$]",
        title="Scree",
    )
    left.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    _cumulative(right, statistics, dot)
    return figure


def _cumulative(axes: Axes, statistics: xr.Dataset, dot: Mapping[str, Any]) -> None:
    """Draw the cumulative share, and mark how many components explain how much."""
    share = np.cumsum(statistics["explained_variance_ratio"].values)
    number = np.arange(1, len(share) + 1)
    axes.plot(number, 100 * share, color=style.DATA, **dot)
    remarks = []
    for level in (0.5, 0.9, 0.95, 0.99):
        needed = min(int(np.searchsorted(share, level - 1e-12)) + 1, len(number))
        axes.plot(needed, 100 * share[needed - 1], "o", color=style.GENERATED, markersize=4)
        remarks.append(f"{level:.0%}:  $K$ = {needed}")
    style.note(axes, 0.97, 0.05, "\n".join(remarks), size=style.LABEL, ha="right", color=style.INK)
    axes.set_ylim(0, 104)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
    style.dress(axes, x="principal components $K$", y="variance explained  [%]", title="Cumulative")
