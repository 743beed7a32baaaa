"""The sections of the page, in order.

To add a figure, write a function in `pipeline/figures` that returns it, list it in the
`__init__.pyi` there, and here as an `Entry` in the file of its section.
"""

from collections.abc import Sequence
from typing import Any

from zpoints.pipeline.report.data import ReportData
from zpoints.pipeline.report.elements.entry import Section
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


def contents(
    data: ReportData, timings: Sequence[StageTiming], history: Sequence[Any]
) -> list[Section]:
    """List the sections of the page; those without entries are left out.

    Parameters
    ----------
    data
        The report's data.
    timings
        Time of each stage, in the order of the stages.
    history
        Published versions of the store, the newest first.
    """
    sections = [
        Section("training", "Training", training.entries(data)),
        Section("distributions", "Number distributions", distributions.entries(data)),
        Section(
            "structure", "Structure of the latent vectors", radii_covariance_pairs.entries(data)
        ),
        Section("attributes", "Structure by label", label_structure.entries(data)),
        Section("region", "The region of the z-points", region.entries(data)),
        Section("generated", f"Generated {data.what}", generated.entries(data)),
        Section("traversals", "Traversals and interpolations", traversals.entries(data)),
        Section("quality", "Quality", quality.entries(data)),
        Section("run", "The run", run.entries(timings, history)),
    ]
    shown = [entry.id for section in sections for entry in section.entries]
    first = Section("claims", "The claims", claims.entries(data, shown))
    return [section for section in (first, *sections) if section.entries]
