"""The first figure of the page: data, what the decoder makes of it, drawn and uniform vectors."""

from typing import Any

from markupsafe import Markup, escape
from numpy.typing import NDArray

from zpoints.pipeline.figures.image_grids import strips
from zpoints.pipeline.figures.pair_scatter import generators
from zpoints.pipeline.report.answer.choice import uniform
from zpoints.pipeline.report.answer.sentences import sentences
from zpoints.pipeline.report.data import Generated, ReportData
from zpoints.pipeline.report.elements.entry import Entry

PAIRED = 6
"""Principal components in whose neighbouring pairs vectors without images are drawn."""

IMAGES = Markup("Rows, none selected: {rows}.")
DECODED = Markup("decoded vectors of <code>{}</code>")
NEAREST = Markup("photographs of the stored vectors nearest to those of <code>{}</code>")
POINTS = Markup(
    "Drawn vectors (coloured) on the stored ones (grey), in pairs of the leading principal "
    "components, with the {level:g} <i>σ</i> ellipses and the share of drawn vectors inside. From "
    "top to bottom: {rows}."
)


def entries(data: ReportData) -> list[Entry]:
    """The strip with the three sentences."""
    rows = _rows(data)
    if rows:
        caption = IMAGES.format(rows=Markup("; ").join(rows))
        return [
            Entry(
                "answer-images",
                "In images",
                _answered(data, caption),
                lambda: strips(_images(data)),
                f"Rows of images: {', '.join(_images(data))}.",
            )
        ]
    shown = _shown(data)
    count = min(PAIRED, data.statistics.sizes["pc"])
    if not shown or count < 2:
        return []
    caption = POINTS.format(
        level=data.config.ellipse_level,
        rows=Markup("; ").join(Markup("<code>{}</code>").format(one.name) for one in shown),
    )
    return [
        Entry(
            "answer-points",
            "In vectors",
            _answered(data, caption),
            lambda: generators(
                data.z,
                {one.name: one.z for one in shown},
                range(count),
                principal=True,
                statistics=data.statistics,
                level=data.config.ellipse_level,
                points=None,
            ),
            "Drawn and uniform vectors on the stored ones in pairs of principal components.",
        )
    ]


def _answered(data: ReportData, caption: Markup) -> Markup:
    return Markup('<span class="rows">{}</span>').format(caption) + sentences(data)


def _shown(data: ReportData) -> list[Generated]:
    """The recommended samples and the uniform ones, as far as there are some."""
    found = data.representative, uniform(data.generated)
    return [one for one in found if one is not None and len(one.z)]


def _images(data: ReportData) -> dict[str, NDArray[Any]]:
    """Images by the name of their row."""
    if data.model is None:
        return {one.name: data.nearest[one.name] for one in _shown(data) if data.nearest}
    stored = {"photographs": data.originals, "reconstructions": data.reconstructions}
    return stored | {one.name: one.images for one in _shown(data) if len(one.images)}


def _rows(data: ReportData) -> list[Markup]:
    """What each row of images is; empty without images."""
    drawn = [one.name for one in _shown(data) if one.name in _images(data)]
    if data.model is None:
        return [NEAREST.format(name) for name in drawn]
    held_out = "images" if data.held_out == "all" else f"{data.held_out} images"
    return [
        escape(held_out),
        Markup("their reconstructions"),
        *(DECODED.format(name) for name in drawn),
    ]
