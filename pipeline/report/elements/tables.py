"""Tables of the report: what stands in each cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from zpoints.pipeline.report.data import Material
from zpoints.pipeline.report.figures.pairs import share_inside
from zpoints.pipeline.report.inputs import StageTiming


@dataclass(frozen=True)
class Table:
    """Cells of a table; texts are escaped, `Markup` is not.

    Parameters
    ----------
    header
        Head of each column.
    rows
        Rows of cells.
    text_columns
        How many columns, from the left, hold text; the others hold numbers.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1


def dominant_table(material: Material) -> Table:
    """List the dominant components, the most dominant first; what reached a threshold is bold."""
    statistics, config = material.statistics, material.config
    names = ("mu", "hw", "mean", "variance", "minimum", "maximum")
    columns = {name: statistics[name].values for name in names}
    rows = []
    for i in material.dominance.order[: material.dominance.count]:
        mu, hw = columns["mu"][i], columns["hw"][i]
        numbers = (columns["mean"][i], columns["variance"][i] ** 0.5)
        extremes = (columns["minimum"][i], columns["maximum"][i])
        rows.append(
            (
                str(i),
                _bold(number(mu), abs(mu) >= config.dominant_mu),
                _bold(number(hw), hw >= config.dominant_hw),
                *(number(value) for value in (*numbers, *extremes)),
            )
        )
    header = ("component", "μ", "hw", "mean", "standard deviation", "minimum", "maximum")
    return Table(header, tuple(rows))


def samples_table(material: Material) -> Table:
    """List the generators: law, size, radius, share inside the ellipses of the leading pairs."""
    cloud, level = material.principal_cloud(), material.config.ellipse_level
    pairs = list(combinations(range(len(cloud.labels)), 2))

    def row(name: str, generator: str, parameters: Mapping[str, Any], count: int, z: Any) -> Any:
        points, radii = material.principal(z), np.linalg.norm(z, axis=1)
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

    rows = [row("data", "", {}, int(material.statistics["count"].max()), material.z)]
    rows += [
        row(g.name, str(g.attrs.get("generator", "")), g.attrs.get("parameters", {}), g.count, g.z)
        for g in material.generated
    ]
    header = ("samples", "generator", "parameters", "vectors", "radius", "inside ellipses")
    return Table(header, tuple(rows), text_columns=3)


def timings_table(timings: Sequence[StageTiming]) -> Table:
    """List the time that each stage took, and their sum."""
    rows = [
        (
            timing.stage,
            f"{timing.rows:,}",
            duration(timing.seconds),
            rate(timing.rows / timing.seconds) if timing.seconds > 0 else "",
        )
        for timing in timings
    ]
    total = ("total", "", duration(sum(timing.seconds for timing in timings)), "")
    header = ("stage", "rows", "time", "rows per second")
    return Table(header, (*rows, total))


def history_table(versions: Sequence[Any]) -> Table:
    """List the published versions of the store, the newest first."""
    rows = tuple(
        (str(version.id), f"{version.time:%Y-%m-%d %H:%M:%S}", str(version.stage), version.message)
        for version in versions
    )
    return Table(("version", "time", "stage", "message"), rows, text_columns=4)


def number(value: float) -> str:
    """Write a latent coordinate with three decimals and a proper minus sign.

    Examples
    --------
    >>> number(-0.25)
    '−0.250'
    """
    return f"{value:.3f}".replace("-", "−")


def duration(seconds: float) -> str:
    """Write a time in seconds, or in minutes and seconds.

    Examples
    --------
    >>> duration(3.25), duration(192.4)
    ('3.2 s', '3 min 12 s')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def rate(value: float) -> str:
    """Write a rate with at least two digits.

    Examples
    --------
    >>> rate(1153.8), rate(0.0996)
    ('1,154', '0.1')
    """
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def describe(value: Any) -> str:
    """Write a parameter, a list or a mapping of parameters in one line; what is None or False
    is left out.

    Examples
    --------
    >>> describe({"K": 105, "law": "pairwise", "core": False, "kernels": [3, 3]})
    'K = 105, law = pairwise, kernels = 3 3'
    """
    if isinstance(value, Mapping):
        given = {key: item for key, item in value.items() if item is not None and item is not False}
        return ", ".join(f"{key} = {describe(item)}" for key, item in given.items())
    if isinstance(value, (list, tuple)):
        return " ".join(describe(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bold(text: str, emphasised: bool) -> str:
    return Markup("<strong>{}</strong>").format(text) if emphasised else escape(text)
