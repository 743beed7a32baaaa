"""Tables of the run: time per stage, published versions."""

from collections.abc import Sequence
from typing import Any

from zpoints.pipeline.report.elements.table import Table
from zpoints.pipeline.report.elements.text import duration, rate
from zpoints.pipeline.report.inputs import StageTiming


def timings(stages: Sequence[StageTiming]) -> Table:
    """The time of each stage, and the total."""
    rows = [
        (
            timing.stage,
            f"{timing.rows:,}",
            duration(timing.seconds),
            rate(timing.rows / timing.seconds) if timing.seconds > 0 else "",
        )
        for timing in stages
    ]
    total = ("total", "", duration(sum(timing.seconds for timing in stages)), "")
    header = ("stage", "rows", "time", "rows per second")
    return Table(header, (*rows, total))


def history(versions: Sequence[Any]) -> Table:
    """The published versions of the store, the newest first."""
    rows = tuple(
        (str(version.id), f"{version.time:%Y-%m-%d %H:%M:%S}", str(version.stage), version.message)
        for version in versions
    )
    return Table(("version", "time", "stage", "message"), rows, text_columns=4)
