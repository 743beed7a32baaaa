"""Section on quality: the table of measures, images of each row, the sweep."""

from collections.abc import Sequence

import numpy as np
import xarray as xr
from markupsafe import Markup
from numpy.typing import NDArray

from zpoints.pipeline.evaluate.config import REFERENCES
from zpoints.pipeline.evaluate.merit import COPIES, SOUND, merits, sound
from zpoints.pipeline.figures import quality_measures
from zpoints.pipeline.figures.image_grids import strips
from zpoints.pipeline.figures.quality_measures import comparable, listed
from zpoints.pipeline.figures.swept.faces import strip_points, sweep_faces, sweep_strips
from zpoints.pipeline.figures.swept.frontier import (
    MOST_NAMED,
    RECOMMENDED_FACT,
    RECOMMENDED_K,
    frontier,
    recommended,
    shown_panels,
)
from zpoints.pipeline.figures.swept.points import frontier_points, parameters, values
from zpoints.pipeline.report.answer.choice import best_of_both
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.tables.quality import count, quality, reaches

OF_IMAGES = Markup(
    "Quality of {size} images per row, measured against as many photographs {splits}.{few} "
    "<i>real</i>: other photographs, which stand for a perfect generator; <i>reconstruction</i>: "
    "these photographs encoded and decoded, the best that this decoder can do. "
)
OF_VECTORS = Markup(
    "Quality of {size} vectors per row, measured against as many stored ones {splits}.{few} "
    "<i>real</i>: other stored vectors, which stand for a perfect generator. "
)
BOLD = Markup(
    "Generators are ordered by <b>merit</b>: the geometric mean of min(x / real, "
    "real / x) over precision, recall, density, coverage, variance and pairs, times the "
    "originality where that is below <i>real</i>’s; 1: as <i>real</i>. Bold: within two "
    "standard errors of <i>real</i>{aim}, or better where 0 is best, in rows with a merit of at "
    "least {sound:g}, since one vector, repeated, reaches some values too. (memorises): "
    "originality below {copies:g} of <i>real</i>’s. ±: standard error; for a share of k of "
    "<i>n</i> that of (k + 1) / (n + 2); of merit propagated as if its measures were independent. "
    "Measures of a whole set depend on <i>n</i> and are left out (–) where <i>n</i> differs from "
    'that of <i>real</i>.<details class="more"><summary>How to read each measure</summary>'
    "<ul>{measures}</ul></details>{conclusion}"
)
CONCLUSION = Markup(
    "{count} of {total} generators have a merit of at least {sound:g} and do not memorise{names}."
)
MEASURED = Markup(
    "The measures of the table, a panel each. Bars: two standard errors. Dashed: the value of "
    "<i>real</i>{aim}, with two standard errors as a band. An arrow in a title points to where "
    "better values are; one with a value, at the end of a row, stands for a value far beyond the "
    "others.{reached}"
)
REACHED = Markup(
    " <code>{name}</code> is within two standard errors of its aim, or better, in {number} of "
    "{total} measures."
)
OTHER_AIMS = Markup(
    " (round trip, variance of pixels and pairs of images: of <i>reconstruction</i>)"
)
IMAGES = {"judged": "vectors of the re-encoded images", "others": "vectors of the photographs"}
VECTORS = {"judged": "drawn vectors", "others": "held-out vectors"}
"""What is compared, in `Measure.reading`."""
STRIPS = Markup(
    "Images of each row, not selected: the first held-out photographs and their reconstructions "
    "(the table takes random ones), then the first images of each generator, in the order of their "
    "merit."
)
FALLING = Markup(
    " The merit falls from {best:.2f} for <code>{first}</code> to {least:.2f} for "
    "<code>{last}</code>."
)
FRONTIER = Markup(
    "Typicality against diversity of the generator <code>{generator}</code> at {points} points of "
    "a grid of {names}, {count:,} vectors each, measured as in the table above. Vectors are more "
    "typical towards the top and more diverse towards the right. {lines} Dashed, with edges: "
    "the frontier, points that no other one exceeds in both. {ringed}{worth} of {points} points "
    "are on the frontier of {first[0]} and {first[1]}; the others are not worth taking."
)
LINES = Markup(
    "A line joins the values of {last} from {first} to {end}, with growing points; {named}.{colour}"
)
ALL_NAMED, SOME_NAMED = "numbers are its values", "numbers on the frontier are its values"
COLOUR = Markup(" Its colour is {}.")
RINGED = Markup(
    "Ringed: the source’s recommendation, <i>K</i> from {} to {} with <i>fact</i> from {:g} to "
    "{:g}. "
)
FACES = Markup(
    "The same random numbers at every point of the grid: what differs between the images is due to "
    "{names} alone."
)
FRONTIER_STRIPS = Markup(
    "Images of {which}, not selected, drawn with the same random numbers. P: precision, R: recall, "
    "as in the table above."
)


def entries(data: ReportData) -> list[Entry]:
    """The table with its strips, and the sweep; empty where nothing was measured."""
    return [*_measured(data), *_swept(data.sweep)]


def ordered(data: ReportData) -> list[str]:
    """Rows of the table: references first, then generators, the recommended one first."""
    return [*(name for name in REFERENCES if name in data.quality), *_drawn_names(data)]


def _measured(data: ReportData) -> list[Entry]:
    names = ordered(data)
    if not names:
        return []
    images = {name: strip for name in names if len(strip := _strip(data, name))}
    shown = "vectors" if data.model is None else "images"
    table, measures = [
        Entry(
            "quality-table",
            "Quality",
            _caption(data, names),
            lambda: quality(data.quality, names, judged=shown),
        ),
        Entry(
            "quality-measures",
            "Measures",
            MEASURED.format(aim=_aim(data), reached=_reached(data)),
            lambda: quality_measures.quality({name: data.quality[name] for name in names}),
            "A panel for each measure of quality, a row for each generator.",
        ),
    ]
    if data.model is None:
        return [table, measures]
    rows = Entry(
        "quality-strips",
        "Images",
        STRIPS + _falling(data),
        lambda: strips(images),
        "A strip of images for photographs, reconstructions and each generator.",
    )
    return [rows, table, measures]


def _reached(data: ReportData) -> Markup:
    """In how many measures the best generator is as good as its aim; empty without one."""
    name = best_of_both(data.quality)
    if name is None:
        return Markup("")
    shown = [
        measure
        for measure in listed(data.quality, [name])
        if comparable(data.quality, name, measure) and measure.aim in data.quality
    ]
    good = [m for m in shown if reaches(m, data.quality[name], data.quality[m.aim])]
    return REACHED.format(name=name, number=len(good), total=len(shown))


def _falling(data: ReportData) -> Markup:
    """The range of merit from the first strip to the last; empty where it is unknown."""
    known = [(name, merits(data.quality)[name].value) for name in _drawn_names(data)]
    known = [(name, value) for name, value in known if np.isfinite(value)]
    if len(known) < 2:
        return Markup("")
    (first, best), (last, least) = known[0], known[-1]
    return FALLING.format(first=first, best=best, last=last, least=least)


def _drawn_names(data: ReportData) -> list[str]:
    return [one.name for one in data.generated if one.name in data.quality]


def _caption(data: ReportData, names: list[str]) -> Markup:
    first = data.quality[names[0]].attrs
    counts = {count(data.quality[name]) for name in names}
    fewest, most = min(counts), max(counts)
    held_out, compared = first["held_out"], VECTORS if data.model is None else IMAGES
    measures = Markup("").join(
        Markup("<li><b>{}</b>: {}</li>").format(
            measure.heading, Markup(measure.reading.format(level=first["level"], **compared))
        )
        for measure in listed(data.quality, names)
    )
    judged = (OF_VECTORS if data.model is None else OF_IMAGES).format(
        size=f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}",
        splits="of all splits" if held_out == "all" else f"held out of training ({held_out})",
        few=f" {first['wanted']:,} were wanted." if most < first["wanted"] else "",
    )
    fit = [name for name in names if name in sound(data.quality)]
    conclusion = CONCLUSION.format(
        count=len(fit),
        total=len([name for name in names if name not in REFERENCES]),
        sound=SOUND,
        names=Markup(": <code>{}</code>").format(", ".join(fit)) if fit else "",
    )
    return judged + BOLD.format(
        aim=_aim(data), measures=measures, sound=SOUND, copies=COPIES, conclusion=conclusion
    )


def _aim(data: ReportData) -> Markup:
    """A note on the measures with another aim than `real`, if they were made."""
    return Markup("") if data.model is None else OTHER_AIMS


def _strip(data: ReportData, name: str) -> NDArray[np.uint8]:
    if name == "real":
        return data.originals
    if name == "reconstruction":
        return data.reconstructions
    return next(g.images for g in data.generated if g.name == name)


def _swept(sweep: xr.Dataset | None) -> list[Entry]:
    """The frontier of the sweep, and the images of its points."""
    if sweep is None or not shown_panels(sweep):
        return []
    names, law = parameters(sweep), sweep.attrs.get("generator", "ellipse")
    found = [
        Entry(
            "frontier",
            "Typicality and diversity",
            _frontier_caption(sweep, names, law),
            lambda: frontier(sweep),
            "Precision and round trip against recall and coverage, a line for each value.",
        )
    ]
    if "pixels" not in sweep:
        return found
    faces = Entry(
        "sweep-faces",
        "The grid in images",
        FACES.format(names=_italic(names)),
        lambda: sweep_faces(sweep),
        "An image at each point of the grid.",
    )
    every = len(strip_points(sweep)) == sweep.sizes["point"]
    which = (
        "each point"
        if every
        else "points on the frontiers of recall, from the most typical to the most diverse"
    )
    strips = Entry(
        "sweep-strips",
        "The frontier in images",
        FRONTIER_STRIPS.format(which=which),
        lambda: sweep_strips(sweep),
        "A strip of images for each point, with its parameters.",
    )
    return [*found, faces, strips]


def _frontier_caption(sweep: xr.Dataset, names: list[str], law: str) -> Markup:
    steps = values(sweep, names[-1])
    colour = COLOUR.format(_italic(names[-2:-1])) if names[1:] else ""
    rows = np.prod([len(values(sweep, name)) for name in names[:-2]] or [1])
    few = sweep.sizes["point"] <= MOST_NAMED * rows
    first = shown_panels(sweep)[0]
    return FRONTIER.format(
        worth=int(np.count_nonzero(frontier_points(sweep, *first))),
        first=[name.replace("_", " ") for name in first],
        generator=law,
        points=sweep.sizes["point"],
        names=_italic(names),
        count=sweep.attrs["count"],
        lines=LINES.format(
            last=_italic(names[-1:]),
            first=steps[0],
            end=steps[-1],
            named=ALL_NAMED if few else SOME_NAMED,
            colour=colour,
        ),
        ringed=RINGED.format(*RECOMMENDED_K, *RECOMMENDED_FACT) if recommended(sweep).any() else "",
    )


def _italic(names: Sequence[str]) -> Markup:
    return Markup(", ").join(Markup("<i>{}</i>").format(name) for name in names)
