"""Section on the region of the z-points: pairs of components, ellipses, generated vectors."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from zpoints.pipeline.analyze.shape.ellipses import coverage
from zpoints.pipeline.report.data import Generated, ReportData
from zpoints.pipeline.report.elements import style
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.figures.scatter import generator_rows, pair_grid
from zpoints.pipeline.report.point_cloud import Cloud

Floats = NDArray[np.float64]

PAIRS = Markup(
    "Pairs of components: {points:,} z-points below the diagonal, {vectors:,} vectors of "
    "<code>{name}</code> on grey z-points above it, both distributions on it. Ellipses: "
    "{level:g} <i>σ</i> confidence ellipses of the covariance of all z-points. Numbers: share of "
    "the coloured points inside; {coverage:.0%} for a normal distribution."
)
GENERATORS = Markup(
    "Vectors of each generator (coloured) on the z-points (grey), for neighbouring pairs of the "
    "same coordinates. Numbers: share of the generated vectors inside the ellipse; vectors outside "
    "the frame count as outside. Where many components obey the condition of <code>ellipse</code> "
    "in pairs, nearly all stay within 1/√2 of their half-axes, so that each pair fills a rectangle "
    "rather than an ellipse."
)


def entries(data: ReportData) -> list[Entry]:
    """Pairs of components with confidence ellipses, z-points and generated vectors."""
    principal = Coordinates("pca", "principal components", data.principal_cloud(), data.principal)
    original = Coordinates("original", "dominant components", data.original_cloud(), data.original)
    found = [_pairs(data, principal), _generators(data, principal)]
    found += [_pairs(data, original), _generators(data, original)]
    return found if data.generated else found[::2]


class Coordinates(NamedTuple):
    """Coordinates in which pairs are drawn."""

    id: str
    title: str
    cloud: Cloud
    project: Callable[[Floats], Floats]


def _pairs(data: ReportData, coordinates: Coordinates) -> Entry:
    shown, level = _shown_on_grid(data.generated), data.config.ellipse_level
    name = data.generated[shown].name if data.generated else ""
    none = np.empty((0, data.statistics.sizes["component"]))
    z = data.generated[shown].z if data.generated else none
    return Entry(
        f"pairs-{coordinates.id}",
        f"Pairs of {coordinates.title}",
        PAIRS.format(
            points=len(data.z), vectors=len(z), name=name, level=level, coverage=coverage(level)
        ),
        lambda: pair_grid(
            coordinates.cloud,
            coordinates.project(z),
            level=level,
            name=name,
            colour=style.series(shown),
        ),
        f"Grid of pairs of {coordinates.title}: z-points, confidence ellipses, generated vectors.",
    )


def _generators(data: ReportData, coordinates: Coordinates) -> Entry:
    return Entry(
        f"generators-{coordinates.id}",
        f"Every generator, in {coordinates.title}",
        GENERATORS,
        lambda: generator_rows(
            coordinates.cloud,
            {g.name: coordinates.project(g.z) for g in data.generated},
            level=data.config.ellipse_level,
        ),
        f"Vectors of each generator on z-points and their ellipses, in {coordinates.title}.",
    )


def _shown_on_grid(generated: Sequence[Generated]) -> int:
    """Position of the samples that the pairs show: the first of `ellipse`, else the last."""
    names = [str(g.attrs.get("generator", g.name)) for g in generated]
    return names.index("ellipse") if "ellipse" in names else max(len(names) - 1, 0)
