"""Section on the run: time per stage, versions of the store."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.inputs import StageTiming
from zpoints.pipeline.report.tables.run import history, timings

TIMINGS = Markup("Wall time of the newest run of each stage.")
HISTORY = Markup("Published versions of the store, the newest first; times in UTC.")


def entries(stages: Sequence[StageTiming], versions: Sequence[Any]) -> list[Entry]:
    """The tables of timings and versions."""
    return [
        Entry("timings", "Timings", TIMINGS, lambda: timings(stages)),
        Entry("history", "Versions", HISTORY, lambda: history(versions)),
    ]
