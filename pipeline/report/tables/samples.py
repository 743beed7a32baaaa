"""Tables of the samples: their generators, and how far inside the region their vectors lie."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.figures.clouds import cloud, share_inside
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.elements.text import describe
from zpoints.pipeline.sample.laws.ellipses.ellipse import Ellipse
from zpoints.pipeline.sample.region import (
    LIMITS,
    MULTIPLES,
    hit_test,
    mahalanobis_radius,
    pair_violations,
)
from zpoints.storage.schema.attributes import nested

Floats = NDArray[np.float64]

DATA = "data"
"""Name of the stored vectors beside those of the samples."""


def mean_shares(
    data: ReportData, components: Sequence[int], *, principal: bool = True
) -> dict[str, float]:
    """Share of vectors inside the confidence ellipses, averaged over all pairs of coordinates.

    Parameters
    ----------
    data
        The report's data.
    components
        Numbers of the components, or of the principal components, from 0.
    principal
        Whether they are principal components.

    Returns
    -------
    dict
        By `DATA` and the names of the samples; NaN where there are no vectors or no pairs.
    """
    shown = cloud(data.z, components, data.statistics, principal=principal)
    pairs = list(combinations(range(len(components)), 2))
    ellipses = {pair: shown.ellipse(*pair, data.config.ellipse_level) for pair in pairs}

    def share(z: Floats) -> float:
        points = shown.axes.project(z)
        found = [share_inside(points[:, list(pair)], of) for pair, of in ellipses.items()]
        return float(np.mean(found)) if found and len(z) else np.nan

    return {DATA: share(data.z), **{g.name: share(g.z) for g in data.generated}}


def generators(data: ReportData) -> Table:
    """The generators: parameters, number of vectors, radius, share inside the pair ellipses."""
    leading = range(min(data.config.leading, data.statistics.sizes["pc"]))
    shares = mean_shares(data, leading)

    def row(name: str, generator: str, parameters: Mapping[str, Any], count: int, z: Any) -> Any:
        radii = np.linalg.norm(z, axis=1)
        return (
            name,
            generator,
            describe(parameters),
            f"{count:,}",
            f"{radii.mean():.2f} ± {radii.std():.2f}" if len(radii) else "",
            f"{shares[name]:.1%}" if np.isfinite(shares[name]) else "",
        )

    rows = [row(DATA, "", {}, int(data.statistics["count"].max()), data.z)]
    rows += [
        row(g.name, str(g.attrs.get("generator", "")), nested(g.attrs, "parameters"), g.count, g.z)
        for g in data.generated
    ]
    header = ("samples", "generator", "parameters", "vectors", "radius", "inside ellipses")
    return Table(header, tuple(rows), text_columns=3)


def inside_region(data: ReportData, ellipse: Ellipse) -> Table:
    """How far inside the region vectors lie: a row for the data, each generator, each uniform law.

    Parameters
    ----------
    data
        The report's data.
    ellipse
        The generator whose pair condition is tested.
    """
    rows = [(name, *_inside(data, z, ellipse)) for name, z in _batches(data) if len(z)]
    header = ("vectors", "number", *(f"≤ {k:g} hw" for k in MULTIPLES))
    return Table((*header, "radius", "violated"), tuple(rows))


def _batches(data: ReportData) -> Iterator[tuple[str, Floats]]:
    yield DATA, data.z
    yield from ((g.name, g.z) for g in data.generated)
    unit = np.random.default_rng(0).uniform(-1, 1, (1000, data.statistics.sizes["component"]))
    yield from ((f"uniform, b = {b:g}", b * unit) for b in LIMITS)


def _inside(data: ReportData, z: Floats, ellipse: Ellipse) -> tuple[str, ...]:
    radius = mahalanobis_radius(z, data.statistics)
    shares = hit_test(z, data.statistics) / len(z)
    violated = pair_violations(
        z,
        data.statistics,
        K=ellipse.kept(data.statistics),
        fact=ellipse.fact * ellipse.temperature,
        core=ellipse.core,
        widths=ellipse.widths,
    )
    return (
        f"{len(z):,}",
        *(f"{share:.1%}" for share in shares),
        f"{radius.mean():.1f} ± {radius.std():.1f}",
        f"{violated.mean():,.1f}",
    )
