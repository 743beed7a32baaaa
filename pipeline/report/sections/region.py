"""Section on the region of the z-points: pairs of components, ellipses, generated vectors."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from zpoints.pipeline.analyze.shape.ellipses import coverage
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.pair_scatter import generators, pairs
from zpoints.pipeline.figures.source.drawn_points import drawn_points
from zpoints.pipeline.report.data import Generated, ReportData
from zpoints.pipeline.report.elements.entry import Entry

PAIRS = Markup(
    "Pairs of components: {points:,} z-points below the diagonal, {vectors:,} vectors of "
    "<code>{name}</code> on grey z-points above it, both distributions on it. Ellipses: "
    "{level:g} <i>σ</i> confidence ellipses of the covariance of all z-points. Numbers: share of "
    "the coloured points inside; {coverage:.0%} for a normal distribution."
)
ALONE = Markup(
    "Pairs of components of {points:,} z-points, and their distributions. Ellipses: {level:g} "
    "<i>σ</i> confidence ellipses of the covariance of all z-points. Numbers: share of the points "
    "inside; {coverage:.0%} for a normal distribution."
)
GENERATORS = Markup(
    "Vectors of each generator (coloured) on the z-points (grey), for neighbouring pairs of the "
    "same coordinates. Numbers: share of the generated vectors inside the ellipse; vectors outside "
    "the frame count as outside. Where many components obey the condition of <code>ellipse</code> "
    "in pairs, nearly all stay within 1/√2 of their half-axes, so that each pair fills a rectangle "
    "rather than an ellipse."
)
DRAWN = Markup(
    "The first {number} vectors of <code>{name}</code>, numbered, on the density of {points:,} "
    "z-points in pairs of PCA coordinates (darker where more are, on a logarithmic scale), with "
    "the {level:g} <i>σ</i> ellipses{images}. A generator that stays in the region puts its points "
    "where the z-points are, in every pair at once."
)


def entries(data: ReportData) -> list[Entry]:
    """Pairs of components with confidence ellipses, z-points and generated vectors."""
    leading = range(min(data.config.leading, data.statistics.sizes["pc"]))
    principal = Coordinates("pca", "principal components", leading, True)
    first = data.dominance.order[: data.config.leading]
    original = Coordinates("original", "dominant components", first.tolist(), False)
    found = [_pairs(data, principal), _generators(data, principal)]
    found += [_pairs(data, original), _generators(data, original)]
    return [*_drawn(data), *found] if data.generated else found[::2]


class Coordinates(NamedTuple):
    """Coordinates in which pairs are drawn."""

    id: str
    title: str
    components: Sequence[int]
    principal: bool


def _pairs(data: ReportData, coordinates: Coordinates) -> Entry:
    shown, level = _shown_on_grid(data.generated), data.config.ellipse_level
    drawn = data.generated[shown] if data.generated else None
    name = drawn.name if drawn else ""
    return Entry(
        f"pairs-{coordinates.id}",
        f"Pairs of {coordinates.title}",
        (PAIRS if drawn else ALONE).format(
            points=len(data.z),
            vectors=len(drawn.z) if drawn else 0,
            name=name,
            level=level,
            coverage=coverage(level),
        ),
        lambda: pairs(
            data.z,
            coordinates.components,
            principal=coordinates.principal,
            statistics=data.statistics,
            generated=drawn.z if drawn else None,
            name=name,
            generated_color=style.series(shown),
            level=level,
            points=None,
        ),
        f"Grid of pairs of {coordinates.title}: z-points, confidence ellipses, generated vectors.",
    )


def _generators(data: ReportData, coordinates: Coordinates) -> Entry:
    return Entry(
        f"generators-{coordinates.id}",
        f"Every generator, in {coordinates.title}",
        GENERATORS,
        lambda: generators(
            data.z,
            {g.name: g.z for g in data.generated},
            coordinates.components,
            principal=coordinates.principal,
            statistics=data.statistics,
            level=data.config.ellipse_level,
            points=None,
        ),
        f"Vectors of each generator on z-points and their ellipses, in {coordinates.title}.",
    )


def _drawn(data: ReportData) -> list[Entry]:
    """The first vectors of a generator on many z-points; empty for a single coordinate."""
    config, chosen = data.config, data.generated[_shown_on_grid(data.generated)]
    components = range(2 * (min(6, data.statistics.sizes["pc"]) // 2))
    number = min(config.drawn_points, len(chosen.z))
    if not number or not components:
        return []
    images = chosen.images if number <= len(chosen.images) else None
    caption = DRAWN.format(
        number=number,
        name=chosen.name,
        points=min(config.cloud_points, data.latents.sizes["image"]),
        level=config.ellipse_level,
        images="" if images is None else "; below, the images that they decode to",
    )
    return [
        Entry(
            "drawn-points",
            "A few drawn vectors among the z-points",
            caption,
            lambda: drawn_points(
                data.latents,
                chosen.z,
                number=number,
                components=components,
                images=images,
                level=config.ellipse_level,
                statistics=data.statistics,
                points=config.cloud_points,
            ),
            f"Numbered vectors of {chosen.name} on the density of the z-points.",
        )
    ]


def _shown_on_grid(generated: Sequence[Generated]) -> int:
    """Position of the samples that the pairs show: the first of `ellipse`, else the last."""
    names = [str(g.attrs.get("generator", g.name)) for g in generated]
    return names.index("ellipse") if "ellipse" in names else max(len(names) - 1, 0)
