"""Tables of the samples: their generators, and how far inside the region their vectors lie."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zpoints.pipeline.figures.clouds import share_inside
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


def generators(data: ReportData) -> Table:
    """The generators: parameters, number of vectors, radius, share inside the pair ellipses."""
    cloud, level = data.principal_cloud(), data.config.ellipse_level
    pairs = list(combinations(range(len(cloud.labels)), 2))

    def row(name: str, generator: str, parameters: Mapping[str, Any], count: int, z: Any) -> Any:
        points, radii = cloud.axes.project(z), np.linalg.norm(z, axis=1)
        shares = [
            share_inside(points[:, list(pair)], cloud.ellipse(*pair, level)) for pair in pairs
        ]
        return (
            name,
            generator,
            describe(parameters),
            f"{count:,}",
            f"{radii.mean():.2f} ± {radii.std():.2f}" if len(radii) else "",
            f"{np.mean(shares):.1%}" if shares else "",
        )

    rows = [row("data", "", {}, int(data.statistics["count"].max()), data.z)]
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
    header = ("vectors", "number", *(f"within {k:g} hw" for k in MULTIPLES))
    return Table((*header, "Mahalanobis radius", "violated pairs"), tuple(rows))


def _batches(data: ReportData) -> Iterator[tuple[str, Floats]]:
    yield "data", data.z
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
