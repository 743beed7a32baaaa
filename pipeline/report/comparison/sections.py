"""Sections of the page: both stores in tables and figures, side by side."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from zpoints.pipeline.claims.verdicts import VERDICTS
from zpoints.pipeline.compare.stores import compare
from zpoints.pipeline.compare.versions import QUALITY
from zpoints.pipeline.evaluate.measure_table import all_measures
from zpoints.pipeline.evaluate.merit import by_merit
from zpoints.pipeline.figures.covariance import variance
from zpoints.pipeline.figures.distributions import spectrum
from zpoints.pipeline.figures.radius_distributions import mahalanobis
from zpoints.pipeline.figures.side_by_side import side_by_side
from zpoints.pipeline.figures.source.fixed_intervals import intervals
from zpoints.pipeline.figures.training_curves import loss
from zpoints.pipeline.report.comparison.faces import generated, reconstructed
from zpoints.pipeline.report.comparison.pair import Pair, Side
from zpoints.pipeline.report.elements.entry import Entry, Section
from zpoints.pipeline.report.elements.table import Table, bold
from zpoints.pipeline.report.tables.quality import quality

DIFFERENCES = Markup(
    "What both stores have of their training, latent vectors and spectra. Difference: B − A. "
    "<code>zp.compare</code> returns these figures, and those of the quality below."
)
LOSS = Markup(
    "Mean loss per image after each epoch, on common axes if both are logarithmic or neither is. "
    "Losses of different kinds or of different images do not compare."
)
SPECTRUM = Markup(
    "Number distributions of all components, a row each, coloured where most vectors are. "
    "Components of two networks have no common meaning: the shapes compare, not the rows."
)
INTERVALS = Markup(
    "The same distributions over fixed intervals of [−12, 12], and those of components uniform in "
    "[−<i>b</i>, <i>b</i>]."
)
VARIANCE = Markup(
    "Cumulative share of the variance of the latent vectors; marks: 50, 90, 95, 99 %."
)
MAHALANOBIS = Markup(
    "Density of the Mahalanobis radius, the core, and the density of chi, which a multivariate "
    "normal distribution would have."
)
CLAIMS = Markup(
    "The claims of the method’s source on the vectors of both. “Does not hold” is a result, not an "
    "error. Bold: the verdicts differ."
)
QUALITY_OF = Markup(
    "Measures of {judged} of {name}, as in its own report, which explains them. ±: standard error."
)
CHANGES = Markup(
    "Measures of the generators of the same name. Difference: B − A. Bold: larger than two of its "
    "standard errors. Values of different numbers or kinds of photographs do not compare."
)


def sections(pair: Pair) -> list[Section]:
    """List the sections of the page; those without entries are left out."""
    table = compare(pair.a.store, pair.b.store)
    found = [
        Section("differences", "Differences", [_differences(table)]),
        Section("training", "Training", [*_training(pair), *reconstructed(pair)]),
        Section("distributions", "Number distributions", _distributions(pair)),
        Section("spectra", "Spectra", _spectra(pair)),
        Section("claims", "The claims", [_claims(pair)]),
        Section("generated", "Generated images", generated(pair)),
        Section("quality", "Quality", _quality(pair, table)),
    ]
    return [section for section in found if section.entries]


def _beside(pair: Pair, draw: Callable[[Side, Any], Any], **options: Any) -> Any:
    """A panel for each store, under its name."""
    panels = {side.name: partial(draw, side) for side in pair.sides}
    return side_by_side(panels, **options)


def _differences(table: pd.DataFrame) -> Entry:
    rows = tuple(
        (f"{row.part}: {row.quantity}".replace("_", " "), *map(_number, (row.a, row.b, row.change)))
        for row in _rows(table)
        if not row.part.startswith(QUALITY)
    )
    return Entry(
        "differences-table",
        "A and B in numbers",
        DIFFERENCES,
        lambda: Table(("", "A", "B", "difference"), rows),
    )


def _training(pair: Pair) -> list[Entry]:
    """Loss curves, where both networks were trained by zpoints."""
    if not all(side.model is not None and "loss" in side.model for side in pair.sides):
        return []
    return [
        Entry(
            "loss",
            "Loss curves",
            LOSS,
            lambda: _beside(pair, lambda side, ax: loss(side.model, ax=ax), height=2.8),
            "Training and validation loss of both networks against the epoch.",
        )
    ]


def _distributions(pair: Pair) -> list[Entry]:
    return [
        Entry(
            "spectrum",
            "All components on a common axis",
            SPECTRUM,
            lambda: _beside(
                pair, lambda side, ax: spectrum(side.statistics, ax=ax), height=3.6, same="x"
            ),
            "Heat maps of the number distributions of both stores.",
        ),
        Entry(
            "intervals",
            "Fixed intervals, beside uniform vectors",
            INTERVALS,
            lambda: _beside(pair, lambda side, ax: intervals(side.statistics, ax=ax), height=3.2),
            "Number distributions of both stores over fixed intervals.",
        ),
    ]


def _spectra(pair: Pair) -> list[Entry]:
    return [
        Entry(
            "variance",
            "Explained variance",
            VARIANCE,
            lambda: _beside(pair, lambda side, ax: variance(side.statistics, ax=ax), height=2.7),
            "Cumulative share of the variance of both stores.",
        ),
        Entry(
            "mahalanobis",
            "Mahalanobis radii",
            MAHALANOBIS,
            lambda: _beside(
                pair,
                lambda side, ax: mahalanobis(side.statistics, ax=ax),
                height=2.9,
                same="",
                pad=18,
            ),
            "Density of the Mahalanobis radius of both stores beside that of chi.",
        ),
    ]


def _claims(pair: Pair) -> Entry:
    def table() -> Table:
        by_number = [{claim.number: claim for claim in side.store.claims} for side in pair.sides]
        rows = []
        for number in sorted(by_number[0] | by_number[1]):
            claims = [judged.get(number) for judged in by_number]
            claim = next(filter(None, claims))
            holds = [found.holds if found else None for found in claims]
            cells = [
                cell
                for found, verdict in zip(claims, holds, strict=True)
                for cell in (found.measured if found else "–", _verdict(verdict))
            ]
            rows.append((bold(f"{number}. {claim.statement}", holds[0] is not holds[1]), *cells))
        return Table(("claim", "A", "verdict", "B", "verdict"), tuple(rows), text_columns=5)

    return Entry("claims-table", "Verdicts", CLAIMS, table)


def _verdict(holds: bool | None) -> Markup:
    kind = {True: "holds", False: "fails", None: "unknown"}[holds]
    return Markup('<span class="{}">{}</span>').format(kind, VERDICTS[holds])


def _quality(pair: Pair, table: pd.DataFrame) -> list[Entry]:
    """The table of each store, and the differences of generators of the same name."""
    found = [_quality_of(side) for side in pair.sides if side.quality]
    if (changes := _changes(table)).rows:
        found.append(Entry("quality-changes", "Differences of quality", CHANGES, lambda: changes))
    return found


def _quality_of(side: Side) -> Entry:
    judged = "vectors" if side.model is None else "images"
    return Entry(
        f"quality-{side.letter.lower()}",
        f"Quality of {side.name}",
        QUALITY_OF.format(name=side.name, judged=judged),
        lambda: quality(side.quality, by_merit(side.quality), judged=judged),
    )


def _changes(table: pd.DataFrame) -> Table:
    """Differences of the measures that the report's table lists."""
    listed = {measure.name: measure.heading for measure in all_measures() if measure.heading}
    rows = tuple(
        (
            row.part.removeprefix(QUALITY),
            listed[row.quantity],
            _number(row.a),
            _number(row.b),
            bold(_with_error(row), abs(row.change) > 2 * row.error),
        )
        for row in _rows(table)
        if row.part.startswith(QUALITY) and row.quantity in listed and np.isfinite(row.change)
    )
    return Table(("generator", "measure", "A", "B", "difference"), rows, text_columns=2)


class _Row(NamedTuple):
    """A row of the table of differences."""

    part: str
    quantity: str
    a: float
    b: float
    change: float
    error: float


def _rows(table: pd.DataFrame) -> Iterator[_Row]:
    for row in table.reset_index().itertuples(index=False):
        yield _Row(*row)


def _with_error(row: _Row) -> str:
    error = f" ± {row.error:.2g}" if np.isfinite(row.error) else ""
    return f"{_number(row.change)}{error}"


def _number(value: float) -> str:
    """A whole number with separators, or four digits."""
    if not np.isfinite(value):
        return "–"
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:.4g}"
    return text.replace("-", "−")
