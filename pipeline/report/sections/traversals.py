"""Section on traversals: attribute directions, conditioned samples, interpolations."""

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure
from numpy.typing import NDArray

from zpoints.pipeline.figures.image_grids import paths
from zpoints.pipeline.figures.style import readable
from zpoints.pipeline.labels.attribute_statistics import AttributeStatistics
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.text import entry_id
from zpoints.pipeline.report.traversals import SHARES, STRENGTHS, Interpolations, Traversal
from zpoints.storage.schema.attributes import nested

SHOWN = 9
"""Images in a row of conditioned samples."""

ATTRIBUTE = Markup(
    "The first {count} images {origin}, not selected, decoded after the direction of "
    "<code>{attribute}</code> was added to their latent vectors with the strength above each "
    "column. The direction is the mean vector of the {having:,} images that have the attribute "
    "minus that of the {lacking:,} that do not; a strength of 1 leads from one mean to the other. "
    "On the left: whether the photograph has the attribute. Properties that often occur together "
    "with the attribute in the photographs change with it.{apart}"
)
ANOTHER = Markup(
    "The same with the direction of <code>{attribute}</code>, which {having:,} images have and "
    "{lacking:,} do not.{apart}"
)
APART = (
    " The images with it and those without are {effect:.1f} standard deviations apart along the "
    "direction (Cohen’s <i>d</i>)."
)
CONDITIONED = Markup(
    "The first images of the samples that are drawn for a selection of the photographs. {samples}."
)
INTERPOLATIONS = Markup(
    "Images between pairs of held-out photographs, not selected: decoded from the straight line "
    "between their latent vectors, and from the arc around the mean vector, along which the "
    "distance from the mean changes evenly. The mean Mahalanobis radius is {ends:.1f} at the ends, "
    "{line:.1f} in the middle of the line and {arc:.1f} in the middle of the arc: the line passes "
    "through the inside of the region, where {what} are more alike."
)


def entries(data: ReportData) -> list[Entry]:
    """Attribute traversals, conditioned samples, interpolations; empty if there are none."""
    total = AttributeStatistics(data.statistics).annotated
    return [
        *(_attribute(data, traversal, total) for traversal in data.traversals),
        *_conditioned(data),
        *_interpolations(data.interpolations, data.what),
    ]


def _attribute(data: ReportData, traversal: Traversal, total: int) -> Entry:
    origin = "of the store" if data.held_out == "all" else f"of the {data.held_out} split"
    name = traversal.attribute
    return Entry(
        f"attribute-{entry_id(name)}",
        readable(name),
        (ATTRIBUTE if traversal is data.traversals[0] else ANOTHER).format(
            count=len(traversal.images),
            origin=origin,
            attribute=name,
            having=traversal.having,
            lacking=total - traversal.having,
            apart=_apart(data, name),
        ),
        lambda: attribute_traversal(data.start_images, traversal),
        f"Held-out images decoded with {name} added at several strengths.",
    )


def _apart(data: ReportData, attribute: str) -> Markup:
    """How far apart both groups are along the direction; empty where it was not measured."""
    s = data.structure
    if s is None or "attribute" not in s.coords or attribute not in s["attribute"].values:
        return Markup("")
    effect = float(s["direction_effect"].sel(attribute=attribute))
    return Markup(APART).format(effect=effect) if np.isfinite(effect) else Markup("")


def _conditioned(data: ReportData) -> list[Entry]:
    """Samples that are conditioned on a selection, a row each."""
    chosen = [g for g in data.generated if "selection" in nested(g.attrs, "parameters")]
    chosen = [g for g in chosen if len(g.images)]
    if not chosen:
        return []
    columns = min(SHOWN, *(len(g.images) for g in chosen))
    samples = Markup("; ").join(
        Markup("<code>{}</code>: {}").format(g.name, g.attrs.get("constraint", "")) for g in chosen
    )
    return [
        Entry(
            "conditioned",
            "Samples conditioned on labels",
            CONDITIONED.format(samples=samples),
            lambda: paths(
                np.stack([g.images[:columns] for g in chosen]), rows=[g.name for g in chosen]
            ),
            "Images decoded from vectors drawn for selections, one row per selection.",
        )
    ]


def _interpolations(between: Interpolations | None, what: str) -> list[Entry]:
    if between is None or not len(between.line):
        return []
    ends, line, arc = between.radii
    return [
        Entry(
            "interpolations",
            "Interpolations",
            INTERPOLATIONS.format(what=what, ends=ends, line=line, arc=arc),
            lambda: interpolation(between),
            "Rows of decoded images between two photographs, on a line and on an arc.",
        )
    ]


def attribute_traversal(photographs: NDArray[np.uint8], traversal: Traversal) -> Figure:
    """Draw a row per photograph: the photograph, then its decoded image at each strength.

    Parameters
    ----------
    photographs
        (image, y, x, channel) uint8, those that the traversal starts from first.
    traversal
        The decoded images.
    """
    first = photographs[: len(traversal.images), None]
    return paths(
        np.concatenate([first, traversal.images], axis=1),
        rows=["with" if has else "without" for has in traversal.has],
        columns=["photo", *(_signed(strength) for strength in STRENGTHS)],
    )


def interpolation(between: Interpolations) -> Figure:
    """Draw two rows per pair of photographs, the line and the arc between them."""
    first, last = between.photographs[:, :1], between.photographs[:, 1:]
    rows = [np.concatenate([first, path, last], axis=1) for path in (between.line, between.arc)]
    images = np.stack(rows, axis=1)
    return paths(
        images.reshape(-1, *images.shape[2:]),
        rows=["line", "arc"] * len(first),
        columns=["photo", *(f"{share:.2g}" for share in SHARES), "photo"],
    )


def _signed(strength: float) -> str:
    return f"{strength:+g}".replace("-", "−") if strength else "0"
