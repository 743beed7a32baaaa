"""Table of the quality of the images or vectors, a column per measure."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.merit import memorises, merits, sound
from zpoints.pipeline.figures.quality_measures import Qualities, comparable, listed
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.elements.text import with_error
from zpoints.storage.schema.quality import Measure


def quality(measured: Qualities, names: Sequence[str], *, judged: str = "images") -> Table:
    """A row per generator and reference; bold: within two errors of its aim, or better.

    Rows that memorise or have a merit below 0.5 have no bold cells.

    Parameters
    ----------
    measured
        The quality of each generator and reference.
    names
        Rows, in order.
    judged
        What is judged: "images" or "vectors".
    """
    shown, found, bold = listed(measured, names), merits(measured), sound(measured)
    rows = tuple(
        (
            _name(measured, name),
            f"{count(measured[name]):,}",
            _number(*found[name]),
            *(_cell(measured, name, measure, bold=name in bold) for measure in shown),
        )
        for name in names
    )
    return Table((judged, "n", "merit", *(measure.heading for measure in shown)), rows)


def count(quality: xr.Dataset) -> int:
    """Number of judged images or vectors."""
    return int(quality.attrs["count"])


def _name(measured: Qualities, name: str) -> str:
    if name in REFERENCES:
        return Markup("<i>{}</i>").format(name)
    copies = "real" in measured and memorises(measured[name], measured["real"])
    return f"{name} (memorises)" if copies else name


def _number(value: float, error: float) -> str:
    if np.isnan(value):
        return "–"
    return Markup("{} <small>±{}</small>").format(*with_error(value, error))


def _cell(measured: Qualities, name: str, measure: Measure, *, bold: bool) -> str:
    quality, key = measured[name], measure.name
    if not comparable(measured, name, measure):
        return "–"
    text = _number(float(quality[key]), float(quality[f"{key}_error"]))
    aim = measured.get(measure.aim)
    good = bold and aim is not None and reaches(measure, quality, aim)
    return Markup("<strong>{}</strong>").format(text) if good else text


def reaches(measure: Measure, quality: xr.Dataset, aim: xr.Dataset) -> bool:
    """Whether a measure is within two standard errors of its aim, or better if it can be.

    Parameters
    ----------
    measure
        The measure.
    quality, aim
        The row that is judged, and the one with the value to reach.
    """
    key = measure.name
    if key not in aim:
        return False
    behind = float(aim[key] - quality[key]) * (-1 if measure.better == "lower" else 1)
    if measure.better == "equal":
        behind = abs(behind)
    errors = [np.nan_to_num(q[f"{key}_error"].item()) for q in (quality, aim)]
    return behind <= 2 * float(np.linalg.norm(errors))
