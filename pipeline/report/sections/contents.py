"""The sections of the page, in order.

To add a figure, write a function in `pipeline/figures` that returns it, list it in the
`__init__.pyi` there, and here as an `Entry` in the file of its section. Its caption has a sentence
on what is drawn and one on what follows from it.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from markupsafe import Markup

from zpoints.pipeline.claims import Claim
from zpoints.pipeline.report.answer import strip
from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Entry, Section
from zpoints.pipeline.report.inputs import StageTiming
from zpoints.pipeline.report.sections import (
    claims,
    distributions,
    generated,
    label_structure,
    quality,
    radii_covariance_pairs,
    region,
    run,
    training,
    traversals,
)
from zpoints.pipeline.report.tables.claims import verdict_lines
from zpoints.pipeline.sample.region import uniform_hits

Items = Sequence[tuple[str, str]]


def contents(
    data: ReportData,
    timings: Sequence[StageTiming],
    history: Sequence[Any],
    settings: Items = (),
) -> list[Section]:
    """List the sections of the page; those without entries are left out.

    The answer comes first, then the claims, then the figures and tables of each claim, which end
    with its verdict, then everything else; what few readers need is folded.

    Parameters
    ----------
    data
        The report's data.
    timings
        Time of each stage, in the order of the stages.
    history
        Published versions of the store, the newest first.
    settings
        Names and values of what distinguishes this run from others.
    """
    hits = uniform_hits(data.statistics, vectors=data.config.uniform_vectors)
    judged = claims.judged(data, hits)
    what = f"All {data.what}" if data.quality else f"Generated {data.what}"
    sections = [
        Section("distributions", "Components", distributions.entries(data)),
        Section("structure", "Pairs", radii_covariance_pairs.pairs(data)),
        Section(
            "spread",
            "Radii and variance",
            [*claims.uniform_entries(data, hits), *radii_covariance_pairs.radii_and_variance(data)],
        ),
        Section("quality", "Generators", quality.entries(data)),
        Section("region", "Region", region.entries(data)),
        Section("attributes", "Labels", label_structure.entries(data)),
        Section("traversals", "Paths", traversals.entries(data)),
        Section("training", "Network", training.entries(data)),
        Section("generated", what, generated.entries(data), folded=bool(data.quality)),
        Section("run", "Run", run.entries(timings, history, settings), folded=True),
    ]
    ids = [entry.id for section in sections for entry in section.entries]
    first = [
        Section("answer", "In short", strip.entries(data)),
        Section("claims", "Claims", claims.entries(data, judged, ids)),
    ]
    found = [replace(s, entries=[_concluded(e, judged) for e in s.entries]) for s in sections]
    return [section for section in (*first, *found) if section.entries]


def _concluded(entry: Entry, judged: Sequence[Claim]) -> Entry:
    """The entry; its caption ends with the verdicts on the claims that it shows."""
    if not (verdicts := verdict_lines(judged, entry.id)):
        return entry
    return replace(entry, caption=Markup("{} {}").format(entry.caption, verdicts))
