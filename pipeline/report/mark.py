"""The mark of a report: which version and settings it shows."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from zpoints.pipeline.report.destination import Destination, mark_of
from zpoints.storage.backend.record import Line


class _Mark(BaseModel):
    """The mark of a report, which anybody may have written."""

    model_config = ConfigDict(strict=True)

    fingerprint: str | None = None
    version: Line = ""
    report: dict[str, Any] = {}
    title: Line = ""


def report_mark(destination: Destination) -> dict[str, Any]:
    """Fingerprint, version, settings and title of the last report; empty without one.

    The mark of an unfinished report has no fingerprint, so that the report is written again. A
    damaged one counts as none.
    """
    try:
        mark = _Mark.model_validate_json(mark_of(destination) or b"{}")
    except ValidationError:
        return {}
    return mark.model_dump(exclude_unset=True)
