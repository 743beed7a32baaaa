"""Table of the quality of the images or vectors, a column per measure."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from markupsafe import Markup

from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.figures.quality_measures import Qualities, comparable, listed
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.elements.text import with_error
from zpoints.storage.schema.quality import Measure


def quality(measured: Qualities, names: Sequence[str], *, judged: str = "images") -> Table:
    """A row per generator and reference; bold: within two errors of its aim, or better.

    Parameters
    ----------
    measured
        The quality of each generator and reference.
    names
        Rows, in order.
    judged
        What is judged: "images" or "vectors".
    """
    shown = listed(measured, names)
    rows = tuple(
        (
            Markup("<i>{}</i>").format(name) if name in REFERENCES else name,
            f"{count(measured[name]):,}",
            *(_cell(measured, name, measure) for measure in shown),
        )
        for name in names
    )
    return Table((judged, "n", *(measure.heading for measure in shown)), rows)


def count(quality: xr.Dataset) -> int:
    """Number of judged images or vectors."""
    return int(quality.attrs["count"])


def _cell(measured: Qualities, name: str, measure: Measure) -> str:
    quality, key = measured[name], measure.name
    if not comparable(measured, name, measure):
        return "–"
    value, error = float(quality[key]), float(quality[f"{key}_error"])
    text = Markup("{} <small>±{}</small>").format(*with_error(value, error))
    aim = measured.get(measure.aim)
    good = name not in REFERENCES and aim is not None and _reaches(measure, quality, aim)
    return Markup("<strong>{}</strong>").format(text) if good else text


def _reaches(measure: Measure, quality: xr.Dataset, aim: xr.Dataset) -> bool:
    """Whether a measure is within two standard errors of its aim, or better."""
    key = measure.name
    if key not in aim or measure.better == "equal":
        return False
    behind = float(aim[key] - quality[key]) * (-1 if measure.better == "lower" else 1)
    errors = [np.nan_to_num(q[f"{key}_error"].item()) for q in (quality, aim)]
    return behind <= 2 * float(np.linalg.norm(errors))
