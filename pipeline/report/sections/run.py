"""Section on the run: settings, time per stage, versions of the store."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from zpoints.pipeline.report.elements.entry import Entry
from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.inputs import StageTiming
from zpoints.pipeline.report.tables.run import history, timings

SETTINGS = Markup("What distinguishes this run from others.")
TIMINGS = Markup("Wall time of the newest run of each stage.")
HISTORY = Markup("Published versions of the store, the newest first; times in UTC.")


def entries(
    stages: Sequence[StageTiming],
    versions: Sequence[Any],
    settings: Sequence[tuple[str, str]],
) -> list[Entry]:
    """The tables of settings, timings and versions.

    Parameters
    ----------
    stages
        Time of each stage.
    versions
        Published versions of the store, the newest first.
    settings
        Names and values.
    """
    table = Table(("", "value"), tuple(settings), text_columns=2)
    return [
        *([Entry("settings", "Settings", SETTINGS, lambda: table)] if settings else ()),
        Entry("timings", "Timings", TIMINGS, lambda: timings(stages)),
        Entry("history", "Versions", HISTORY, lambda: history(versions)),
    ]
