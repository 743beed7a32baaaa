"""Section on the region of the z-points: pairs of components, ellipses, generated vectors."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from zpoints.pipeline.analyze.shape.ellipses import coverage
from zpoints.pipeline.figures import style
from zpoints.pipeline.figures.pair_scatter import generators, pairs
from zpoints.pipeline.figures.source.drawn_points import drawn_points
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.text import percentage
from zpoints.pipeline.report.tables.samples import DATA, mean_shares

PAIRS = Markup(
    "Pairs of components: {points:,} z-points below the diagonal, {vectors:,} vectors of "
    "<code>{name}</code> on grey z-points above it, both distributions on it. Ellipses: "
    "{level:g} <i>σ</i> confidence ellipses of the covariance of all z-points. Numbers: share of "
    "the coloured points inside. "
)
ALONE = Markup(
    "Pairs of components of {points:,} z-points, and their distributions. Ellipses: {level:g} "
    "<i>σ</i> confidence ellipses of the covariance of all z-points. Numbers: share of the points "
    "inside. "
)
AGAIN = Markup("The same for the dominant components. ")
PAIRS_INSIDE = Markup(
    "On average {data} of the z-points are inside{drawn}; of a normal distribution "
    "{normal:.0%} would be."
)
DRAWN_INSIDE = Markup(", and {share} of the vectors of <code>{name}</code>")
GENERATORS = Markup(
    "Vectors of each generator (coloured) on the z-points (grey), for neighbouring pairs of the "
    "same coordinates. Numbers: share of the generated vectors inside the ellipse; vectors outside "
    "the frame count as outside. Where many components obey the condition of <code>ellipse</code> "
    "in pairs, nearly all stay within 1/√2 of their half-axes, so that each pair fills a rectangle "
    "rather than an ellipse. "
)
GENERATORS_INSIDE = Markup(
    "Of the z-points {data} are inside on average; closest to that is <code>{near}</code> "
    "({near_share}), farthest from it <code>{far}</code> ({far_share})."
)
DRAWN = Markup(
    "The first {number} vectors of <code>{name}</code>, numbered, on the density of {points:,} "
    "z-points in pairs of PCA coordinates (coloured where they are, on a logarithmic scale), with "
    "the {level:g} <i>σ</i> ellipses{images}. {share} of the vectors of this generator are "
    "inside, averaged over the pairs of leading components; of the z-points {data} are."
)


def entries(data: ReportData) -> list[Entry]:
    """Pairs of components with confidence ellipses, z-points and generated vectors."""
    leading = range(min(data.config.leading, data.statistics.sizes["pc"]))
    principal = Coordinates("pca", "principal components", "after PCA", leading, True)
    first = data.dominance.order[: data.config.leading]
    original = Coordinates(
        "original", "dominant components", "of components", first.tolist(), False
    )
    found = [
        entry
        for coordinates in (principal, original)
        for entry in (_pairs(data, coordinates), _generators(data, coordinates))
    ]
    return [*_drawn(data), *found] if data.generated else found[::2]


class Coordinates(NamedTuple):
    """Coordinates in which pairs are drawn."""

    id: str
    title: str
    place: str
    components: Sequence[int]
    principal: bool


def _pairs(data: ReportData, coordinates: Coordinates) -> Entry:
    drawn, level = data.representative, data.config.ellipse_level
    name = drawn.name if drawn else ""
    shares = _shares(data, coordinates)
    inside = PAIRS_INSIDE.format(
        data=percentage(shares.pop(DATA), 1),
        drawn=DRAWN_INSIDE.format(share=percentage(shares[name], 1), name=name)
        if name in shares
        else "",
        normal=coverage(level),
    )
    caption = PAIRS if drawn else ALONE
    return Entry(
        f"pairs-{coordinates.id}",
        f"Pairs {coordinates.place}",
        (caption if coordinates.principal else AGAIN).format(
            points=len(data.z),
            vectors=len(drawn.z) if drawn else 0,
            name=name,
            level=level,
        )
        + inside,
        lambda: pairs(
            data.z,
            coordinates.components,
            principal=coordinates.principal,
            statistics=data.statistics,
            generated=drawn.z if drawn else None,
            name=name,
            generated_color=style.series(data.generated.index(drawn) if drawn else 0),
            level=level,
            points=None,
        ),
        f"Grid of pairs of {coordinates.title}: z-points, confidence ellipses, generated vectors.",
    )


def _generators(data: ReportData, coordinates: Coordinates) -> Entry:
    shares = _shares(data, coordinates)
    stored = shares.pop(DATA)
    known = [name for name in shares if np.isfinite(shares[name] - stored)]
    known.sort(key=lambda name: abs(shares[name] - stored))
    inside = Markup("")
    if known:
        near, far = known[0], known[-1]
        inside = GENERATORS_INSIDE.format(
            data=percentage(stored, 1),
            near=near,
            near_share=percentage(shares[near], 1),
            far=far,
            far_share=percentage(shares[far], 1),
        )
    return Entry(
        f"generators-{coordinates.id}",
        f"Generators {coordinates.place}",
        (GENERATORS if coordinates.principal else AGAIN) + inside,
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
        folded=not coordinates.principal,
    )


def _shares(data: ReportData, coordinates: Coordinates) -> dict[str, float]:
    """Share inside the ellipses, averaged over the pairs, of the data and each generator."""
    return mean_shares(data, coordinates.components, principal=coordinates.principal)


def _drawn(data: ReportData) -> list[Entry]:
    """The first vectors of a generator on many z-points; empty for a single coordinate."""
    config, chosen = data.config, data.representative
    components = range(2 * (min(6, data.statistics.sizes["pc"]) // 2))
    number = 0 if chosen is None else min(config.drawn_points, len(chosen.z))
    if chosen is None or not number or not components:
        return []
    images = chosen.images if number <= len(chosen.images) else None
    shares = mean_shares(data, range(min(config.leading, data.statistics.sizes["pc"])))
    caption = DRAWN.format(
        share=percentage(shares[chosen.name], 1),
        data=percentage(shares[DATA], 1),
        number=number,
        name=chosen.name,
        points=min(config.cloud_points, data.latents.sizes["image"]),
        level=config.ellipse_level,
        images="" if images is None else "; below, the images that they decode to",
    )
    return [
        Entry(
            "drawn-points",
            "Drawn among stored",
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
