"""Measures of quality of each generator."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zpoints.pipeline.errors import FigureError
from zpoints.pipeline.evaluate.config import FACE, REFERENCES
from zpoints.pipeline.evaluate.measure_table import all_measures, detector_of
from zpoints.pipeline.evaluate.merit import by_merit, memorises, merits
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.inputs import ONLY_STORED, described, group, mapping
from zpoints.storage.errors import did_you_mean
from zpoints.storage.schema.quality import Measure

Qualities = Mapping[str, xr.Dataset]
"""The groups `quality/<name>` by name."""

MERIT = Measure(name="merit", file="", meaning="figure of merit", better="equal", heading="merit")
"""Follows from other measures of the row and of `real`, and is not stored."""

UPPER, FARTHEST = 0.75, 2.0
"""Quantile of the values of a panel, and the multiple of it at which the panel ends."""
_COLUMNS = 4
_BETTER = {"higher": "→", "lower": "←", "equal": ""}  # where better values are


def quality(measured: Any, measures: Sequence[str] | None = None) -> Figure:
    """Draw the measures of quality, a panel each with a row for every generator and reference.

    Bars: two standard errors. Dashed: the value of `real`, or of `reconstruction` for the round
    trip and the diversity of images, with its two standard errors as a band. Generators are ordered
    by merit. An arrow with its value stands for one far beyond the others.

    Parameters
    ----------
    measured
        The groups `quality/<name>` by name, e.g. ``{"ellipse": store.quality("ellipse")}``, or a
        store.
    measures
        Names of the measures to draw; by default those of the report's table.

    Raises
    ------
    FigureError
        If there are no measures, or one is unknown.

    Examples
    --------
    >>> import zpoints as zp
    >>> store = zp.open("runs/demo")  # doctest: +SKIP
    >>> zp.pl.quality(store, ["precision", "recall"])  # doctest: +SKIP
    """
    if hasattr(measured, "quality_names"):
        measured = {name: measured.quality(name) for name in measured.quality_names}
    if hasattr(measured, "latents") and not hasattr(measured, "quality_names"):
        raise FigureError(f"Got {described(measured)}; expected a store.{ONLY_STORED}")
    expected = "a store, or a mapping of names to groups, e.g. {'real': store.quality('real')}"
    found = mapping(measured, expected)
    found = _with_merit({name: group(of, "quality", ()) for name, of in found.items()})
    names = by_merit(found)
    shown = _measures(found, names, measures)
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure = style.new_figure(rows * (0.62 + 0.155 * max(3, len(names))))
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    for axes in panels[len(shown) :]:
        axes.remove()
    for axes, measure in zip(panels, shown, strict=False):
        _measure(axes, found, names, measure)
    return figure


def listed(measured: Qualities, names: Sequence[str]) -> list[Measure]:
    """The measures with a heading that some row has."""
    present = {key for name in names for key in measured[name]}
    detector = detector_of(measured)
    return [
        _of_function(measure, detector) if measure.needs == "detector" else measure
        for measure in all_measures()
        if measure.heading and measure.name in present
    ]


def _of_function(measure: Measure, detector: str) -> Measure:
    """The face rate as the report names it where a function of the user's detects something."""
    if detector == FACE:
        return measure
    reading = f"share of the images that <code>{escape(detector)}</code> detects."
    return replace(measure, heading="detected", reading=reading)


def comparable(measured: Qualities, name: str, measure: Measure) -> bool:
    """Whether a row has the measure, of as many images as `real` if it depends on their number.

    Parameters
    ----------
    measured
        The groups by name.
    name
        The row.
    measure
        The measure.
    """
    row = measured[name]
    if measure.name not in row or np.isnan(row[measure.name]):
        return False
    alike = "real" not in measured or row.attrs.get("count") == measured["real"].attrs.get("count")
    return bool(measure.per_image) or alike


def _measures(
    measured: Qualities, names: Sequence[str], wanted: Sequence[str] | None
) -> list[Measure]:
    present = listed(measured, names)
    if any(np.isfinite(measured[name]["merit"]) for name in names):
        present = [MERIT, *present]
    by_name = {measure.name: measure for measure in present}
    if isinstance(wanted, str):
        wanted = [wanted]
    unknown = [name for name in wanted or () if name not in by_name]
    if unknown or not present:
        raise FigureError(
            f"Got {', '.join(map(repr, unknown)) or 'datasets'} without such a measure; expected "
            f"some of {', '.join(by_name) or 'those that zpoints run makes in its stage evaluate'}."
            f"{did_you_mean(str(unknown[0]), by_name) if unknown else ''}"
        )
    return present if wanted is None else [by_name[name] for name in wanted]


def _with_merit(measured: Qualities) -> dict[str, xr.Dataset]:
    """The groups with the figure of merit and its error."""
    return {
        name: measured[name].assign(merit=found.value, merit_error=found.error)
        for name, found in merits(measured).items()
    }


def _measure(axes: Axes, measured: Qualities, names: Sequence[str], measure: Measure) -> None:
    """Draw one measure of all rows."""
    key, rows = measure.name, [n for n in names if comparable(measured, n, measure)]

    def error(name: str) -> float:
        return float(np.nan_to_num(measured[name].get(f"{key}_error", np.nan)))

    if measure.aim in rows:
        aim, spread = float(measured[measure.aim][key]), 2 * error(measure.aim)
        axes.axvspan(aim - spread, aim + spread, color=style.FAINT, alpha=0.5, lw=0, zorder=0)
        axes.axvline(aim, color=style.INK, lw=0.8, ls=(0, (4, 2)), zorder=1)
    values = {name: float(measured[name][key]) for name in rows}
    end = _end(list(values.values()))
    for name, value in values.items():
        y, colour = names.index(name), style.INK if name in REFERENCES else style.DATA
        if value > end:
            _beyond(axes, end, y, value)
            continue
        axes.plot((value - 2 * error(name), value + 2 * error(name)), (y, y), color=colour, lw=1.2)
        axes.plot(value, y, "o", color=colour, markersize=3.5)
    axes.set_yticks(range(len(names)), [_label(measured, name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    style.dress(axes, title=f"{measure.heading}  {_BETTER[measure.better]}".rstrip())
    axes.grid(axis="y", color=style.FAINT, lw=0.4)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.locator_params(axis="x", nbins=4, steps=(1, 2, 5, 10))


def _end(values: Sequence[float]) -> float:
    """Where a panel ends: noise can be a hundred times beyond the values that one compares."""
    upper = float(np.quantile(values, UPPER)) if values else 0.0
    return FARTHEST * upper if upper > 0 else np.inf


def _beyond(axes: Axes, end: float, y: int, value: float) -> None:
    axes.plot(end, y, ">", color=style.DATA, markersize=3.5)
    axes.annotate(
        f"{value:,.0f} " if value >= 1000 else f"{value:.3g} ",
        (end, y),
        xytext=(-3, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=style.TICK,
        color=style.INK,
    )


def _label(measured: Qualities, name: str) -> str:
    copies = name not in REFERENCES and "real" in measured
    marked = copies and memorises(measured[name], measured["real"])
    return style.plain_label(name) + (" (memorises)" if marked else "")
