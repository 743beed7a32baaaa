"""Figure of the scores of probes: attributes, categories, numbers and dates."""

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import group
from zpoints.pipeline.figures.labels.statistics import ROW
from zpoints.pipeline.figures.style import tick_label

Floats = NDArray[np.float64]


def probes(structure: Any) -> Figure:
    """Draw the scores of the probes of labels, the largest gain first.

    Above: accuracy of each attribute, and the areas under the ROC curves of probe and cluster.
    Below: accuracy of each label of categories, and R squared of each number or date.

    Parameters
    ----------
    structure
        The `structure` group, or a store; labels without a probe are left out.

    Raises
    ------
    FigureError
        If `structure` is something else, or has no probe.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.probes(store)  # doctest: +SKIP
    """
    structure = group(structure, "structure", ["cluster_count"])
    attributes = _by_gain(structure, "attribute", "probe_accuracy", "probe_majority")
    classes = _by_gain(structure, "categorical", "class_accuracy", "class_majority")
    numbers = _by_gain(structure, "numeric", "numeric_r2")
    bands = [len(attributes), max(len(classes), len(numbers))]
    used = [count for count in bands if count]
    if not used:
        raise FigureError(
            "No label has a probe: each is constant in the training or the test split, or there "
            "are none. Add labels that differ, then run `zpoints run`."
        )
    heights = [1.1 + ROW * max(4, count) for count in used]
    figure = style.new_figure(sum(heights))
    panels = iter(figure.subplots(len(used), 2, squeeze=False, height_ratios=heights))
    if bands[0]:
        _attributes(next(panels), structure.isel(attribute=attributes))
    if bands[1]:
        left, right = next(panels)
        _classes(left, structure, classes)
        _numbers(right, structure, numbers)
    return figure


def _by_gain(
    structure: xr.Dataset, dim: str, score: str, chance: str | None = None
) -> NDArray[np.int64]:
    """Positions of the labels that have a score, the largest gain over chance first."""
    if dim not in structure.coords or score not in structure:
        return np.empty(0, np.int64)
    gain = structure[score].values - (structure[chance].values if chance else 0.0)
    return np.argsort(-gain)[: np.count_nonzero(np.isfinite(gain))]


def _attributes(panels: Any, shown: xr.Dataset) -> None:
    left, right = panels
    rows = np.arange(shown.sizes["attribute"])
    _accuracy(left, shown["probe_majority"].values, shown["probe_accuracy"].values)
    right.axvline(0.5, color=style.FAINT, lw=0.8)
    clusters = shown["cluster_roc_auc"].values
    right.plot(clusters, rows, "D", color=style.GENERATED, markersize=3.2, label="cluster")
    probe = shown["probe_roc_auc"].values
    right.plot(probe, rows, "o", color=style.DATA, markersize=3.5, label="linear probe")
    lowest = np.nanmin([*clusters, *probe], initial=1.0)
    right.set_xlim(min(0.45, float(lowest) - 0.03), 1.01)
    right.sharey(left)
    right.tick_params(labelleft=False)
    _dress(left, "accuracy", shown["attribute"].values)
    _dress(right, "area under the ROC curve")


def _classes(axes: Axes, structure: xr.Dataset, chosen: NDArray[np.int64]) -> None:
    if not len(chosen):
        return axes.remove()
    shown = structure.isel(categorical=chosen)
    _accuracy(axes, shown["class_majority"].values, shown["class_accuracy"].values)
    return _dress(axes, "accuracy of classes", shown["categorical"].values)


def _numbers(axes: Axes, structure: xr.Dataset, chosen: NDArray[np.int64]) -> None:
    if not len(chosen):
        return axes.remove()
    shown = structure.isel(numeric=chosen)
    found = shown["numeric_r2"].values
    axes.axvline(0.0, color=style.FAINT, lw=0.8)
    axes.plot(
        found, np.arange(len(found)), "o", color=style.DATA, markersize=3.5, label="linear probe"
    )
    axes.set_xlim(min(-0.05, float(found.min()) - 0.03), 1.01)
    return _dress(axes, r"$R^2$ of numbers", shown["numeric"].values)


def _accuracy(axes: Axes, majority: Floats, accuracy: Floats) -> None:
    rows = np.arange(len(accuracy))
    axes.hlines(rows, majority, accuracy, color=style.DATA, lw=2.2, alpha=0.35)
    axes.plot(majority, rows, "|", color=style.INK, markersize=6, label="majority")
    axes.plot(accuracy, rows, "o", color=style.DATA, markersize=3.5, label="linear probe")


def _dress(axes: Axes, name: str, labels: Any = None) -> None:
    """The axes of a panel with a row for each label; those of a shared axis are not named again."""
    if labels is not None:
        axes.set_yticks(range(len(labels)), [tick_label(str(label)) for label in labels])
        axes.set_ylim(len(labels) - 0.4, -0.6)
    style.dress(axes, x=name)
    axes.grid(axis="y", color=style.FAINT, lw=0.4)
    axes.set_axisbelow(True)
    style.legend(axes, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, borderaxespad=0.2)
    axes.tick_params(axis="y", length=0)
