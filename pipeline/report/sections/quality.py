"""Quality of the images: one table, and a strip of pictures for each of its rows."""

import numpy as np
import xarray as xr
from markupsafe import Markup
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.tables import Table
from zpoints.pipeline.report.figures import faces
from zpoints.storage.schema.quality import MEASURES, Measure


def entries(m: Material) -> list[Entry]:
    """The table and the strips; nothing where nothing was evaluated."""
    names = ordered(m)
    if not names:
        return []
    strips = {name: strip for name in names if len(strip := _strip(m, name))}
    return [
        Entry("quality-table", "How good are the images?", _caption(m, names), lambda: table(m)),
        Entry(
            "quality-strips",
            "Images of each row",
            Markup(
                "Not selected: the first held-out photographs and their reconstructions (those "
                "of the table are chosen at random), then the first images of each generator, in "
                "the order of their round trip."
            ),
            lambda: faces.labelled_strips(strips),
            "A strip of images for photographs, reconstructions and each generator.",
        ),
    ]


def ordered(m: Material) -> list[str]:
    """References first, then the generators, the smallest round trip first."""
    references = [name for name in REFERENCES if name in m.quality]
    generators = [g.name for g in m.generated if g.name in m.quality]
    generators.sort(key=lambda name: float(m.quality[name]["round_trip"]))
    return references + generators


def table(m: Material) -> Table:
    """One row per generator and reference; bold: as good as its aim, or better."""
    names = ordered(m)
    shown = columns(m, names)
    rows = tuple(
        (_titled(name), f"{_count(m, name):,}", *(_cell(m, name, measure) for measure in shown))
        for name in names
    )
    return Table(("images", "n", *(measure.heading for measure in shown)), rows)


def columns(m: Material, names: list[str]) -> list[Measure]:
    """The measures with a heading that were measured in some row."""
    measured = {key for name in names for key in m.quality[name]}
    return [measure for measure in MEASURES if measure.heading and measure.name in measured]


def _titled(name: str) -> str:
    return Markup("<i>{}</i>").format(name) if name in REFERENCES else name


def _count(m: Material, name: str) -> int:
    return int(m.quality[name].attrs["count"])


def _cell(m: Material, name: str, measure: Measure) -> str:
    quality, key = m.quality[name], measure.name
    alike = "real" not in m.quality or _count(m, name) == _count(m, "real")
    if key not in quality or np.isnan(quality[key]) or not (measure.per_image or alike):
        return "–"
    value, error = float(quality[key]), float(quality[f"{key}_error"])
    text = Markup("{} <small>±{}</small>").format(*with_error(value, error))
    aim = m.quality.get(measure.aim)
    good = name not in REFERENCES and aim is not None and _reaches(measure, quality, aim)
    return Markup("<strong>{}</strong>").format(text) if good else text


def _reaches(measure: Measure, quality: xr.Dataset, aim: xr.Dataset) -> bool:
    """Whether a generator is within two standard errors of its aim, or better."""
    key = measure.name
    if key not in aim or measure.better == "equal":
        return False
    behind = float(aim[key] - quality[key]) * (-1 if measure.better == "lower" else 1)
    errors = [np.nan_to_num(q[f"{key}_error"].item()) for q in (quality, aim)]
    return behind <= 2 * float(np.linalg.norm(errors))


def with_error(value: float, error: float) -> tuple[str, str]:
    """A value and its error with as many decimals as the error's first two digits need.

    Examples
    --------
    >>> with_error(0.8622, 0.0109), with_error(1127.3, 6.1), with_error(1.0, 0.0)
    (('0.862', '0.011'), ('1127.3', '6.1'), ('1.000', '0.000'))
    """
    decimals = 3
    if np.isfinite(error) and error > 0:
        decimals = int(np.clip(1 - np.floor(np.log10(error)), 0, 3))
    said = f"{error:.{decimals}f}" if np.isfinite(error) else "?"
    return f"{value:.{decimals}f}", said


def _caption(m: Material, names: list[str]) -> Markup:
    first = m.quality[names[0]].attrs
    counts = {_count(m, name) for name in names}
    size = f"{min(counts):,}" + (f" to {max(counts):,}" if len(counts) > 1 else "")
    held_out = first["held_out"]
    photographs = "of all splits" if held_out == "all" else f"held out of the training ({held_out})"
    few = f" {first['wanted']:,} were wanted." if max(counts) < first["wanted"] else ""
    items = Markup("").join(
        Markup("<li><b>{}</b>: {}</li>").format(
            measure.heading, Markup(measure.reading.format(level=first["level"]))
        )
        for measure in columns(m, names)
    )
    return Markup(
        "{} images per row against as many photographs {}.{} <i>real</i>: other photographs, what "
        "a perfect generator would come to; <i>reconstruction</i>: these photographs decoded, the "
        "best that this decoder can do. ±: standard error; that of a share of k of <i>n</i> is "
        "taken at (k + 1) / (n + 2). Measures of a whole set depend on <i>n</i>, so they are left "
        "out (–) where it is not that of <i>real</i>. Bold: within two standard errors of "
        "<i>real</i> (the round trip: of <i>reconstruction</i>), or better.<ul>{}</ul>"
    ).format(size, photographs, few, items)


def _strip(m: Material, name: str) -> NDArray[np.uint8]:
    if name == "real":
        return m.originals
    if name == "reconstruction":
        return m.reconstructions
    return next(g.faces for g in m.generated if g.name == name)
