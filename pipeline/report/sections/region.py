"""The section on the region: pairs of components with z-points, ellipses and generated vectors."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from zpoints.pipeline.analyze.shape.ellipses import coverage
from zpoints.pipeline.report.data import Generated, Material
from zpoints.pipeline.report.elements import style
from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.figures import pairs


def region_entries(m: Material) -> list[Entry]:
    """Pairs of components with confidence ellipses, z-points and generated vectors."""
    shown = _shown_on_grid(m.generated)
    name = m.generated[shown].name if m.generated else ""
    none = np.empty((0, m.statistics.sizes["component"]))
    z = m.generated[shown].z if m.generated else none
    level = m.config.ellipse_level
    reading = Markup(
        "Ellipses: {:g} <i>σ</i> confidence ellipses of the covariance of all z-points. Numbers: "
        "share of the coloured points inside, {:.0%} for a normal distribution. "
    ).format(level, coverage(level))
    halves = Markup(
        "Below the diagonal {:,} z-points, above it {:,} vectors of <code>{}</code> on grey "
        "z-points, on it both distributions."
    ).format(len(m.z), len(z), name)
    rows = Markup(
        "Vectors of each generator (coloured) on the z-points (grey), for neighbouring pairs of "
        "the same coordinates. Numbers: share of the generated vectors inside; what lies outside "
        "the frame counts as outside. Where many components obey the condition of <code>ellipse"
        "</code> in pairs, nearly all stay within 1/√2 of their half-axes: one pair of them then "
        "fills a rectangle rather than an ellipse."
    )
    options: dict[str, Any] = {"level": level, "name": name, "colour": style.series(shown)}
    entries = [
        Entry(
            "pairs-pca",
            "Pairs of principal components",
            reading + halves,
            lambda: pairs.pair_grid(m.principal_cloud(), m.principal(z), **options),
            "Grid of pairs of PCA coordinates: z-points, confidence ellipses, generated points.",
        ),
        Entry(
            "generators-pca",
            "Every generator, in principal components",
            rows,
            lambda: pairs.generator_rows(
                m.principal_cloud(), {g.name: m.principal(g.z) for g in m.generated}, level=level
            ),
            "Points of each generator on z-points and their ellipses in PCA coordinates.",
        ),
        Entry(
            "pairs-original",
            "Pairs of dominant components",
            reading + halves,
            lambda: pairs.pair_grid(m.original_cloud(), m.original(z), **options),
            "Grid of pairs of dominant components: z-points, ellipses, generated points.",
        ),
        Entry(
            "generators-original",
            "Every generator, in dominant components",
            rows,
            lambda: pairs.generator_rows(
                m.original_cloud(), {g.name: m.original(g.z) for g in m.generated}, level=level
            ),
            "Points of each generator on z-points and their ellipses in dominant components.",
        ),
    ]
    return entries if m.generated else entries[::2]


def _shown_on_grid(generated: Sequence[Generated]) -> int:
    """Return which samples go on the grids of pairs: the first of `ellipse`, else the last."""
    names = [str(g.attrs.get("generator", g.name)) for g in generated]
    return names.index("ellipse") if "ellipse" in names else max(len(names) - 1, 0)
